import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from tidegate.forecasters.network.told import (
    PLACES,
    middle,
    narrowing,
    places_of,
    shrinkage,
    shrunk,
    together,
    values_at,
)
from tidegate.nn.heads import QUANTILES

N_QUANTILES = len(QUANTILES)
LEAST_GAP = 0.01
gaps = arrays(float, (3, 2, N_QUANTILES), elements=st.floats(LEAST_GAP, 10))
starts = arrays(float, (3, 2, 1), elements=st.floats(-100, 100))
tables_strategy = st.builds(lambda start, gap: start + gap.cumsum(axis=-1), starts, gaps)


@given(tables_strategy, arrays(float, (2, 4), elements=st.floats(-4, 4)))
def test_places_and_values_undo_each_other(tables, places):
    values = values_at(tables, places)
    for level in range(4):
        found = places_of(tables, values[..., level])
        np.testing.assert_allclose(found, np.broadcast_to(places[:, level], found.shape), atol=0.02)


@given(tables_strategy, arrays(float, (3, 2), elements=st.floats(-1, 2)))
def test_values_and_places_undo_each_other(tables, shares):
    values = tables[..., 0] + shares * (tables[..., -1] - tables[..., 0])
    places = places_of(tables, values)
    made = values_at(tables, places[..., None])[..., 0]
    measured = np.abs(places) < 30
    np.testing.assert_allclose(made[measured], values[measured], atol=1e-3)
    assert measured[(shares > -0.01) & (shares < 1.01)].all()


@given(tables_strategy, arrays(float, 6, elements=st.floats(-5, 5)))
def test_a_higher_probability_is_a_higher_value(tables, places):
    values = values_at(tables, np.sort(places)[None])
    assert (np.diff(values, axis=-1) >= -1e-9).all()


def test_the_table_itself_lies_at_its_own_probabilities():
    tables = np.random.default_rng(0).normal(size=(4, 3, N_QUANTILES)).cumsum(axis=-1) ** 3
    tables.sort(axis=-1)
    np.testing.assert_allclose(values_at(tables, PLACES[None]), tables)
    for q, place in enumerate(PLACES):
        np.testing.assert_allclose(places_of(tables, tables[..., q]), place)


def test_a_normal_table_is_exact_everywhere():
    mean, spread = 3.0, 2.0
    table = np.array(mean + spread * norm.ppf(QUANTILES))[None, None]
    chances = np.array([1e-4, 0.05, 0.5, 0.6, 0.999])
    np.testing.assert_allclose(values_at(table, norm.ppf(chances)[None])[0, 0], norm.ppf(chances, mean, spread))
    np.testing.assert_allclose(places_of(table, np.array([[6.5]])), (6.5 - mean) / spread)


def test_missing_values_have_no_place():
    tables = np.sort(np.random.default_rng(0).normal(size=(2, 2, N_QUANTILES)), axis=-1)
    values = np.array([[np.nan, 0.3], [0.1, np.nan]])
    np.testing.assert_array_equal(np.isnan(places_of(tables, values)), np.isnan(values))


def test_a_value_that_many_quantiles_share_lies_at_the_innermost():
    """Of counts most quantiles may be 0: then 0 is nothing unusual."""
    table = np.array([[[0.0, 0, 0, 0, 1, 2, 5]]])
    assert places_of(table, np.array([[0.0]])) == 0
    assert places_of(table, np.array([[5.0]])) == pytest.approx(PLACES[-1])
    upper = np.array([[[0.0, 2, 4, 4, 4, 9, 9]]])
    assert places_of(upper, np.array([[4.0]])) == 0
    assert places_of(upper, np.array([[9.0]])) == pytest.approx(PLACES[-2])
    assert places_of(np.array([[[0.0, 0, 1, 2, 3, 4, 5]]]), np.array([[0.0]])) == pytest.approx(PLACES[1])


def test_rounding_to_32_bits_does_not_part_what_is_shared():
    counts, unit = np.array([0.0, 1, 3, 3, 3, 4, 7]), 1.7
    table = (counts.astype(np.float32) / np.float32(unit)).astype(float)[None, None]
    assert places_of(table, np.array([[np.float32(3 / unit)]], dtype=float)) == 0


