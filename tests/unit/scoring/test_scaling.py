import numpy as np
import pytest

from tidegate.scoring.scaling import seasonal_scales


def test_scales_are_the_in_sample_errors_of_the_seasonal_naive_forecast():
    parts = [np.array([1.0, 5.0, 2.0, 9.0]), np.array([0.0, 0.0, 3.0, 4.0])]
    made = seasonal_scales(parts, 2)
    assert made.absolute == pytest.approx([(1 + 4) / 2, (3 + 4) / 2])
    assert made.squared == pytest.approx(np.sqrt([(1 + 16) / 2, (9 + 16) / 2]))


def test_missing_values_are_skipped():
    assert seasonal_scales([np.array([1.0, np.nan, 2.0, 5.0])], 1).absolute == pytest.approx([3.0])


@pytest.mark.parametrize("values", [np.full(30, 0.1), np.zeros(30), np.sin(np.arange(48) * 2 * np.pi / 12) + 100])
def test_a_series_that_repeats_itself_has_scale_0(values):
    made = seasonal_scales([values], 12)
    assert made.absolute == made.squared == 0


def test_a_part_shorter_than_the_season_has_no_scale():
    assert np.isnan(seasonal_scales([np.arange(5.0)], 12).absolute)
    assert np.isnan(seasonal_scales([np.full(30, np.nan)], 12).squared)


def test_no_parts_give_no_scales():
    assert seasonal_scales([], 12).absolute.shape == (0,)
