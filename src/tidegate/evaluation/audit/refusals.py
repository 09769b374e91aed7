"""Refusals: whether a fitted model refuses data that are wrong, and says where and what repairs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidegate.analysis.wording import listing
from tidegate.errors import DataError
from tidegate.evaluation.audit import frames
from tidegate.evaluation.audit.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.panel import Panel


def refusals(name: str, forecast: Callable[[Any, Any], object], panel: Panel, horizon: int) -> Mark:
    """Return whether damaged copies of a series are refused before a forecast is made of them.

    Parameters
    ----------
    name
        What the mark is called.
    forecast
        Takes a frame of newer data and one of the known future, or None.
    panel
        Data that can be forecast from; its first series is damaged.
    horizon
        Steps ahead.

    Raises
    ------
    DataError
        If the series is refused as it is.
    """
    asked = frames.histories([panel.take([0])], horizon)
    forecast(asked.frame.copy(), asked.future)
    accepted, vague, broken = [], [], []
    for what, damage in DAMAGES.items():
        try:
            forecast(damage(asked.frame), asked.future)
        except DataError as error:
            if not (str(error.place) and error.repair):
                vague.append(what)
        except (ValueError, TypeError, KeyError) as error:
            broken.append(f"{what} ({type(error).__name__}: {error})")
        else:
            accepted.append(what)
    measured = f"{len(DAMAGES) - len(accepted) - len(broken)} of {len(DAMAGES)} refused"
    if broken:
        return Mark(name, "failed", measured, f"Data with {listing(broken)} are not refused: it breaks on them.")
    if accepted:
        return Mark(name, "failed", measured, f"It forecasts from data with {listing(accepted)}, without a word.")
    if vague:
        said = f"Data with {listing(vague)} are refused without their place or without what repairs them."
        return Mark(name, "warned", measured, said)
    said = f"Data with {listing(list(DAMAGES))} are refused, each with its place and what repairs it."
    return Mark(name, "passed", measured, said)


def _infinite(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame["y"].to_numpy(copy=True)
    values[len(values) // 2] = np.inf
    return frame.assign(y=values)


def _doubled(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[-1:].assign(y=lambda last: last["y"] + 1)], ignore_index=True)


def _text(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame["y"].astype(object).to_numpy(copy=True)
    values[len(values) // 2] = "closed"
    return frame.assign(y=values)


def _unstamped(frame: pd.DataFrame) -> pd.DataFrame:
    stamps = frame["ds"].astype(object).to_numpy(copy=True)
    stamps[len(stamps) // 2] = "soon"
    return frame.assign(ds=stamps)


DAMAGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "an infinite value": _infinite,
    "two values at one time": _doubled,
    "text for a number": _text,
    "a stamp that is none": _unstamped,
}
"""What is tried, by name; each returns a damaged copy of a frame with unique_id, ds and y."""
