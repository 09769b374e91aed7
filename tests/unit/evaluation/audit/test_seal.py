from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from tidegate.errors import ModelError, NotFittedError
from tidegate.evaluation.audit import seal as sealing
from tidegate.evaluation.audit.mark import Mark, unmade
from tidegate.evaluation.audit.seal import Seal, seal
from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.study import compare, study
from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive
from tidegate.forecasters.recurrent import GRU
from tidegate.scoring.folds import Folds
from tidegate.training.settings import Training

COMMAND = "tidegate audit naive DATA --horizon 4"
FOLDS = Folds(4, count=2)


def studied(data, name="naive"):
    """A study that recommends the model called `name`, fitted on everything."""
    made = study(data, horizon=4, models=[name], folds=FOLDS, settings=Settings(levels=()))
    model = clone(made.backtest.results[name].model).fit(data, horizon=4)
    return replace(made, verdict=replace(made.verdict, recommended=name), model=model)


def marks(found):
    return {mark.name: mark for mark in found.marks}


@pytest.fixture(scope="module")
def fits():
    """Count the fits of a model."""

    def count(model, monkeypatch):
        made = []
        plain = type(model)._fit

        def counted(self, panel, horizon):
            made.append(len(panel))
            plain(self, panel, horizon)

        monkeypatch.setattr(type(model), "_fit", counted)
        return made

    return count


def test_each_mark_has_its_figure(panel):
    found = seal(studied(panel(2)), panel(2), command=COMMAND)
    assert found.statement == "naive passes all 10 checks."
    assert {name: mark.measured for name, mark in marks(found).items()} == {
        "Sees the newest values": "1 per unit",
        "Sees nothing after the origin": "0 of 512 bits changed",
        "Forecasts twice the same": "departs by 0",
        "Saved and loaded the same": "departs by 0",
        "Refuses bad input": "4 of 4 refused",
        "Learns twice the same": "departs by 0",
        "In another unit the same": "departs by 0",
        "At another level the same": marks(found)["At another level the same"].measured,
        "Scored on every point": "16 of 16 points",
        "Compared with seasonal naive": marks(found)["Compared with seasonal naive"].measured,
    }
    assert marks(found)["Learns twice the same"].statement == "A second fit forecasts the same."
    assert "Step 1 answers least: by 1 for each unit" in marks(found)["Sees the newest values"].statement


def test_only_what_a_model_is_declared_to_follow_is_tried(panel):
    found = seal(studied(panel(), "theta"), panel(), command=COMMAND)
    assert "At another level the same" not in marks(found)
    assert marks(found)["In another unit the same"].outcome == "passed"


def test_what_needs_a_long_fit_is_not_checked_and_the_command_that_does_is_named(panel, monkeypatch, fits):
    made = studied(panel(), "random-forest")
    counted = fits(made.model, monkeypatch)
    found = seal(made, panel(), command=COMMAND)
    assert counted == []
    assert [mark.name for mark in found.marks if mark.outcome == "unchecked"] == [
        "Learns twice the same", "In another unit the same", "At another level the same"
    ]  # fmt: skip
    assert found.statement == f"random-forest passes all 7 checks. 3 checks could not be made here: see {COMMAND}."
    assert "concerns forecasting alone" in marks(found)["Sees nothing after the origin"].statement


def test_a_cheap_model_is_fitted_a_fixed_few_times_on_a_few_series(panel, monkeypatch, fits):
    data = panel(9)
    made = studied(data)
    counted = fits(made.model, monkeypatch)
    seal(made, data, command=COMMAND)
    assert max(counted) == sealing.MOST_SERIES
    assert len(counted) == 6


def test_nothing_is_fitted_once_the_budget_is_spent(panel, monkeypatch, fits):
    made = studied(panel())
    counted = fits(made.model, monkeypatch)
    found = seal(made, panel(), command=COMMAND, spent=True)
    assert counted == []
    assert marks(found)["Learns twice the same"].statement == "Not checked: the budget was spent."
    assert marks(found)["Sees the newest values"].outcome == "passed"


def test_the_same_seed_makes_the_same_seal(panel):
    data = panel(9)
    made = studied(data)
    first, second = (seal(made, data, command=COMMAND, seed=3) for _ in range(2))
    assert first == second
    assert first.to_dict()["marks"][0]["outcome"] == "passed"


def test_a_series_too_short_to_be_checked_says_so_and_its_points_count(panel):
    data = panel(length=28)
    found = seal(studied(data), data, command=COMMAND)
    assert marks(found)["Sees the newest values"].statement.startswith("Not checked: ")
    assert "28 observations; an audit 4 steps ahead with a season of 12 needs 29" in found.marks[0].statement
    assert marks(found)["Scored on every point"].outcome == "passed"
    assert found.statement.startswith("naive passes all 2 checks. 8 checks could not be made here")


def test_a_large_model_is_not_saved_again(panel, monkeypatch):
    monkeypatch.setattr(sealing, "MOST_SAVED", 50)
    found = marks(seal(studied(panel()), panel(), command=COMMAND))["Saved and loaded the same"]
    assert found.statement == "Not checked: the model holds 84 observations, more than 50."


def test_a_comparison_has_nothing_to_seal(panel):
    made = compare(panel(), horizon=4, models=["naive"], folds=FOLDS)
    with pytest.raises(NotFittedError, match="compared models and fitted none"):
        seal(made, panel(), command=COMMAND)


