import numpy as np
import pytest

import tidegate
from tidegate.evaluation.audit.backtests import Backtest
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.evaluation.audit.sameness import sameness
from tidegate.forecasters.naive import MovingAverage


def looked_at(subject, material):
    if isinstance(subject, Model):
        subject.learn(material.panel)
    found = sameness(subject, material, subject.afresh(material.panel))
    return found, {trial.name: trial.outcome for trial in found.trials}


def of(step, material, predicting):
    return looked_at(Predict(predicting(step), "mine", 6), material)


def test_an_honest_function_passes(material, predicting, backtesting, steps):
    made = material(3)
    for subject in (
        Predict(predicting(steps["seasonal"]), "mine", 6),
        Backtest(backtesting(steps["seasonal"]), "mine", 6),
    ):
        found, outcomes = looked_at(subject, made)
        assert found.finding.outcome == "passed"
        assert outcomes.pop("saved, loaded") == "unchecked"
        assert outcomes.pop("batch size") == ("passed" if subject.kind == "predict" else "unchecked")
        assert set(outcomes.values()) == {"passed"}


def test_a_random_one_fails(material, predicting):
    rng = np.random.default_rng(0)
    found, outcomes = of(lambda values, horizon: values[-1] + rng.normal(size=horizon), material(1), predicting)
    assert found.finding.outcome == "failed"
    assert found.finding.statement.startswith("It is random: a second run on the same data departs by up to")
    assert outcomes["alone"] == "unchecked"


def test_what_adds_a_number_minds_the_unit(material, predicting):
    found, outcomes = of(lambda values, horizon: np.full(horizon, values[-1] + 5), material(1), predicting)
    assert outcomes["other unit"] == "warned"
    assert outcomes["other level"] == "passed"
    assert found.finding.statement.startswith("The unit matters")


def test_what_shrinks_minds_the_level(material, predicting):
    _, outcomes = of(lambda values, horizon: np.full(horizon, 0.9 * values[-1]), material(1), predicting)
    assert (outcomes["other unit"], outcomes["other level"]) == ("passed", "warned")


def test_what_learns_from_all_series_minds_company(material, predicting, steps):
    inner = predicting(steps["repeated"])

    def predict(history, horizon):
        return inner(history, horizon).assign(made=lambda rows: rows["made"] + 0.1 * history["y"].mean())

    found, outcomes = looked_at(Predict(predict, "mine", 6), material(3))
    assert outcomes["alone"] == "warned"
    assert any("right if it learns from all series on each call" in trial.statement for trial in found.trials)


def test_what_normalises_over_the_batch_minds_its_size(material, predicting, steps, monkeypatch):
    made, inner = material(3), predicting(steps["repeated"])

    def predict(history, horizon):
        rows = inner(history, horizon)
        return rows.assign(made=rows["made"] + 0.1 * history["unique_id"].nunique())

    found, outcomes = looked_at(Predict(predict, "mine", 6), made)
    assert outcomes["batch size"] == "warned"
    assert any("between the series and 8 copies of them at once the forecast departs" in one.statement for one in found.trials)  # fmt: skip # noqa: E501
    model = Fitted(tidegate.forecaster("naive").fit(made.panel, horizon=6))
    assert looked_at(model, made)[1]["batch size"] == "passed"
    plain = model.model._predict

    def batched(panel, levels):
        mean, intervals = plain(panel, levels)
        return mean + 0.1 * len(panel), intervals

    monkeypatch.setattr(model.model, "_predict", batched)
    found, outcomes = looked_at(model, made)
    assert outcomes["batch size"] == "warned"
    assert any("one at a time and all 3 at once the forecast departs" in one.statement for one in found.trials)
    alone = Fitted(tidegate.forecaster("naive").fit(material(1).panel, horizon=6))
    assert looked_at(alone, material(1))[1]["batch size"] == "unchecked"


def test_what_counts_rows_minds_the_order(material, predicting, steps):
    inner = predicting(steps["repeated"])

    def predict(history, horizon):
        return inner(history, horizon).assign(made=lambda rows: rows["made"] + np.arange(len(rows)))

    assert looked_at(Predict(predict, "mine", 6), material(2))[1]["other order"] == "warned"


def test_our_models_pass(material):
    made = material(2)
    found, outcomes = looked_at(Model(tidegate.forecaster("linear"), 6), made)
    assert found.finding.outcome == "passed"
    assert [name for name, outcome in outcomes.items() if outcome == "unchecked"] == ["other order"]
    _, outcomes = looked_at(Model(tidegate.forecaster("ets"), 6), made)
    assert outcomes["other level"] == "unchecked"
    _, outcomes = looked_at(Fitted(tidegate.forecaster("ets").fit(made.panel, horizon=6)), made)
    assert outcomes["other unit"] == "unchecked"
    assert outcomes["saved, loaded"] == "passed"


class Forgetful(MovingAverage):
    """Its state misses what was learned after rounding."""

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return mean + getattr(self, "learned", 0.0), intervals

    def _fit(self, panel, horizon):
        super()._fit(panel, horizon)
        self.learned = 0.25


def test_what_saving_loses_is_caught(material, monkeypatch):
    monkeypatch.setattr("tidegate.forecasters.naive.Forgetful", Forgetful, raising=False)
    monkeypatch.setattr(Forgetful, "__module__", "tidegate.forecasters.naive")
    found, outcomes = looked_at(Model(Forgetful(), 6), material(1))
    assert outcomes["saved, loaded"] == "failed"
    assert "Saving loses something" in found.finding.statement


@pytest.mark.parametrize("size", [1e-9, 1e-3])
def test_rounding_between_runs_is_no_chance(material, predicting, size):
    calls = []

    def step(values, horizon):
        calls.append(1)
        return np.full(horizon, values[-1] + size * len(calls) * np.std(values))

    assert of(step, material(1), predicting)[1]["second run"] == ("passed" if size < 1e-6 else "failed")
