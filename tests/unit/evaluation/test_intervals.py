from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import SettingError
from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.intervals import check, remade
from tidegate.evaluation.study import study
from tidegate.scoring.conformal import half_widths
from tidegate.scoring.folds import Folds


@pytest.fixture
def judged(monthly):
    """A study of N series with intervals of a kind."""

    def make(kind, n_series=1, *, folds=None, levels=(80, 95), **options):
        settings = Settings(levels=levels, intervals=kind)
        panel = monthly((120,) * n_series, noise=2.0, seasons=(12,))
        return panel, study(
            panel, horizon=6, models=["drift"], folds=folds or Folds(6, 8), settings=settings, **options
        )

    return make


def reach(found):
    """Half the width of each interval, shape (N, F, Q); the forecast must lie in the middle."""
    mean, bounds = found.forecast.mean[..., None], found.forecast.intervals
    assert bounds.upper - mean == pytest.approx(mean - bounds.lower)
    return bounds.upper - mean


def test_split_bounds_are_those_of_all_errors_of_the_backtest(judged):
    panel, found = judged("split", 2)
    made = found.backtest
    errors = np.abs(made.actual - made.results[found.verdict.recommended].mean) / made.scales.absolute[..., None]
    values = panel.values.reshape(2, -1)
    scale = np.abs(values[:, 12:] - values[:, :-12]).mean(axis=1)
    assert reach(found) == pytest.approx(half_widths(errors, [80, 95]) * scale[:, None, None])
    assert found.forecast.intervals.levels == (80, 95)
    assert found.intervals == (
        "The intervals of the forecast are split-conformal, from 96 errors of seasonal-naive at 8 past origins; "
        "a saved model gives its own."
    )


def test_a_series_shorter_than_a_season_has_split_intervals_too(monthly):
    """It was not judged; its unit is that of its changes from step to step."""
    panel = monthly((120, 120, 8), noise=2.0, seasons=(12,))
    found = study(panel, horizon=6, models=["drift"], folds=Folds(6, 8), settings=Settings(intervals="split"))
    own = np.abs(np.diff(panel.series(2))).mean()
    made = found.backtest
    errors = np.abs(made.actual - made.results[found.verdict.recommended].mean) / made.scales.absolute[..., None]
    assert reach(found)[2] == pytest.approx(half_widths(errors, [80, 95]) * own)


def test_the_forecast_itself_is_the_same_and_the_frame_holds_the_new_bounds(judged):
    own, adaptive = judged("own")[1], judged("adaptive")[1]
    assert np.array_equal(own.forecast.mean, adaptive.forecast.mean)
    assert own.intervals == ""
    name = adaptive.verdict.recommended
    assert adaptive.intervals == (
        f"The intervals of the forecast are adaptive: those of {name}, at levels that follow 48 outcomes at 8 past "
        "origins; a saved model gives its own."
    )
    upper = adaptive.frame[f"{adaptive.verdict.recommended}-hi-95"].to_numpy()
    assert np.array_equal(upper, adaptive.forecast.intervals.upper[0, :, 1])
    assert not np.array_equal(own.forecast.intervals.upper, adaptive.forecast.intervals.upper)


def test_adaptive_bounds_are_the_models_own_until_they_miss(judged):
    """The newest errors are made large beside the intervals of the backtest."""
    panel, found = judged("own", folds=Folds(6, 14))
    made, name = found.backtest, found.verdict.recommended
    own = found.forecast.intervals.upper - found.forecast.mean[..., None]
    past = made.results[name]
    half = (past.upper - past.lower)[..., 0] / 2
    wide = []
    for share in (0.5, 3.0):
        outcomes = past.mean + half * np.random.default_rng(0).normal(size=half.shape) / 1.2816
        outcomes[-5:] = past.mean[-5:] + share * half[-5:]
        ahead = remade(found.forecast, panel, replace(made, actual=outcomes), model=name, kind="adaptive")[0]
        wide.append((ahead.intervals.upper - ahead.mean[..., None]) / own)
    assert (wide[1] > 1.2).all()
    assert (wide[0] < 1.2).all()
    assert wide[0][0] == pytest.approx(np.broadcast_to(wide[0][0, 0], (6, 2)))


def test_a_model_without_intervals_has_split_ones_that_adapt(judged):
    panel, found = judged("own", folds=Folds(6, 14))
    bare = replace(found.forecast, intervals=None)
    name = found.verdict.recommended
    ahead, _ = remade(bare, panel, found.backtest, model=name, kind="adaptive")
    split, _ = remade(bare, panel, found.backtest, model=name, kind="split")
    ratio = (ahead.intervals.upper - ahead.mean[..., None]) / (split.intervals.upper - split.mean[..., None])
    assert (ratio > 0).all()
    assert ratio != pytest.approx(1.0)


@pytest.mark.parametrize("stride", [1, 4])
def test_the_newest_outcomes_count_though_origins_lie_close(judged, stride):
    """At the end of the series the last step of the newest fold is known, however many origins fit in between."""
    panel, found = judged("adaptive", folds=Folds(6, 20, stride=stride))
    made, name = found.backtest, found.verdict.recommended
    actual = made.actual.copy()
    actual[-1, 0, -1] += 1e6
    later = remade(found.forecast, panel, replace(made, actual=actual), model=name, kind="adaptive")[0]
    assert not np.array_equal(later.intervals.upper[0, -1], found.forecast.intervals.upper[0, -1])


def test_series_that_were_not_judged_keep_the_models_own(judged):
    _, found = judged("adaptive", 4, judged=3)
    _, own = judged("own", 4, judged=3)
    new = ~np.isin(found.forecast.ids, found.backtest.panel.ids)
    assert new.sum() == 1
    assert np.array_equal(reach(found)[new], reach(own)[new])
    assert not np.array_equal(reach(found)[~new], reach(own)[~new])
    name = found.verdict.recommended
    assert found.intervals.endswith(f"Those of 1 series that were not judged are as {name} gives them.")


def test_too_few_errors_are_said(judged):
    _, found = judged("split", folds=Folds(6, 2))
    assert "Only 12 past errors are known, too few for the 95 % interval" in found.intervals


def test_a_constant_series_has_intervals_of_no_width(monthly):
    panel = monthly((60,))
    flat = replace(panel, values=np.full(60, 5.0))
    for kind in ("split", "adaptive"):
        found = study(flat, horizon=3, models=["naive"], settings=Settings(intervals=kind))
        assert (found.forecast.intervals.upper == 5).all()


@pytest.mark.parametrize("kind", ["split", "adaptive"])
def test_what_the_backtest_has_no_errors_for_is_refused_before_any_work(judged, kind):
    with pytest.raises(SettingError, match=r"a gap of 2 skips the first steps .* has\. Set the gap to 0"):
        judged(kind, folds=Folds(6, 3, gap=2))
    with pytest.raises(SettingError, match=r"no level is asked for\. Give levels, such as 80 and 95"):
        judged(kind, levels=())
    check("own", Folds(6, 3, gap=2), ())
