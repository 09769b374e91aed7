import numpy as np
import pytest

from tidegate.evaluation.significance import ALPHA, NO_LUCK, Luck, compare, luck_of

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


def test_the_luck_of_seeds_makes_a_difference_less_sure():
    errors = RNG.normal(1.0, 0.3, size=(12, 1))
    other = errors + RNG.normal(0.2, 0.1, size=(12, 1))
    lucks = [(NO_LUCK, NO_LUCK), (Luck(0.001, 4), NO_LUCK), (Luck(0.001, 4), Luck(0.01, 4)), (Luck(0.001, 1), NO_LUCK)]
    alone, one, both, unsure = (compare(errors, other, luck=luck).p for luck in lucks)
    assert alone < one < both
    assert one < unsure


def test_luck_by_hand():
    """Welch and Satterthwaite: v / m + l with (v / m + l)^2 / ((v / m)^2 / (m - 1) + l^2 / f) degrees of freedom."""
    from scipy.stats import t

    d = RNG.normal(0.5, 1.0, size=8)
    between, luck = d.var(ddof=1) / 8, Luck(0.04, 4)
    freedom = min(7, (between + 0.04) ** 2 / (between**2 / 7 + 0.04**2 / 4))
    wanted = 2 * t.sf(abs(d.mean()) / np.sqrt(between + 0.04), freedom)
    assert compare(d[:, None], np.zeros((8, 1)), luck=(luck, NO_LUCK)).p == pytest.approx(wanted, rel=1e-9)


def test_luck_is_the_variance_of_the_mean_over_runs():
    assert luck_of(np.array([1.0, 2.0, 3.0])) == pytest.approx((1 / 3, 2))


def test_equal_blocks_with_luck_are_tested_by_the_luck_alone():
    p = compare(np.full((5, 1), 1.1), np.ones((5, 1)), luck=(Luck(0.01, 4), NO_LUCK)).p
    assert 0.2 < p < 0.6


def test_models_that_differ_by_their_seeds_alone_are_seldom_told_apart():
    """A seed moves all folds of a model: without its luck, lucky seeds look like better models."""
    rng = np.random.default_rng(5)
    plain, honest = [], []
    for _ in range(300):
        runs = rng.normal(0, 0.3, size=(2, 3))
        noise = rng.normal(0, 0.1, size=(2, 10, 1))
        first, second = (1 + runs[k].mean() + noise[k] for k in range(2))
        plain.append(compare(first, second).significant)
        honest.append(compare(first, second, luck=(luck_of(runs[0]), luck_of(runs[1]))).significant)
    assert np.mean(plain) > 0.4
    assert np.mean(honest) < 0.1
