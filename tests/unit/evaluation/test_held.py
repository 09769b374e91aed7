import numpy as np
import pandas as pd
import pytest

from tidegate.errors import SettingError
from tidegate.evaluation.auto import Auto
from tidegate.evaluation.held import held, is_recurrent, names, refusal, told
from tidegate.forecasters.ensemble import Ensemble
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.forecasters.narn import NARN
from tidegate.forecasters.recurrent import GRU, RNN
from tidegate.insight.inspection import inspect
from tidegate.training.settings import Training

FEW = Training(n_updates=10)


def small(kind=GRU, **settings):
    return kind(hidden_size=4, n_members=1, training=FEW, **settings)


@pytest.fixture(scope="module")
def sales():
    t = np.arange(96)
    values = 100 + 0.5 * t + 12 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(3).normal(0, 3, 96)
    return pd.DataFrame({"unique_id": "sales", "ds": pd.date_range("2010-01-01", periods=96, freq="MS"), "y": values})


@pytest.fixture(scope="module")
def weighted(sales):
    """An ensemble that holds an rnn and, heavier, a gru."""
    members = ["naive", small(RNN), small(GRU)]
    return Ensemble(members=members, combine="weights", weights=[0.3, 0.2, 0.5]).fit(sales, horizon=4)


def test_the_families_of_recurrent_networks_are_known():
    assert names() == ("rnn", "lstm", "gru", "recurrent", "hybrid")
    assert is_recurrent(small(Hybrid))
    assert not is_recurrent(NARN())


def test_a_recurrent_model_holds_itself():
    model = small()
    (one,) = held(model)
    assert (one.model, one.name, one.share, told((one,))) == (model, "gru", 1.0, "")
    assert one.read(None) == (None, None)


def test_of_an_ensemble_the_heaviest_comes_first(weighted):
    found = held(weighted)
    assert [(one.name, round(one.share, 9)) for one in found] == [("gru in ensemble", 0.5), ("rnn in ensemble", 0.2)]
    assert told(found) == "ensemble holds 2 recurrent models, gru (50 %) and rnn (20 %); gru, the heaviest, was looked into."  # fmt: skip # noqa: E501


def test_members_are_looked_into_as_they_are_in_the_unit_of_the_data(weighted, sales):
    seen = inspect(weighted)
    alone = inspect(weighted.members_[2])
    np.testing.assert_array_equal(seen.layers[0].hidden, alone.layers[0].hidden)
    np.testing.assert_array_equal(seen.scene.values, sales["y"].to_numpy()[-len(seen.scene.values) :])
    expected = weighted.members_[2].forecast().mean[0] * weighted.readable()[1]
    assert weighted.readable()[1] != 1
    trusted = seen.contributions.forecast
    np.testing.assert_allclose(trusted, expected, rtol=1e-3)
    again = inspect(weighted, sales.iloc[:-5])
    np.testing.assert_array_equal(again.scene.values, sales["y"].to_numpy()[:-5][-len(again.scene.values) :])


def test_the_choice_of_auto_is_looked_into(sales):
    model = Auto(candidates=[small()]).fit(sales, horizon=4)
    seen = inspect(model)
    assert "gru" in model.weights_, "the test needs data on which the network counts"
    assert seen.scene.name == "gru in auto"
    assert seen.notes[0].startswith("auto holds one recurrent model, gru, which was looked into: it is ")


def test_of_equals_and_of_a_median_the_first_is_taken(sales):
    median = Ensemble(members=[small(RNN), small(GRU)], combine="median").fit(sales, horizon=4)
    assert told(held(median)).endswith("recurrent models, rnn and gru; rnn, the first of them, was looked into.")
    single = Ensemble(members=["naive", small(GRU)], combine="median").fit(sales, horizon=4)
    assert told(held(single)).endswith("gru, which was looked into: it is one of those whose median is the forecast.")


def test_what_holds_none_is_refused_with_what_it_is_made_of(sales):
    model = Ensemble(members=["naive", "drift"]).fit(sales, horizon=4)
    assert held(model) == ()
    with pytest.raises(SettingError, match=r"ensemble holds no recurrent model, .* made of naive and drift\. What can"):
        inspect(model)
    assert "narn has no recurrent layer over its window" in refusal(NARN())
