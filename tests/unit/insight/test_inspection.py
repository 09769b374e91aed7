from dataclasses import replace

import numpy as np
import pytest
import torch

import tidegate
from tidegate.errors import NotFittedError, SettingError
from tidegate.evaluation.held import held
from tidegate.insight.inspection import _season_by, inspect
from tidegate.insight.target import target
from tidegate.insight.where import Where
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.lstm import Lstm


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_can_be_inspected(cell, make):
    found = inspect(make(cell))
    (layer,) = found.layers
    gates = {"elman": 0, "gru": 2, "lstm": 3, "min_gru": 1, "min_lstm": 2, "slstm": 3}
    assert len(layer.gates) == gates[cell]
    assert all(((gate.values >= 0) & (gate.values <= 1)).all() for gate in layer.gates.values())
    assert (layer.memory.half_lives is None) == (cell == "elman")
    assert any("elman has no gates" in note for note in found.notes) == (cell == "elman")
    assert found.contributions.complete
    assert found.course is not None


def test_gradients_of_a_real_network_are_those_of_autograd(make, monkeypatch):
    """The same windows through the loop over time, whose states autograd knows."""
    model = make("lstm")
    found = inspect(model, origins=3).layers[0]
    subject = target(held(model)[0], Where(origins=3)).subject
    states = []

    def step(self, sums, state, weights):
        made = plain(self, sums, state, weights)
        states.append(made.state)
        return made

    plain = Lstm.step
    monkeypatch.setattr(Lstm, "step", step)
    subject.layers.stack = replace(subject.layers.stack, backend="reference")
    subject.layers.requires_grad_()
    losses = subject.losses()
    for row, loss in enumerate([*losses.sum(0), losses.sum()]):
        for index, told in enumerate((found.hidden, found.cell)):
            each = torch.autograd.grad(loss, [one[index] for one in states], retain_graph=True, allow_unused=True)
            wanted = [0.0 if one is None else one.norm().item() / np.sqrt(3) for one in reversed(each)]
            np.testing.assert_allclose(told[row], wanted, rtol=2e-4, atol=1e-9)


def test_the_model_stays_as_it_was(gru):
    before = [parameter.clone() for parameter in gru.opened().networks[0].parameters()]
    forecast = gru.forecast().mean
    inspect(gru)
    after = list(gru.opened().networks[0].parameters())
    assert all(torch.equal(a, b) and b.requires_grad for a, b in zip(before, after, strict=True))
    np.testing.assert_array_equal(gru.forecast().mean, forecast)


def test_a_saved_model_is_inspected_to_the_same_bits(gru, tmp_path):
    gru.save(tmp_path / "saved")
    first, second = (inspect(one).arrays() for one in (gru, tidegate.load(tmp_path / "saved")))
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


def test_an_old_model_without_a_record_says_so(make):
    model = make()
    model.losses_ = {label: run._replace(record=None) for label, run in model.losses_.items()}
    found = inspect(model)
    assert found.course is None
    assert found.training == ()
    assert any(note.startswith("The model holds no record of gradients") for note in found.notes)
    assert any(name.startswith("layer1") for name in found.arrays())


def test_contributions_stand_beside_their_dates(gru, sales):
    found = inspect(gru).contributions
    stamps = sales["ds"].to_numpy().astype("M8[ns]").astype(np.int64)
    np.testing.assert_array_equal(found.times, stamps[-len(found.times) :])
    total = found.values.sum(1) + found.covariates.sum(1)
    np.testing.assert_allclose(total, found.forecast - found.baseline, atol=1e-3 * np.abs(total).max())
    made = np.exp(found.forecast) if found.in_logs else found.forecast
    np.testing.assert_allclose(made, gru.forecast().mean[0], rtol=1e-5)


def test_newer_data_are_inspected_without_fitting(gru, sales):
    older = sales.iloc[:80]
    found = inspect(gru, older)
    assert found.scene.times[-1] == older["ds"].to_numpy().astype("M8[ns]").astype(np.int64)[-1]
    np.testing.assert_allclose(found.scene.values[-1], older["y"].iloc[-1])


def test_every_member_can_be_chosen(make):
    model = make(n_members=2)
    first, second = (inspect(model, member=member) for member in (1, 2))
    assert second.scene.member == (2, 2)
    assert not np.array_equal(first.layers[0].hidden, second.layers[0].hidden)
    assert first.training != second.training
    assert len(first.training) == 2


def test_layers_and_patches(make):
    found = inspect(make("lstm", layers=2, decoder="segment", segment=6))
    assert [layer.key for layer in found.layers] == ["layer1", "layer2"]
    assert found.scene.lag_steps == 6
    n_patches = -(-len(found.scene.times) // 6)
    assert found.layers[0].hidden.shape == (5, n_patches)
    assert any("patches of 6 steps" in note for note in found.notes)


def test_a_season_within_the_window_is_what_a_gradient_is_judged_by(gru):
    assert "12 steps back, a season, " in inspect(gru).layers[0].diagnosis.reasons[0]


def test_known_covariates_that_end_with_the_series_are_said_to(make, sales):
    found = inspect(make(data=sales.assign(price=np.arange(96) % 7), known=["price"]))
    assert any("the known covariates of 0 are there" in note for note in found.notes)
    assert found.contributions.names == ("price",)
    assert found.contributions.complete


def test_gaps_leave_contributions_out_and_say_so(make, gappy):
    found = inspect(make(data=gappy))
    assert found.contributions is None
    assert any(note.startswith("Contributions are left out") for note in found.notes)


def test_what_cannot_be_inspected_is_refused():
    with pytest.raises(NotFittedError, match="not fitted"):
        inspect(tidegate.GRU())
    with pytest.raises(NotFittedError, match="not fitted"):
        inspect(tidegate.Ensemble())
    with pytest.raises(SettingError, match="What can be inspected: rnn, lstm, gru, recurrent"):
        inspect(tidegate.Naive())


def test_what_gives_a_network_its_season_is_told(gru):
    reads, corrects = inspect(gru).scene.season_by
    assert reads == "reads how each value differs from that 12 steps before"
    assert corrects == "corrects the seasonal naive forecast"
    layout = gru.opened().windows.layout
    assert _season_by(layout._replace(base="shift"), 12) == (reads,)
    assert _season_by(layout._replace(seasons=()), 12) == (corrects,)
    assert _season_by(layout, 1) == ()
