"""Where calibration looks, in what unit it measures, and that its intervals cover."""

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.forecasters import calibration
from tidegate.forecasters.naive import MovingAverage
from tidegate.panel import Panel


def panel(*series, season=1):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n:03d}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate([np.asarray(values, dtype=float) for values in series]),
        frequency="1",
        seasons=(season,),
    )


def test_origins_are_the_newest_whose_horizon_is_observed():
    ends, long_enough = calibration.origins(panel(np.arange(200.0)), 5, 2)
    assert ends[-1].tolist() == [195]
    assert np.diff(ends[:, 0]).tolist() == [1] * (len(ends) - 1)
    assert len(ends) == 40
    assert long_enough.all()


def test_many_series_share_the_work():
    ends, _ = calibration.origins(panel(*[np.arange(100.0)] * 30), 5, 2)
    assert ends.shape == (2, 30)


def test_series_too_short_are_left_out():
    ends, long_enough = calibration.origins(panel(np.arange(200.0), np.arange(9.0)), 5, 2)
    assert long_enough.tolist() == [True, False]
    assert ends[0, 0] > 2


def test_no_room_is_refused_with_what_is_needed():
    with pytest.raises(DataError, match=r"series 's000': 6 observations leave none.*7 are needed.*ask for no levels"):
        calibration.origins(panel(np.arange(6.0)), 5, 2)


def test_scale_is_the_mean_seasonal_change():
    assert calibration.scales(panel([0.0, 1.0, 4.0, 3.0], season=2)).tolist() == [3.0]


def test_scale_falls_back_to_one_step_and_never_to_zero():
    scales = calibration.scales(panel([1.0, 2.0, 1.0, 2.0], [5.0] * 4, season=2))
    assert scales.tolist() == [1.0, 1e-9]


def test_scores_are_absolute_errors_in_units_of_the_scale():
    errors = np.array([[[-3.0, np.nan], [1.0, 2.0]]])
    made = calibration.scores(panel([0.0, 2.0, 0.0], [0.0, 0.5, 1.0]), errors)
    np.testing.assert_array_equal(made, [[[1.5, np.nan], [2.0, 4.0]]])


def test_without_any_error_there_is_no_interval():
    with pytest.raises(DataError, match=r"series 's000': all of the newest 3 values are missing.*ask for no levels"):
        calibration.scores(panel([0.0, 2.0, 0.0]), np.full((2, 1, 2), np.nan))


def test_intervals_are_in_the_unit_of_each_series():
    scores = np.linspace(0.1, 4.0, 40).reshape(40, 1, 1)
    made = calibration.around(np.zeros((2, 1)), np.array([1.0, 10.0]), scores, (80,))
    np.testing.assert_allclose(made.upper[:, 0, 0], [3.3, 33.0])
    np.testing.assert_allclose(made.lower, -made.upper)


def test_calibrated_intervals_cover_new_noise():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(60, 120))
    model = MovingAverage(window=8).fit(panel(*rows[:, :100]), horizon=20)
    made = model.forecast(levels=[80]).intervals
    inside = (rows[:, 100:] >= made.lower[..., 0]) & (rows[:, 100:] <= made.upper[..., 0])
    assert 0.74 < inside.mean() < 0.86


def test_a_series_that_never_changes_says_nothing_of_the_others():
    mixed = panel([5.0] * 8, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    errors = np.array([[[1e-16, 1e-16], [2.0, 1.0]]])
    found = calibration.scores(mixed, errors)
    assert np.isnan(found[0, 0]).all()
    assert found[0, 1].tolist() == [2.0, 1.0]
    assert np.isfinite(calibration.scores(panel([5.0] * 8), errors[:, :1])).all()
