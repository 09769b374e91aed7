"""The learning rate over a run."""

from __future__ import annotations

import math


def rate(update: int, n_updates: int, warmup_fraction: float) -> float:
    """Return the factor of the learning rate, in (0, 1], for update 0 to ``n_updates - 1``.

    It rises in a straight line over the warm-up, then falls along half a cosine to nearly 0. Source: Loshchilov &
    Hutter (2017), SGDR, equation 5 with one cycle; linear warm-up: Goyal et al. (2017), section 2.2.

    >>> [round(rate(k, 10, 0.2), 3) for k in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.038]
    """
    warmup = int(n_updates * warmup_fraction)
    if update < warmup:
        return (update + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (update - warmup) / (n_updates - warmup)))
