from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.alternatives import alternatives, rolling
from tidegate.scoring import metrics
from tidegate.scoring.folds import Folds
from tidegate.scoring.rolling import split_widths


@pytest.fixture
def judged_intervals(monthly):
    """A backtest whose model forecasts the truth plus errors, shape (K, N, F), with intervals of a fixed reach."""

    def make(errors, reach=1.28, levels=(80,), **folds):
        n_folds, n_series, horizon = errors.shape
        panel = monthly((30 + n_folds * horizon + folds.get("gap", 0),) * n_series, seasons=(12,))
        chosen = Folds(horizon, n_folds, **folds)
        made = backtest(panel, ["naive"], folds=chosen, settings=Settings(levels=levels))
        mean = made.actual - errors
        bounds = np.repeat(mean[..., None], len(levels), axis=-1)
        result = replace(made.results["naive"], mean=mean, lower=bounds - reach, upper=bounds + reach)
        return replace(made, results={**made.results, "naive": result})

    return make


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_each_kind_is_judged_on_the_same_outcomes(judged_intervals):
    found = judged_intervals(normal((10, 1, 6)))
    (made,) = alternatives(found, "naive")
    assert (made.folds, made.n, list(made.kinds)) == (9, 54, ["own", "split", "adaptive"])
    run = found.results["naive"]
    reach = split_widths(rolling(found, run.mean), (80,))[1:, ..., 0]
    actual, mean, scale = found.actual[1:], run.mean[1:], found.scales.absolute[1:, :, None]
    split = made.kinds["split"]
    assert split.share == pytest.approx(metrics.coverage(actual, mean - reach, mean + reach, None))
    assert split.width == pytest.approx(2 * reach.mean())
    scores = metrics.interval_score(actual, mean - reach, mean + reach, level=80, axis=()) / scale
    assert split.score == pytest.approx(scores.mean())
    own = made.kinds["own"]
    assert own.width == pytest.approx(2 * 1.28)
    assert own.share == pytest.approx(metrics.coverage(actual, run.lower[1:, ..., 0], run.upper[1:, ..., 0], None))


def test_intervals_that_are_far_too_narrow_lose_to_adaptive_ones(judged_intervals):
    (made,) = alternatives(judged_intervals(normal((24, 1, 4)), reach=0.2), "naive")
    assert made.kinds["adaptive"].share == pytest.approx(0.8, abs=0.1)
    assert made.comparison.difference < 0
    assert "by interval score the adaptive ones are better (p" in str(made)
    assert str(made).startswith("On the newest 23 folds, adaptive 80 % intervals around naive would have held ")
    assert "its own 9.8 % at a mean width of 0.4;" in str(made)


def test_good_intervals_beat_adaptive_ones_or_nothing_is_said(judged_intervals):
    found = [alternatives(judged_intervals(normal((20, 1, 4), seed)), "naive")[0] for seed in range(12)]
    assert np.mean([one.comparison.significant and one.comparison.difference < 0 for one in found]) <= 0.1
    assert any("no evidence that the adaptive ones are better or worse than its own" in str(one) for one in found)


def test_worse_ones_are_called_worse(judged_intervals):
    """Own intervals that know of each error's size and always hold: narrower ones miss."""
    errors = normal((60, 1, 4)) * np.exp(normal((60, 1, 4), 1))
    found = judged_intervals(errors)
    run, reach = found.results["naive"], np.abs(errors)[..., None] + 0.01
    sharp = replace(run, lower=run.mean[..., None] - reach, upper=run.mean[..., None] + reach)
    (made,) = alternatives(replace(found, results={"naive": sharp}), "naive")
    assert "by interval score the adaptive ones are worse" in str(made)


@pytest.mark.parametrize(
    ("shape", "folds", "needed"),
    [((3, 1, 6), {}, {80: 4, 95: 7}), ((3, 4, 1), {}, {80: 4, 95: 8}), ((4, 1, 6), {"stride": 1}, {80: 6, 95: 9})],
)
def test_too_few_folds_name_how_many_are_needed(judged_intervals, shape, folds, needed):
    """19 errors for 95 %: of six a fold the first four folds, then three to compare on."""
    made = alternatives(judged_intervals(normal(shape), levels=(80, 95), **folds), "naive")
    assert {one.level: one.needed for one in made} == needed
    assert all((one.folds, one.kinds, one.comparison) == (0, {}, None) for one in made)
    assert str(made[0]).endswith(f"cannot be compared with those of naive: {needed[80]} folds are needed.")


def test_so_many_folds_are_enough(judged_intervals):
    made = alternatives(judged_intervals(normal((6, 1, 6)), levels=(80, 95)), "naive")
    assert [one.folds for one in made] == [5, 0]
    made = alternatives(judged_intervals(normal((7, 1, 6)), levels=(80, 95)), "naive")
    assert [one.folds for one in made] == [6, 3]


def test_a_series_without_a_scale_is_left_out(judged_intervals, monthly):
    found = judged_intervals(normal((10, 2, 4)))
    flat = found.scales._replace(absolute=np.tile([1.0, 0.0], (10, 1)))
    object.__setattr__(found, "scales", flat)
    (made,) = alternatives(found, "naive")
    assert made.n == 9 * 4


def test_points_have_no_alternatives(judged_intervals):
    assert alternatives(judged_intervals(normal((10, 1, 4)), reach=0.0), "naive") == ()


def test_figures_are_means_over_runs(judged_intervals):
    found = judged_intervals(normal((10, 1, 4)))
    first = found.results["naive"]
    wide = replace(first, lower=first.lower - 1, upper=first.upper + 1)
    both = replace(found, results={"naive": replace(first, others=(wide,))})
    assert alternatives(both, "naive")[0].kinds["own"].width == pytest.approx(2 * 1.28 + 1)
