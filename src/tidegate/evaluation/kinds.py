"""Where the intervals around a forecast may come from; imports nothing, so that the command line can name them."""

from __future__ import annotations

from typing import Literal, get_args

IntervalKind = Literal["own", "split", "adaptive"]
"""Of the model itself, from its errors in the backtest (split-conformal), or its own adapted to its misses there."""
INTERVAL_KINDS: tuple[IntervalKind, ...] = get_args(IntervalKind)
