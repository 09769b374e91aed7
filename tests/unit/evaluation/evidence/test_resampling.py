import numpy as np
import pytest

from tidegate.evaluation.evidence.resampling import FEWEST, resamples


def test_every_draw_holds_as_many_folds_and_series_as_there_are():
    drawn = resamples(6, 40, draws=50)
    assert (drawn.folds.sum(axis=1) == 6).all()
    assert (drawn.series.sum(axis=1) == 40).all()
    assert len(np.unique(drawn.series, axis=0)) == 50


@pytest.mark.parametrize(("n_folds", "n_series"), [(3, 40), (40, 3)])
def test_few_of_one_kind_all_stay_in(n_folds, n_series):
    drawn = resamples(n_folds, n_series, draws=20)
    few, many = (drawn.folds, drawn.series) if n_folds < FEWEST else (drawn.series, drawn.folds)
    assert (few == 1).all()
    assert (many != 1).any()


def test_folds_that_overlap_are_drawn_in_runs_and_count_as_those_apart():
    drawn = resamples(12, 1, run=3, draws=40)
    assert not len(drawn.folds)  # four apart
    many = resamples(15, 1, run=3, draws=40)
    assert (many.folds.sum(axis=1) == 15).all()
    alone = resamples(15, 1, draws=40)
    assert np.abs(np.diff(many.folds, axis=1)).mean() < np.abs(np.diff(alone.folds, axis=1)).mean()


def test_too_few_of_both_have_no_interval():
    found = resamples(4, 4).interval(np.full((1, 4, 4), 6.0), np.full((1, 4, 4), 3.0), np.sqrt)
    assert found.value == pytest.approx(np.sqrt(2))
    assert np.isnan([found.lower, found.upper]).all()


def test_the_interval_of_a_mean_is_that_of_the_textbook():
    """Of one fold the bootstrap of a mean over many series is close to the normal interval."""
    values = np.random.default_rng(0).gamma(2.0, size=(1, 400))
    found = resamples(1, 400, seed=3).interval(values[None], np.ones((1, 1, 400)))
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.lower == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found.upper == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_a_shock_of_one_origin_widens_it():
    """Series that share the luck of their fold are no independent witnesses."""
    rng = np.random.default_rng(1)
    alone = rng.normal(10, 1, size=(8, 200))
    shared = alone + rng.normal(0, 1, size=(8, 1))
    widths = []
    for errors in (alone, shared):
        found = resamples(8, 200).interval(errors[None], np.ones((1, 8, 200)))
        widths.append(found.upper - found.lower)
    assert widths[1] > 3 * widths[0]


def test_pairs_without_errors_count_for_nothing():
    sums, counts = np.full((1, 5, 8), 3.0), np.ones((1, 5, 8))
    sums[..., :4] = counts[..., :4] = 0
    found = resamples(5, 8).interval(sums, counts)
    assert (found.value, found.lower, found.upper) == (3.0, 3.0, 3.0)
    nothing = resamples(5, 8).interval(np.zeros((1, 5, 8)), np.zeros((1, 5, 8)))
    assert np.isnan([nothing.value, nothing.lower, nothing.upper]).all()


def test_the_same_seed_draws_the_same():
    assert np.array_equal(resamples(9, 9, seed=4).folds, resamples(9, 9, seed=4).folds)
    assert not np.array_equal(resamples(9, 9, seed=4).folds, resamples(9, 9, seed=5).folds)


def test_of_several_runs_the_score_is_their_mean():
    sums = np.stack([np.full((6, 6), 4.0), np.full((6, 6), 16.0)])
    found = resamples(6, 6).interval(sums, np.ones((2, 6, 6)), np.sqrt)
    assert (found.value, found.lower, found.upper) == pytest.approx((3.0, 3.0, 3.0))
