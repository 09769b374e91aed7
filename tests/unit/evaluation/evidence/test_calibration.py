from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.calibration import against_nominal, calibrations
from tidegate.scoring.folds import Folds


@pytest.fixture
def held(monthly):
    """A backtest whose interval of each level holds an outcome where inside, of shape (K, N, F), says so."""

    def make(*inside, levels=(80,)):
        n_folds, n_series, horizon = inside[0].shape
        panel = monthly((30 + n_folds * horizon,) * n_series, seasons=(12,))
        settings = Settings(levels=levels)
        made = backtest(panel, ["naive"], folds=Folds(horizon, n_folds), settings=settings)
        lower = made.actual[..., None] + np.where(np.stack(inside, axis=-1), -1.0, 1.0)
        result = replace(made.results["naive"], mean=made.actual, lower=lower, upper=lower + 2)
        return replace(made, results={**made.results, "naive": result})

    return make


def drawn(share, shape, seed=0):
    return np.random.default_rng(seed).random(shape) < share


def test_shares_are_counted_over_all_by_step_and_by_series(held):
    inside = drawn(0.7, (6, 3, 4))
    (made,) = calibrations(held(inside), "naive")
    assert (made.level, made.n) == (80, 72)
    assert made.share == pytest.approx(inside.mean())
    assert made.by_step == pytest.approx(inside.mean(axis=(0, 1)))
    assert made.by_series == pytest.approx(inside.mean(axis=(0, 2)))
    assert made.width == pytest.approx(2.0)
    assert made.comparison.difference == pytest.approx(inside.mean() - 0.8)


@pytest.mark.parametrize(("share", "said"), [(0.3, "narrower than they say"), (1.0, "wider than they say")])
def test_intervals_that_are_clearly_off_are_said_to_be(held, share, said):
    (made,) = calibrations(held(drawn(share, (12, 1, 6))), "naive")
    assert made.comparison.significant
    assert said in str(made)


def test_honest_intervals_are_seldom_called_off(held):
    found = [calibrations(held(drawn(0.8, (8, 1, 6), seed)), "naive")[0].comparison.significant for seed in range(40)]
    assert np.mean(found) <= 0.1


def test_a_few_outcomes_that_all_lie_inside_prove_nothing(held):
    """Honest intervals of 95 % hold all of 18 outcomes in 40 % of the cases, though every fold is the same."""
    (made,) = calibrations(held(np.ones((6, 1, 3), dtype=bool), levels=(95,)), "naive")
    assert made.comparison.p == 1.0
    assert "held 100 % of 18 outcomes: no evidence that they are too wide or too narrow" in str(made)


def test_folds_that_share_their_luck_are_few_witnesses(held):
    inside = np.repeat(drawn(0.6, (8, 1, 1), seed=3), 12, axis=2)
    (made,) = calibrations(held(inside), "naive")
    assert made.comparison.n == 8
    assert not made.comparison.significant


def test_every_level_has_its_line(held):
    found = calibrations(held(drawn(0.8, (6, 1, 4)), drawn(0.95, (6, 1, 4)), levels=(80, 95)), "naive")
    assert [one.level for one in found] == [80, 95]


def test_two_folds_carry_no_test(held):
    (made,) = calibrations(held(drawn(0.8, (2, 1, 4))), "naive")
    assert "(no test possible, n = 2 folds)" in str(made)


def test_points_are_no_intervals(held):
    found = held(drawn(0.8, (4, 1, 3)))
    result = found.results["naive"]
    point = replace(result, lower=result.mean[..., None], upper=result.mean[..., None])
    assert calibrations(replace(found, results={"naive": point}), "naive") == ()


def test_a_model_without_intervals_has_none(held):
    found = held(drawn(0.8, (4, 1, 3)))
    result = found.results["naive"]
    blank = replace(result, lower=np.full_like(result.lower, np.nan), upper=np.full_like(result.upper, np.nan))
    assert calibrations(replace(found, results={"naive": blank}), "naive") == ()


def test_each_series_is_tested_by_itself_and_their_number_is_allowed_for(held):
    """Three of four series hold 80 % of their outcomes, the last 30 %."""
    inside = np.concatenate([drawn(0.8, (12, 3, 6)), drawn(0.3, (12, 1, 6))], axis=1)
    (made,) = calibrations(held(inside), "naive")
    assert made.p_by_series.shape == (4,)
    assert made.p_by_series[3] < 0.01
    assert (made.p_by_series[:3] > 0.05).all()
    alone = against_nominal(inside[:, 3:].astype(float), 0.8, 0).p
    assert made.p_by_series[3] == pytest.approx(4 * alone)


def test_two_folds_test_no_series(held):
    (made,) = calibrations(held(drawn(0.8, (2, 3, 4))), "naive")
    assert np.isnan(made.p_by_series).all()


def test_nothing_judged_tests_nothing():
    found = against_nominal(np.full((4, 1, 3), np.nan), 0.8, 0)
    assert not found.tested
