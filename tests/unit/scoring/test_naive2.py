import numpy as np
import pytest

from tidegate.scoring.naive2 import is_seasonal, naive2

RNG = np.random.default_rng(3)
PATTERN = np.array([0.7, 0.9, 1.1, 1.3])


def test_a_seasonal_series_is_continued_with_its_season():
    values = np.tile(PATTERN, 15) * np.linspace(50, 80, 60) * np.exp(RNG.normal(0, 0.01, 60))
    made = naive2(values, 4, 6)
    level = values[-1] / PATTERN[3]
    assert made == pytest.approx(level * PATTERN[[0, 1, 2, 3, 0, 1]], rel=0.05)


def test_noise_is_continued_flat():
    values = RNG.normal(100, 1, 60)
    assert (naive2(values, 12, 3) == values[-1]).all()


@pytest.mark.parametrize(
    ("values", "season"),
    [
        (np.tile(PATTERN, 15), 1),
        (np.tile(PATTERN, 15)[:11], 4),
        (np.full(40, 7.0), 4),
    ],
)
def test_no_season_without_three_cycles_that_vary(values, season):
    assert not is_seasonal(values, season)
    assert (naive2(values, season, 2) == values[-1]).all()


def test_a_series_that_reaches_0_is_not_adjusted():
    values = np.tile(PATTERN, 15) - 0.7
    assert is_seasonal(values, 4)
    assert (naive2(values, 4, 3) == values[-1]).all()


def test_missing_values_are_interpolated():
    values = np.tile(PATTERN, 15)
    holed = values.copy()
    holed[[10, 59]] = np.nan
    assert np.isfinite(naive2(holed, 4, 4)).all()
    assert naive2(values, 4, 4) == pytest.approx(PATTERN)


def test_nothing_known_gives_no_forecast():
    assert np.isnan(naive2(np.full(30, np.nan), 12, 3)).tolist() == [True, True, True]
