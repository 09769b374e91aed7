"""Law 2: changing anything after an origin changes no bit of that origin's forecast."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import backtest
from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive
from tidegate.panel import Covariates, Panel
from tidegate.scoring.folds import Folds

FOLDS = Folds(horizon=6, count=2, stride=6)
FIRST_ORIGIN = 72 - 12


def altered_after(panel: Panel, end: int) -> Panel:
    """The panel with every target and past covariate after the first `end` rows of a series changed."""
    step = np.arange(len(panel.times)) - np.repeat(panel.offsets[:-1], panel.lengths)
    late = step >= end
    values = np.where(late, panel.values * 5 + 1000 * (step % 5), panel.values)
    past = replace(panel.past, values=np.where(late[:, None], -panel.past.values - 7, panel.past.values))
    return replace(panel, values=values, past=past)


def same_bits(build, panel: Panel, *, folds: Folds = FOLDS, fold: int = 0) -> bool:
    """Whether the forecast and intervals of the fold at `FIRST_ORIGIN` are the same bits whatever comes after it."""
    seen = []
    for data in (panel, altered_after(panel, FIRST_ORIGIN)):
        model = build(data)
        result = backtest(data, [model], folds=folds).results[model.name]
        seen.append(np.concatenate([result.mean[fold][..., None], result.lower[fold], result.upper[fold]], axis=-1))
    return bool(np.array_equal(seen[0], seen[1]))


@pytest.fixture
def covariate_panel(panel):
    rng = np.random.default_rng(3)
    known = Covariates(("price",), rng.normal(size=(len(panel.times), 1)))
    past = Covariates(("visits",), rng.normal(size=(len(panel.times), 1)))
    return replace(panel, known=known, past=past)


def test_nothing_after_an_origin_is_seen(model_name, covariate_panel):
    assert same_bits(lambda _: registry.forecaster(model_name), covariate_panel)


def test_nothing_after_an_origin_is_seen_without_refitting(model_name, covariate_panel):
    once = Folds(horizon=6, count=3, stride=6, refit=0)
    assert same_bits(lambda _: registry.forecaster(model_name), covariate_panel, folds=once, fold=1)


@pytest.mark.parametrize("name", ["linear", "random-forest", "gru"])
def test_labels_that_come_up_after_the_origin_are_not_known_before(name, panel):
    """A text covariate whose later rows hold a label that no row before the origin has."""

    def seen(last):
        late = np.tile(np.arange(72) >= FIRST_ORIGIN, 2)
        labels = ("clear", "rain", last)
        codes = np.where(late, float(labels.index(last)), np.tile(np.arange(72) % 2, 2).astype(float))
        past = Covariates(("sky",), codes[:, None], {"sky": labels})
        made = backtest(replace(panel, past=past), [name], folds=FOLDS).results[name]
        return np.concatenate([made.mean[0][..., None], made.lower[0], made.upper[0]], axis=-1)

    assert np.array_equal(seen("hail"), seen("snow"))


def test_the_season_is_chosen_before_the_origin(panel):
    unknown = replace(panel, frequency="1", times=np.tile(np.arange(72), 2), seasons=())
    assert same_bits(lambda _: registry.forecaster("seasonal-naive"), unknown)


class Peeking(Naive):
    """The planted offender: its scale was fitted on all the data."""

    name = "peeking"

    def __init__(self, *, full: Panel) -> None:
        self.full = full

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return mean + 1e-6 * self.full.values.mean(), intervals


def test_a_leaking_scaler_is_caught(covariate_panel):
    assert not same_bits(lambda data: Peeking(full=data), covariate_panel)


@pytest.mark.parametrize("fill", ["interpolate", "keep"])
def test_a_gap_across_an_origin_is_not_interpolated(panel, fill):
    holed = panel.values.copy()
    holed[FIRST_ORIGIN - 2 : FIRST_ORIGIN + 1] = np.nan
    assert same_bits(lambda _: registry.forecaster("naive"), replace(panel, values=holed, fill=fill))


def test_a_gap_across_an_origin_tells_nothing_of_what_follows(gap_reader, gappy_panel, brief):
    holed = gappy_panel.values.copy()
    holed[FIRST_ORIGIN - 2 : FIRST_ORIGIN + 1] = np.nan
    assert same_bits(lambda _: brief(gap_reader), replace(gappy_panel, values=holed))
