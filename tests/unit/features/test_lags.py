"""Default lags and the same place in earlier cycles."""

import numpy as np
import pytest

from tidegate.features.lags import RECENT, WITHOUT_SEASON, cycle_shifts, default_lags, year_lag


@pytest.mark.parametrize(
    ("seasons", "longest"), [((12,), 13), ((7,), 8), ((24, 168), RECENT), ((1,), WITHOUT_SEASON), ((), WITHOUT_SEASON)]
)
def test_default_lags_follow_the_season(seasons, longest):
    assert default_lags(seasons) == tuple(range(1, longest + 1))


@pytest.mark.parametrize(
    ("frequency", "steps"), [("D", 364), ("h", 8736), ("W", 52), ("W-SUN", 52), ("MS", 0), ("QS-JAN", 0), ("30min", 0)]
)
def test_a_year_ago_was_the_same_day_of_the_week(frequency, steps):
    """Months and quarters have a year among their seasons; half-hours of a year are too many to look back over."""
    assert year_lag(frequency) == steps
    assert steps % 364 in (0, 52)


@pytest.mark.parametrize("season", [1, 4, 12])
def test_cycle_shifts_are_the_newest_observed_of_the_same_phase(season):
    steps = np.arange(1, 30)
    shifts = cycle_shifts(steps, season, 3)
    assert shifts.max() <= 0
    assert shifts[:, 0].min() > -season
    np.testing.assert_array_equal((steps[:, None] - shifts) % season, 0)
    np.testing.assert_array_equal(np.diff(shifts, axis=1), -season)
