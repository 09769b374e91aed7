import json
import math

import numpy as np
import torch

from tidegate.nn import GRU, LSTM, watch
from tidegate.training.loop import Losses, Run, train
from tidegate.training.record import Look, Record, look
from tidegate.training.settings import Training


class Counting:
    """Say the mean of short sequences; with a probe."""

    def __init__(self, layers):
        self.layers = layers
        generator = torch.Generator().manual_seed(0)
        self.inputs = torch.randn(9, 40, 2, generator=generator)

    def __len__(self):
        return 40

    def loss(self, chosen):
        inputs = self.inputs[:, chosen]
        return (self.layers(inputs)[0][-1].mean(-1) - inputs.mean((0, 2))).square().mean()

    def held_out_loss(self):
        return self.loss(torch.arange(20)).item()

    def named(self, chosen):
        return "sequences"

    def probe(self):
        return self.loss(torch.arange(4))


class Blind(Counting):
    probe = None


def trained(kind, **settings):
    torch.manual_seed(3)
    layers = LSTM(2, 5)
    run = Run("run", "counting", 60, torch.Generator().manual_seed(1))
    losses = train(layers, kind(layers), Training(n_checks=6, patience=9, batch_size=8, **settings), run)
    return losses, [parameter.detach().clone() for parameter in layers.parameters()]


def test_a_record_changes_no_bit_of_a_run():
    (seen, ours), (blind, theirs) = trained(Counting), trained(Blind)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert str(seen[:5]) == str(blind[:5])
    assert blind.record.looks == ()
    assert len(seen.record.looks) == 4


def test_norms_and_clipping_between_checks():
    (losses, _), (tight, _) = trained(Counting, clip_norm=1e9), trained(Counting, clip_norm=1e-9)
    record = losses.record
    assert math.isnan(record.norm[0])
    assert len(record.norm) == len(record.largest) == len(record.clipped) == len(losses.updates)
    assert all(0 < mean <= most for mean, most in zip(record.norm[1:], record.largest[1:], strict=True))
    assert set(record.clipped[1:]) == {0.0}
    assert set(tight.record.clipped[1:]) == {1.0}
    assert tight.record.limit == 1e-9


def test_looks_are_at_least_twenty_updates_apart():
    losses, _ = trained(Counting)
    assert [one.updates for one in losses.record.looks] == [0, 20, 40, 60]


def test_a_look_is_what_a_watch_of_the_probe_tells():
    torch.manual_seed(3)
    layers = LSTM(2, 5)
    problem = Counting(layers)
    with watch(layers, margin=0.1) as flows:
        problem.probe().backward()
    found = look(layers, problem, 7)
    (flow,) = flows[""]
    assert found.updates == 7
    assert found.lags == (0, 1, 2, 4, 8)
    np.testing.assert_allclose(found.flows[0], flow.cell[::-1][list(found.lags)], rtol=1e-6)
    place = found.gates.index("forget")
    np.testing.assert_allclose(found.saturated[0][place], [part.mean() for part in flow.saturated["forget"]])


def test_without_recurrent_layers_or_a_probe_there_is_nothing_to_see():
    assert look(torch.nn.Linear(2, 2), Counting(GRU(2, 3)), 0) is None
    assert look(GRU(2, 3), object(), 0) is None


def test_parameters_keep_their_gradients():
    layers = GRU(2, 5)
    look(layers, Counting(layers), 0)
    assert all(parameter.grad is None for parameter in layers.parameters())


def test_a_record_comes_back_from_json():
    losses, _ = trained(Counting)
    state = json.loads(json.dumps(losses._asdict()))
    back = Losses.from_state({**state, **{name: tuple(state[name]) for name in ("updates", "training", "held_out")}})
    assert str(back) == str(losses)
    assert isinstance(back.record.looks[0], Look)
    assert Losses.from_state({"updates": (0,), "training": (1.0,), "held_out": (1.0,), "best": 0}).record is None


def test_checks_without_updates_have_no_norm():
    record = Record().after([], None, 1.0).after([0.5, 1.5], None, 1.0)
    assert math.isnan(record.largest[0])
    assert (record.norm[1], record.largest[1], record.clipped[1]) == (1.0, 1.5, 0.5)
