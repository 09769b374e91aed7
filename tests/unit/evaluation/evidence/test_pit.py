from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.pit import pit
from tidegate.scoring.folds import Folds

QUANTILES = {80: 1.2816, 95: 1.96}


@pytest.fixture
def outcomes(monthly):
    """A backtest that forecasts a standard normal distribution for outcomes given in shape (K, N, F)."""

    def make(actual, levels=(80, 95)):
        n_folds, n_series, horizon = actual.shape
        panel = monthly((30 + n_folds * horizon,) * n_series, seasons=(12,))
        made = backtest(panel, ["naive"], folds=Folds(horizon, n_folds), settings=Settings(levels=levels))
        reach = np.broadcast_to([QUANTILES[level] for level in levels], (*actual.shape, len(levels)))
        result = replace(made.results["naive"], mean=np.zeros(actual.shape), lower=-reach, upper=reach)
        return replace(made, actual=actual, results={**made.results, "naive": result})

    return make


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_outcomes_are_counted_between_the_quantiles(outcomes):
    actual = np.array([-3.0, -1.5, -1.2816, 0.0, 1.0, 1.2816, 1.5, 1.96, 2.0, 5.0]).reshape(1, 1, 10)
    made = pit(outcomes(actual), "naive")
    assert made.edges == pytest.approx([0, 0.025, 0.1, 0.9, 0.975, 1])
    assert made.shares == pytest.approx([0.1, 0.1, 0.4, 0.2, 0.2])
    assert made.nominal == pytest.approx([0.025, 0.075, 0.8, 0.075, 0.025])
    assert made.height == pytest.approx(np.mean([0.0125, 0.0625, *[0.5] * 4, *[0.9375] * 2, *[0.9875] * 2]))
    assert made.n == 10


def test_honest_distributions_are_seldom_called_off(outcomes):
    found = [pit(outcomes(normal((10, 1, 6), seed)), "naive") for seed in range(40)]
    assert np.mean([one.comparison.significant for one in found]) <= 0.1
    assert np.mean([np.min(one.p) < 0.05 for one in found]) <= 0.1
    assert np.mean([one.height for one in found]) == pytest.approx(0.5, abs=0.01)
    assert "No evidence that naive forecasts too low or too high" in str(found[0])


@pytest.mark.parametrize(("shift", "said", "tail"), [(1.0, "too low", "above"), (-1.0, "too high", "below")])
def test_a_distribution_that_lies_too_low_is_said_to(outcomes, shift, said, tail):
    made = pit(outcomes(normal((12, 1, 6)) + shift), "naive")
    assert made.comparison.significant
    assert f"it forecasts {said} (p " in str(made)
    assert f"{tail} the 95 % interval" in str(made) or f"{tail} it" in str(made)
    assert np.sign(made.shares[-1] - made.shares[0]) == np.sign(shift)


def test_a_distribution_that_is_too_narrow_leans_to_no_side(outcomes):
    made = pit(outcomes(2.5 * normal((14, 2, 8))), "naive")
    assert not made.comparison.significant
    assert made.p[0] < 0.05
    assert "No evidence that naive forecasts too low or too high" in str(made)
    assert "but clearly too many fall below the 95 % interval" in str(made)
    assert "too few fall between its 10 and 90 % quantiles" in str(made)


def test_folds_that_share_their_luck_are_few_witnesses(outcomes):
    """One shock an origin, and honest: as if they were 96 single outcomes, most draws would be called off."""
    alike = [np.repeat(normal((8, 1, 1), seed), 12, axis=2) for seed in range(30)]
    assert np.mean([pit(outcomes(one), "naive").comparison.significant for one in alike]) <= 0.1
    assert pit(outcomes(alike[0]), "naive").comparison.n == 8


def test_few_outcomes_in_one_bin_prove_nothing(outcomes):
    made = pit(outcomes(np.full((6, 1, 2), 0.1)), "naive")
    assert (made.p > 0.05).all()
    assert made.comparison.p == 1


def test_a_few_outcomes_all_slightly_high_prove_nothing(outcomes):
    """Equal folds leave no spread to test by: the normal test on single outcomes bounds p."""
    made = pit(outcomes(np.full((3, 1, 1), 1.5)), "naive")
    assert 0.0001 < made.comparison.p < 0.05
    assert pit(outcomes(np.full((12, 1, 6), 1.5)), "naive").comparison.p < 1e-6


def test_one_level_parts_three_bins(outcomes):
    made = pit(outcomes(normal((6, 1, 4)), levels=(80,)), "naive")
    assert made.edges == pytest.approx([0, 0.1, 0.9, 1])
    assert made.shares.sum() == pytest.approx(1)


def test_missing_outcomes_are_in_no_bin(outcomes):
    actual = normal((6, 1, 4))
    actual[2] = np.nan
    made = pit(outcomes(actual), "naive")
    assert made.n == 20
    assert made.shares.sum() == pytest.approx(1)


def test_two_folds_carry_no_test(outcomes):
    assert "no test possible, n = 2 folds" in str(pit(outcomes(normal((2, 1, 4))), "naive"))


def test_shares_are_means_over_runs(outcomes):
    found = outcomes(normal((6, 1, 4)))
    first = found.results["naive"]
    wide = replace(first, lower=100 * first.lower, upper=100 * first.upper)
    both = replace(found, results={"naive": replace(first, others=(wide,))})
    alone = pit(found, "naive").shares
    assert pit(both, "naive").shares == pytest.approx((alone + np.eye(5)[2]) / 2)


def test_points_are_no_distribution(outcomes):
    found = outcomes(normal((4, 1, 3)))
    one = found.results["naive"]
    assert pit(replace(found, results={"naive": replace(one, lower=one.upper)}), "naive") is None
    blank = replace(one, lower=np.full_like(one.lower, np.nan), upper=np.full_like(one.upper, np.nan))
    assert pit(replace(found, results={"naive": blank}), "naive") is None
    assert pit(replace(found, levels=()), "naive") is None
