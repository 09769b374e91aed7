import pytest

from tidegate.evaluation.audit.exact import exact
from tidegate.forecasters.ensemble import Ensemble
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.forecasters.naive import Naive
from tidegate.forecasters.recurrent import LSTM, RNN
from tidegate.nn.exactness import Departure
from tidegate.training.settings import Training

FEW = {"hidden_size": 4, "n_members": 1, "training": Training(n_updates=5)}


def test_every_recurrent_network_that_a_model_holds_is_compared(panel):
    model = Ensemble(members=["naive", RNN(**FEW), Hybrid(**FEW)]).fit(panel(), horizon=4)
    mark = exact("Exact", model)
    assert mark.outcome == "passed"
    assert "the outputs of 5 layers (elman and lstm) are within " in mark.statement
    assert mark.statement.endswith(": that is rounding.")
    assert 0 < float(mark.measured.removeprefix("within ")) < 1e-5


def test_a_model_without_recurrent_layers_has_no_such_mark(panel):
    assert exact("Exact", Naive().fit(panel(), horizon=4)) is None


@pytest.mark.parametrize("far", [(1e-3, 1e-7), (1e-7, 1e-3)])
def test_more_than_rounding_fails(panel, monkeypatch, far):
    model = LSTM(**FEW).fit(panel(), horizon=4)
    monkeypatch.setattr("tidegate.nn.exactness.departure", lambda network, *, seed: Departure(("lstm",), 1, *far))
    mark = exact("Exact", model)
    assert (mark.outcome, mark.measured) == ("failed", "within 1e-03")
    assert mark.statement.endswith("more than the 1e-04 that rounding explains.")


@pytest.mark.parametrize("far", [(float("nan"), 1e-7), (1e-7, float("inf"))])
def test_what_is_not_finite_fails(panel, monkeypatch, far):
    model = Ensemble(members=[LSTM(**FEW), RNN(**FEW)]).fit(panel(), horizon=4)
    made = iter([Departure(("elman",), 1, 1e-7, 1e-7), Departure(("lstm",), 1, *far)])
    monkeypatch.setattr("tidegate.nn.exactness.departure", lambda network, *, seed: next(made))
    mark = exact("Exact", model)
    assert (mark.outcome, mark.measured) == ("failed", "not finite")
    assert "2 layers (elman and lstm) or their gradients are not finite." in mark.statement
