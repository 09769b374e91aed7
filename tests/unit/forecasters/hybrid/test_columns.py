import numpy as np
import pytest
import torch

from tidegate.features.windows import Origins
from tidegate.forecasters.hybrid.columns import Source, first_seasons


def source_of(*series, seasons=()):
    values = np.concatenate(series).astype(float)
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in series])])
    n = len(series)
    return Source(
        values,
        offsets,
        first_seasons(values, offsets, seasons),
        numbers=np.arange(1, n + 1),
        aligned=np.arange(n) % 2 == 0,
        features=np.arange(2.0 * n).reshape(n, 2),
        ids=np.array([f"s{k}" for k in range(n)], dtype=object),
    )


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_columns_begin_together_and_end_in_nothing(rng):
    short, long = rng.normal(size=3), rng.normal(size=5)
    made = source_of(short, long, seasons=(2,)).columns(np.array([1, 0]))
    np.testing.assert_allclose(made.values[:, 0], long, rtol=1e-6)
    np.testing.assert_allclose(made.values[:3, 1], short, rtol=1e-6)
    assert made.values[3:, 1].isnan().all()
    assert made.numbers.tolist() == [2, 1]
    assert made.aligned.tolist() == [False, True]
    assert made.features.tolist() == [[2, 3], [0, 1]]
    assert made.firsts[0].shape == (2, 2)
    assert made.values.dtype == torch.float32


def test_columns_of_short_series_alone_are_short(rng):
    assert source_of(rng.normal(size=3), rng.normal(size=50)).columns(np.array([0])).values.shape == (3, 1)


def test_a_season_on_a_trend_is_found_from_two_cycles(rng):
    season = rng.normal(size=4)
    season -= season.mean()
    later = rng.normal(size=9)
    w = np.concatenate([np.tile(season, 2) + 0.3 * np.arange(8), later])
    (found,) = first_seasons(w, np.array([0, len(w)]), (4,))
    np.testing.assert_allclose(found[0], season, atol=1e-12)


def test_the_longer_season_is_what_the_shorter_one_leaves(rng):
    short, long = rng.normal(size=2), rng.normal(size=6)
    w = np.tile(short - short.mean(), 6) + np.tile(long - long.mean(), 2)
    first, second = first_seasons(w, np.array([0, 12]), (2, 6))
    np.testing.assert_allclose(np.tile(first[0], 3) + second[0], w[:6], atol=1e-12)


def test_one_cycle_is_enough_and_less_is_none(rng):
    season = rng.normal(size=4)
    w = np.concatenate([season, season[:2], season[:3]])
    found = first_seasons(w, np.array([0, 6, 9]), (4,))[0]
    np.testing.assert_allclose(found[0], season - season.mean(), atol=1e-12)
    assert not found[1].any()


def test_cycles_with_gaps_are_left_out(rng):
    season = rng.normal(size=4)
    w = np.tile(season, 2)
    w[1] = np.nan
    np.testing.assert_allclose(first_seasons(w, np.array([0, 8]), (4,))[0][0], season - season.mean(), atol=1e-12)


def test_a_series_is_still_until_it_changes():
    source = source_of([np.nan, 2, np.nan, 2, 3, 2], [np.nan, np.nan], [5, 5])
    still, value = source.still(Origins(np.array([0, 0, 0, 0, 1, 2]), np.array([1, 4, 5, 6, 2, 2])))
    assert still.tolist() == [True, True, False, False, True, True]
    assert value[still].tolist() == [0, 2, 0, 5]


def test_rows_beyond_the_end_are_missing():
    made = source_of([1, 2], [3, 4]).rows(np.array([0, 1]), np.array([[0, 2], [1, 2]]))
    np.testing.assert_array_equal(made, [[1, np.nan], [4, np.nan]])
