import numpy as np
import pytest

from tidegate.evaluation.significance import ALPHA, compare

RNG = np.random.default_rng(5)


def rejections(make, overlap=0, trials=1500):
    return np.mean([compare(d, np.zeros_like(d), overlap=overlap).p < ALPHA for d in (make() for _ in range(trials))])


def test_one_series_is_judged_by_its_folds_and_a_panel_by_its_series():
    assert (compare(np.ones((5, 1)), RNG.normal(size=(5, 1))).n, compare(*RNG.normal(size=(2, 5, 9))).unit) == (
        5,
        "fold",
    )
    made = compare(*RNG.normal(size=(2, 3, 40)))
    assert (made.n, made.unit) == (40, "series")


def test_series_without_any_pair_are_not_counted():
    first = np.where(np.arange(12) < 3, RNG.normal(size=(5, 12)), np.nan)
    made = compare(first, np.zeros((5, 12)))
    assert (made.n, made.unit) == (5, "fold")


def test_a_difference_that_is_the_same_in_every_fold_is_significant():
    made = compare(np.array([[1.0], [1.1], [0.9], [1.05], [0.95]]), np.zeros((5, 1)))
    assert made.significant
    assert made.difference == pytest.approx(1.0)


def test_a_difference_in_one_fold_of_five_is_not():
    made = compare(np.array([[5.0], [0.0], [0.1], [-0.1], [0.0]]), np.zeros((5, 1)))
    assert made.tested
    assert not made.significant


def test_equal_models_are_called_different_about_one_time_in_twenty():
    assert 0.03 < rejections(lambda: RNG.normal(size=(5, 1))) < 0.075
    assert 0.03 < rejections(lambda: RNG.normal(size=(3, 30))) < 0.075


def test_a_shock_shared_by_the_series_of_a_fold_does_not_fool_it():
    assert rejections(lambda: RNG.normal(size=(5, 1)) + 0.1 * RNG.normal(size=(5, 9))) < 0.075


def test_overlapping_folds_do_not_fool_it_much():
    def smooth():
        return np.convolve(RNG.normal(size=23), np.ones(4), "valid")[:, None]

    assert rejections(smooth, overlap=3) < 0.12
    assert rejections(smooth, overlap=0) > 0.25


@pytest.mark.parametrize(("folds", "overlap", "n"), [(2, 0, 2), (5, 11, 1), (5, 2, 2)])
def test_too_few_folds_give_no_test(folds, overlap, n):
    made = compare(RNG.normal(size=(folds, 1)), RNG.normal(size=(folds, 1)), overlap=overlap)
    assert made.n == n
    assert not made.tested
    assert not made.significant


def test_missing_pairs_are_left_out():
    first = RNG.normal(size=(6, 1))
    second = np.zeros((6, 1))
    holed = first.copy()
    holed[2] = np.nan
    assert compare(holed, second).p == compare(np.delete(first, 2, axis=0), second[:5]).p
    nothing = compare(np.full((5, 1), np.nan), second[:5])
    assert np.isnan(nothing.difference)
    assert nothing.n == 0


def test_exactly_equal_and_exactly_shifted_errors():
    assert compare(np.ones((5, 1)), np.ones((5, 1))).p == 1
    assert compare(np.ones((5, 1)), np.zeros((5, 1))).p == 0
