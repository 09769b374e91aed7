"""Which past values to read: recent lags, and the same place in earlier cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

RECENT = 24
"""Most recent lags taken by default."""

WITHOUT_SEASON = 8
"""Recent lags taken by default where there is no season."""


def default_lags(seasons: Sequence[int]) -> tuple[int, ...]:
    """Return the lags to read when none are given: one more than the main season's length, at most `RECENT`.

    Without a season `WITHOUT_SEASON`. Lag 1 is the newest observation. Earlier cycles come in by `cycle_shifts`.

    Parameters
    ----------
    seasons
        As in `Panel.seasons`: (1,) for none.

    Examples
    --------
    >>> len(default_lags((12,))), len(default_lags((24, 168))), len(default_lags((1,)))
    (13, 24, 8)
    """
    main = seasons[0] if seasons else 1
    return tuple(range(1, (min(main + 1, RECENT) if main > 1 else WITHOUT_SEASON) + 1))


def cycle_shifts(steps: Integers, season: int, cycles: int) -> Integers:
    """Return where the place of each step stood in the newest observed cycles.

    For step k and a season of m: k - m ceil(k / m), then one more m earlier per cycle; never positive.

    Parameters
    ----------
    steps
        Shape (F,), from 1.
    season
        m, at least 1.
    cycles
        How many cycles back, C.

    Returns
    -------
    ndarray of shape (F, C)

    Examples
    --------
    >>> import numpy as np
    >>> cycle_shifts(np.array([1, 12, 13]), 12, 2)
    array([[-11, -23],
           [  0, -12],
           [-11, -23]])
    """
    newest = steps - season * -(-steps // season)
    return np.asarray(newest[:, None] - season * np.arange(cycles))


_YEARS = {"h": 24 * 364, "D": 364, "W": 52}


def year_lag(frequency: str) -> int:
    """Return how many steps ago the same day of the week and the same season of the year was, 0 where none is known.

    Parameters
    ----------
    frequency
        As in `Panel.frequency`: "D" or "7D", "h" or "30min", "W-SUN".

    Examples
    --------
    >>> year_lag("D"), year_lag("h"), year_lag("MS")
    (364, 8736, 0)
    """
    return _YEARS.get(frequency.partition("-")[0], 0)