def test_beyond_a_flat_end_a_table_goes_on_as_on_its_whole_side():
    table = np.array([[[-1.0, 0, 0, 0, 1, 2, 2]]])
    above = values_at(table, np.array([[2 * PLACES[-1]]]))
    assert above == pytest.approx(4)
    assert places_of(table, above[..., 0]) == pytest.approx(2 * PLACES[-1])
    assert values_at(np.array([[[0.0, 0, 0, 0, 0, 0, 4]]]), np.array([[-2 * PLACES[-1]]])) == pytest.approx(-2)


def test_what_lies_beyond_all_measure_lies_at_30():
    table = np.arange(7.0)[None, None]
    assert places_of(table, np.array([[1e12]])) == 30
    assert places_of(table, np.array([[-1e12]])) == -30
    np.testing.assert_array_equal(values_at(table, np.array([[99.0]])), values_at(table, np.array([[30.0]])))


def test_a_table_without_any_spread_is_read_without_a_complaint():
    table = np.full((1, 1, N_QUANTILES), 2.0)
    assert places_of(table, np.array([[2.0]])) == 0
    assert places_of(table, np.array([[3.0]])) == 30
    assert places_of(table, np.array([[1.0]])) == -30
    np.testing.assert_array_equal(values_at(table, np.array([[-3.0, 0.0, 3.0]])), 2)


def test_members_go_together_by_their_median_and_stay_in_order():
    rng = np.random.default_rng(0)
    tables = [np.sort(rng.normal(size=(5, 4, N_QUANTILES)), axis=-1) for _ in range(4)]
    made = together(tables)
    assert (np.diff(made, axis=-1) >= 0).all()
    np.testing.assert_array_equal(made[1, 2, 3], np.median([table[1, 2, 3] for table in tables]))
    np.testing.assert_array_equal(middle(made), made[..., QUANTILES.index(0.5)])


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
def test_shrinking_moves_the_middle_and_keeps_the_spread(factor):
    rng = np.random.default_rng(0)
    tables, base = np.sort(rng.normal(size=(5, 4, N_QUANTILES)), axis=-1), rng.normal(size=(5, 4))
    made = shrunk(tables, base, factor)
    np.testing.assert_allclose(middle(made), base + factor * (middle(tables) - base))
    np.testing.assert_allclose(np.diff(made, axis=-1), np.diff(tables, axis=-1))


def test_shrinkage_is_the_best_factor():
    rng = np.random.default_rng(0)
    made = rng.normal(size=(50, 4))
    wanted = 0.4 * made + 0.1 * rng.normal(size=(50, 4))
    factor = shrinkage(made, wanted)
    losses = [((wanted - f * made) ** 2).sum() for f in (factor - 0.01, factor, factor + 0.01)]
    assert losses[1] == min(losses)
    assert factor == pytest.approx(0.4, abs=0.05)
    assert shrinkage(made, 3 * made) == 1
    assert shrinkage(made, -made) == 0
    assert shrinkage(0 * made, wanted) == 1


def test_missing_values_do_not_count_in_the_shrinkage():
    rng = np.random.default_rng(0)
    made = rng.normal(size=(50, 4))
    wanted = 0.4 * made
    wanted[::3] = np.nan
    assert shrinkage(made, wanted) == pytest.approx(0.4)
    assert shrinkage(made, np.full_like(made, np.nan)) == 1


def test_narrowing_is_the_usual_ratio_of_the_widths():
    rng = np.random.default_rng(0)
    before = np.sort(rng.normal(size=(5, 4, N_QUANTILES)), axis=-1)
    middles = middle(before)[..., None]
    assert narrowing(before, middles + 0.8 * (before - middles)) == pytest.approx(1.25)
    assert narrowing(before, before + 7) == pytest.approx(1)
    spoilt = before.copy()
    spoilt[0] = 1e9 * spoilt[0]
    assert narrowing(before, spoilt) == pytest.approx(1)


def test_tables_without_spread_narrow_nothing():
    flat = np.zeros((5, 4, N_QUANTILES))
    assert narrowing(flat, flat) == 1
    assert narrowing(flat + np.arange(N_QUANTILES), flat) == 1