class Stale(Naive):
    """Decodes its steps from values before the newest."""

    name = "stale"

    def _predict(self, panel, levels):
        return panel.values[panel.offsets[1:, None] - self.horizon_ + np.arange(self.horizon_)], None


class Peeking(Naive):
    """Adds what it read after the origin."""

    name = "peeking"

    def _predict_at(self, panel, origins, levels):
        newest = panel.values[panel.offsets[origins.series] + origins.ends - 1]
        return np.repeat((newest + 1e-9 * panel.values.sum())[:, None], self.horizon_, axis=1), None


class Random(Naive):
    """Draws without a seed."""

    name = "random"
    generator = np.random.default_rng(0)

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return mean + self.generator.normal(size=mean.shape), intervals


@pytest.mark.parametrize(
    ("offender", "name", "said"),
    [
        (Stale, "Sees the newest values", "does not see the newest 3 values"),
        (Peeking, "Sees nothing after the origin", "changes the forecast of series"),
        (Random, "Forecasts twice the same", "It is random"),
    ],
)
def test_offenders_are_caught(panel, offender, name, said):
    made = studied(panel())
    caught = replace(made, model=offender().fit(panel(), horizon=4))
    found = seal(caught, panel(), command=COMMAND)
    mark = marks(found)[name]
    assert mark.outcome == "failed"
    assert said in mark.statement
    assert found.outcome == "failed"
    assert f"{offender.name} fails " in found.statement
    if offender is Peeking:
        assert not mark.measured.startswith("0 of")
    if offender is Random:
        assert marks(found)["Sees nothing after the origin"].outcome == "unchecked"


def test_the_mark_of_the_baseline_says_how_the_model_stands_to_it(panel):
    made = studied(panel())
    rungs = {rung.model: rung.score for rung in made.verdict.rungs}
    mark = marks(seal(made, panel(), command=COMMAND))["Compared with seasonal naive"]
    share = 100 * (rungs["naive"] / rungs["seasonal-naive"] - 1)
    assert float(mark.measured.split(" %")[0]) == pytest.approx(abs(share), rel=0.05)
    assert (" above" if share > 0 else " below") in mark.measured
    assert mark.statement == made.verdict.headline
    own = replace(made, verdict=replace(made.verdict, recommended="seasonal-naive"))
    mark = marks(seal(own, panel(), command=COMMAND))["Compared with seasonal naive"]
    assert mark.statement == "It is seasonal-naive itself: no other of 2 models earns its cost."
    left = tuple(rung for rung in made.verdict.rungs if rung.model == "naive")
    without = replace(made, verdict=replace(made.verdict, rungs=left))
    mark = marks(seal(without, panel(), command=COMMAND))["Compared with seasonal naive"]
    assert (mark.outcome, mark.measured) == ("failed", "not judged")


def test_of_a_network_the_equations_are_checked_and_twice_the_same_is_asked_once(panel, monkeypatch):
    made = studied(panel())
    model = GRU(hidden_size=4, n_members=1, training=Training(n_updates=5)).fit(panel(), horizon=4)
    asked = []
    plain = sealing.repeated
    monkeypatch.setattr(sealing, "repeated", lambda *given: asked.append(1) or plain(*given))
    found = marks(seal(replace(made, model=model), panel(), command=COMMAND))
    assert found["Computes its published equations"].outcome == "passed"
    assert found["Forecasts twice the same"].outcome == found["Sees nothing after the origin"].outcome == "passed"
    assert len(asked) == 1


def test_points_that_were_never_scored_fail(panel):
    made = studied(panel())
    mean = made.backtest.results["naive"].mean.copy()
    mean[0, 0, -1] = np.nan
    results = made.backtest.results | {"naive": replace(made.backtest.results["naive"], mean=mean)}
    holed = replace(made, backtest=replace(made.backtest, results=results))
    mark = marks(seal(holed, panel(), command=COMMAND))["Scored on every point"]
    assert (mark.outcome, mark.measured) == ("failed", "7 of 8 points")


def test_the_statement_names_the_gravest(panel):
    passed, warned = Mark("a", "passed", "0", "Fine."), Mark("b", "warned", "2", "The unit matters.")
    assert Seal("m", (passed, warned), COMMAND).statement == "m draws a warning in 1 of 2 checks: The unit matters."
    assert Seal("m", (Mark("a", "unchecked", "", "Not checked."),), COMMAND).statement == (
        f"m could not be checked. 1 check could not be made here: see {COMMAND}."
    )


def test_the_cost_classes_that_are_fitted_again_are_fixed():
    again = {entry.name for entry in registry.entries() if sealing._cheap(entry.traits)}
    assert {"naive", "ets", "theta", "linear"} <= again
    assert not {"arima", "sarima", "random-forest", "xgboost", "gru", "auto", "ensemble"} & again


def test_layers_that_cannot_be_compared_leave_one_check_unmade(panel, monkeypatch):
    def refused(name, model, *, seed):
        raise ModelError("no layers here")

    monkeypatch.setattr(sealing, "exact", refused)
    (mark,) = sealing._exact("Exact", Naive().fit(panel(), horizon=4), 0)
    assert (mark.outcome, mark.statement) == ("unchecked", unmade("Exact", "no layers here").statement)
