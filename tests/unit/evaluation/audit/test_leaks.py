from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.evaluation.audit.backtests import Backtest
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.leaks import Change, leaks, spoken
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.panel import Covariates


def looked_at(subject, material, *, noise=0.0):
    return leaks(subject, material, subject.judged(material.panel, material.origins), noise=noise)


@pytest.fixture
def of(material, backtesting, steps):
    """Audit a backtest with a scaler that sees what it should not."""

    def run(scaler, n_series=3):
        return looked_at(Backtest(backtesting(steps["repeated"], scaler=scaler), "mine", 6), material(n_series))

    return run


def test_an_honest_backtest_passes(of):
    found = of(None)
    assert found.finding.outcome == "passed"
    assert found.source is None
    assert found.largest == 0


def test_a_scaler_fitted_on_everything_is_caught_at_its_first_value(of):
    found = of(lambda frame, name: 0.01 * frame.loc[frame["unique_id"] == name, "y"].mean())
    assert found.finding.outcome == "failed"
    assert (found.source.kind, found.source.behind) == ("own values", 1)
    assert found.source.series == found.source.target
    assert found.source.time == "2016-01-01"
    assert "2016-01-01, 1 step after the origin, changes the forecast" in found.finding.statement
    assert "Fit scalers" in found.finding.sentences[1]


def test_a_later_value_is_found_by_halving(of):
    found = of(lambda frame, name: 0.01 * frame.loc[frame["unique_id"] == name, "y"].iloc[76])
    assert (found.source.kind, found.source.behind) == ("own values", 5)


def test_a_rule_that_was_selected_on_everything_is_caught(of):
    """Which of two rules is used goes by how lively the newest year is, which lies after the origin in part."""

    def selected(frame, name):
        changes = frame.loc[frame["unique_id"] == name, "y"].diff().abs()
        return 3.0 if changes.iloc[-12:].mean() > 1.5 * changes.iloc[:24].mean() else 0.0

    found = of(selected)
    assert found.finding.outcome == "failed"
    assert found.source.kind == "own values"


def test_another_series_is_named(of):
    found = of(lambda frame, name: 0.01 * frame.loc[frame["unique_id"] == "s2", "y"].iloc[-1] * (name == "s0"))
    assert (found.source.kind, found.source.series, found.source.target) == ("values of other series", "s2", "s0")
    assert "The value of series 's2'" in found.finding.statement


@pytest.mark.parametrize(
    ("kind", "named"), [("past", "past covariates"), ("known", "known covariates beyond the horizon")]
)
def test_covariates_are_named(material, panel, backtesting, steps, kind, named):
    from tidegate.evaluation.audit.material import prepared

    columns = Covariates(("visits",), np.random.default_rng(1).normal(size=(84, 1)))
    made = prepared(replace(panel(1), **{kind: columns}), 6)
    scaler = lambda frame, name: frame["visits"].iloc[-1]  # noqa: E731
    found = looked_at(Backtest(backtesting(steps["repeated"], scaler=scaler), "mine", 6), made)
    assert found.source.kind == named


def test_a_function_that_remembers_is_caught(material, predicting, steps):
    largest = [0.0]

    def remembering(values, horizon):
        largest[0] = max(largest[0], values.max())
        return np.full(horizon, values[-1] / largest[0])

    found = looked_at(Predict(predicting(remembering), "mine", 6), material(1))
    assert found.finding.outcome == "failed"
    assert found.source.kind == "calls before"
    assert "keeps something between calls" in found.finding.sentences[0]


def test_a_function_that_forgets_passes_and_says_what_that_means(material, predicting, steps):
    found = looked_at(Predict(predicting(steps["seasonal"]), "mine", 6), material(1))
    assert found.finding.outcome == "passed"
    assert "what it learned before the audit cannot show" in found.finding.sentences[0]


def test_our_models_pass_fitted_anew_and_as_they_are(material):
    made = material(2)
    for subject in (
        Model(tidegate.forecaster("ets"), 6),
        Fitted(tidegate.forecaster("linear").fit(made.panel, horizon=6)),
    ):
        assert looked_at(subject, made).finding.outcome == "passed"


def test_chance_leaves_it_unchecked(material, predicting, steps):
    found = looked_at(Predict(predicting(steps["repeated"]), "mine", 6), material(1), noise=0.1)
    assert found.finding.outcome == "unchecked"


def test_nothing_before_the_origin_is_changed(material):
    made = material(2)
    panel = replace(
        made.panel,
        past=Covariates(("a", "b"), np.ones((168, 2)), {"b": ("x", "y")}),
        known=Covariates(("c",), np.ones((168, 1))),
    )
    changed = Change(np.array([80, 82])).of(panel, made.spread, 2)
    differing = np.flatnonzero(changed.values != panel.values)
    assert differing.tolist() == [80, 81, 82, 83, 166, 167]
    assert np.flatnonzero(changed.past.values[:, 0] != 1).tolist() == differing.tolist()
    assert (changed.past.values[:, 1] == 1).all()
    assert np.flatnonzero(changed.known.values[:, 0] != 1).tolist() == [82, 83]


def test_stamps_are_said_as_dates(panel):
    assert spoken(panel(1), 2) == "2010-03-01"
