"""The rules that need no fitting, against figures worked out by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from tidegate.errors import DataError, SettingError
from tidegate.forecasters.naive import Drift, HistoricMean, MovingAverage, Naive, SeasonalNaive
from tidegate.panel import Panel


def panel(*series, season=4):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate([np.asarray(values, dtype=float) for values in series]),
        frequency="1",
        seasons=(season,),
    )


SERIES = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0]


def test_naive_repeats_the_last_value():
    assert Naive().fit(panel(SERIES), horizon=3).forecast().mean.tolist() == [[5.0] * 3]


def test_naive_intervals_grow_with_the_root_of_the_step():
    made = Naive().fit(panel(SERIES), horizon=4).forecast(levels=[80, 95]).intervals
    spread = np.sqrt(np.mean(np.diff(SERIES) ** 2))
    expected = norm.ppf([0.9, 0.975]) * spread * np.sqrt(np.arange(1, 5))[:, None]
    np.testing.assert_allclose(made.upper[0] - 5, expected)
    np.testing.assert_allclose(5 - made.lower[0], expected)


def test_seasonal_naive_repeats_the_last_season():
    made = SeasonalNaive().fit(panel(SERIES), horizon=6).forecast(levels=[90])
    assert made.mean.tolist() == [[9.0, 2.0, 6.0, 5.0, 9.0, 2.0]]
    widths = made.intervals.upper[0, :, 0] - made.mean[0]
    np.testing.assert_allclose(widths[4:] / widths[:2], np.sqrt(2))
    changes = np.array(SERIES[4:]) - SERIES[:-4]
    assert widths[0] == pytest.approx(norm.ppf(0.95) * np.sqrt(np.mean(changes**2)))


@pytest.mark.parametrize("season", [1, 40])
def test_seasonal_naive_without_a_full_season_is_naive(season):
    assert SeasonalNaive().fit(panel(SERIES, season=season), horizon=2).forecast().mean.tolist() == [[5.0, 5.0]]


def test_drift_continues_the_line_from_the_first_to_the_last_value():
    made = Drift().fit(panel(SERIES), horizon=2).forecast(levels=[80])
    np.testing.assert_allclose(made.mean, [[5.25, 5.5]])
    changes = np.diff(SERIES)
    growth = np.sqrt(2 * (1 + 2 / 8))
    expected = norm.ppf(0.9) * np.sqrt(np.mean((changes - changes.mean()) ** 2)) * growth
    assert made.intervals.upper[0, 1, 0] - 5.5 == pytest.approx(expected)


def test_historic_mean():
    made = HistoricMean().fit(panel(SERIES, SERIES[::-1]), horizon=2).forecast(levels=[80])
    np.testing.assert_allclose(made.mean, 4.0)
    expected = norm.ppf(0.9) * np.std(SERIES) * np.sqrt(1 + 1 / 9)
    np.testing.assert_allclose(made.intervals.upper - 4.0, expected)


def test_moving_average_takes_the_mean_of_its_window():
    assert MovingAverage(window=3).fit(panel(SERIES), horizon=2).forecast().mean.tolist() == [[13 / 3] * 2]


def test_moving_average_chooses_short_windows_for_walks_and_long_ones_for_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=200)
    model = MovingAverage().fit(panel(np.cumsum(noise), noise), horizon=1)
    assert model.windows_[0] == 2
    assert model.windows_[1] >= 12
    assert model.n_parameters == 2


def test_moving_average_refuses_an_empty_window():
    with pytest.raises(SettingError, match="window is 0; it must be at least 1"):
        MovingAverage(window=0).fit(panel(SERIES), horizon=1)


def test_new_values_are_read_without_refitting():
    model = MovingAverage(window=2).fit(panel(SERIES), horizon=1)
    assert model.forecast(panel([*SERIES, 11.0])).mean.tolist() == [[8.0]]


@pytest.mark.parametrize("model", [Naive(), SeasonalNaive(), Drift(), HistoricMean(), MovingAverage()])
def test_a_constant_series_is_continued_without_width(model):
    made = model.fit(panel([7.0] * 12), horizon=3).forecast(levels=[80])
    np.testing.assert_allclose(made.mean, 7.0)
    np.testing.assert_allclose(made.intervals.upper, 7.0, rtol=1e-7)


@pytest.mark.parametrize("model", [Naive(), Drift(), MovingAverage()])
def test_one_observation_is_refused(model):
    with pytest.raises(DataError, match=r"series 's0': 1 observation; .* needs at least 2"):
        model.fit(panel([1.0]), horizon=1)
