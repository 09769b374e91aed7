from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.study import study
from tidegate.forecasters.ensemble import Ensemble
from tidegate.forecasters.recurrent import GRU, RNN
from tidegate.insight.glimpse import best_recurrent, glimpse
from tidegate.scoring.folds import Folds
from tidegate.training.settings import Training


def monthly():
    rng = np.random.default_rng(1)
    t = np.arange(84)
    values = 100 + t + 15 * np.sin(np.pi * t / 6) + rng.normal(0, 4, 84)
    return pd.DataFrame({"unique_id": "sales", "ds": pd.date_range("2010-01-01", periods=84, freq="MS"), "y": values})


@pytest.fixture(scope="module")
def small():
    """A study of two small networks beside simple models."""
    training = Training(n_updates=20)
    networks = [kind(hidden_size=4, n_members=2, training=training) for kind in (RNN, GRU)]
    settings = Settings(levels=())
    return study(monthly(), horizon=4, models=["drift", *networks], folds=Folds(4, count=2), settings=settings)


def recommending(made, name):
    fitted = made.backtest.results[name].model
    model = type(fitted)(**fitted.get_params(deep=False)).fit(made.backtest.panel, horizon=4)
    return replace(made, verdict=replace(made.verdict, recommended=name), model=model)


def test_the_recurrent_model_with_the_lowest_error_is_found(small):
    scores = small.backtest.scores().set_index("model")["MASE"]
    assert best_recurrent(small.backtest, "MASE") == scores[["rnn", "gru"]].idxmin()


def test_another_than_the_recommended_one_is_trained_once_as_one_network(small, monkeypatch):
    fits = []
    plain = GRU._fit

    def counted(self, panel, horizon):
        fits.append(self.n_members)
        plain(self, panel, horizon)

    for kind in (RNN, GRU):
        monkeypatch.setattr(kind, "_fit", counted)
    name = best_recurrent(small.backtest, "MASE")
    made = recommending(small, "drift")
    seen = glimpse(made)
    assert fits == [1]
    assert seen.insight.scene.name == name
    assert seen.insight.scene.member == (1, 1)
    assert seen.about.startswith(f"{name} has the lowest error of the recurrent models; the forecast comes from drift.")
    assert seen.sentences()[0] == seen.insight.sentences()[0]
    assert seen.to_dict()["network"]["model"] == name
    again = glimpse(made).insight
    np.testing.assert_array_equal(seen.insight.layers[0].hidden, again.layers[0].hidden)


def test_the_recommended_one_is_looked_into_as_it_is(small, monkeypatch):
    name = best_recurrent(small.backtest, "MASE")
    made = recommending(small, name)
    monkeypatch.setattr(type(made.model), "_fit", None)
    seen = glimpse(made, left=0.0)
    assert seen.insight.scene.member == (1, 2)
    assert f"{name} is the recommended model and was looked into as it was fitted" in seen.about


def test_the_network_that_the_recommended_one_holds_is_looked_into_as_it_is(small):
    panel = small.backtest.panel
    member = GRU(hidden_size=4, n_members=1, training=Training(n_updates=20))
    model = Ensemble(members=["drift", member]).fit(panel, horizon=4)
    made = replace(small, verdict=replace(small.verdict, recommended="ensemble"), model=model)
    seen = glimpse(made, left=0.0)
    assert seen.model == seen.insight.scene.name == "gru in ensemble"
    assert seen.about == (
        "ensemble is the recommended model. gru is the recurrent model that counts most in its forecast, and was "
        "looked into as it was fitted."
    )


def test_a_spent_budget_leaves_it_out_aloud(small):
    seen = glimpse(recommending(small, "drift"), left=-1.0)
    assert seen.insight is None
    assert "the budget was spent before it could be trained" in seen.about
    assert seen.to_dict() == {"model": seen.model, "sentences": [seen.about], "network": None}


def test_without_a_recurrent_model_there_is_a_sentence(small):
    kept = {name: result for name, result in small.backtest.results.items() if name not in ("rnn", "gru")}
    none = replace(small.backtest, results=kept)
    seen = glimpse(recommending(replace(small, backtest=none), "drift"))
    assert (seen.model, seen.insight) == ("", None)
    assert seen.about == "No recurrent network was among the models, so there are no gates or gradients to show."
    failed = replace(none, failures={"lstm": "the loss stopped being finite"})
    about = glimpse(recommending(replace(small, backtest=failed), "drift")).about
    assert about.endswith("No recurrent network could be judged, so there are no gates or gradients to show. lstm: the loss stopped being finite")  # fmt: skip # noqa: E501


def test_one_that_cannot_be_looked_into_says_why(small):
    name = best_recurrent(small.backtest, "MASE")
    made = recommending(small, name)
    panel = made.model.history_
    made.model.history_ = panel.before(panel.lengths * 0 + 20, 4)
    seen = glimpse(made)
    assert seen.insight is None
    assert f"{name} cannot be shown from the inside:" in seen.about
    assert "20 observations" in seen.about
