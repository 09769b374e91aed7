import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch

from tidegate import cluster
from tidegate.errors import TrainingError
from tidegate.kernels.threads import allowed, n_threads
from tidegate.nn.dropout import Dropout
from tidegate.training import checkpoints
from tidegate.training.loop import Run, train
from tidegate.training.parallel import Replica, flattened, shared
from tidegate.training.settings import Training


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers must be able to import the problem of this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))


class Line:
    """y = 3 x - 1 with noise; `bad` is the number of a point without a value."""

    def __init__(self, network, bad=None):
        self.network = network
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(200, 1, generator=generator)
        self.y = 3 * self.x - 1 + 0.01 * torch.randn(200, 1, generator=generator)
        if bad is not None:
            self.y[bad] = float("nan")

    def __len__(self):
        return len(self.x)

    def loss(self, chosen):
        return ((self.network(self.x[chosen]) - self.y[chosen]) ** 2).mean()

    def held_out_loss(self):
        return ((self.network(self.x[:50]) - (3 * self.x[:50] - 1)) ** 2).mean().item()

    def named(self, chosen):
        if chosen is None:
            return "the first 50 points"
        return f"points {sorted(chosen.tolist())[0]} and more"


class Ageing(torch.nn.Module):
    """Scales by how much of the run is done."""

    def __init__(self):
        super().__init__()
        self.share = 0.0

    def reached(self, share):
        self.share = share

    def forward(self, x):
        return x * (1 + self.share)


class Network(torch.nn.Sequential):
    def reached(self, share):
        for part in self:
            if isinstance(part, Ageing):
                part.reached(share)


def made(dropout=0.0, name="run"):
    generator = torch.Generator().manual_seed(1)
    model = Network(torch.nn.Linear(1, 8), Dropout(dropout, generator), Ageing(), torch.nn.Linear(8, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model, Run(name, "a line", 60, generator)


def weights(model):
    return torch.cat([parameter.detach().ravel() for parameter in model.parameters()])


def trained(processes, dropout=0.0, **settings):
    model, run = made(dropout)
    losses = train(model, Line(model), Training(learning_rate=0.05, processes=processes, **settings), run)
    return weights(model), losses


def test_two_processes_give_the_gradient_of_one():
    alone, together = trained(1), trained(2)
    torch.testing.assert_close(together[0], alone[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(together[1].held_out, alone[1].held_out, rtol=1e-3)


def test_the_same_number_of_processes_gives_the_same_bits():
    first, second = trained(3, dropout=0.3), trained(3, dropout=0.3)
    assert torch.equal(first[0], second[0])
    assert first[1] == second[1]


def test_a_process_that_may_have_no_children_gives_the_same_bits(monkeypatch):
    together = trained(3, dropout=0.3)
    monkeypatch.setattr(multiprocessing.current_process(), "_config", {"daemon": True})
    monkeypatch.setattr(cluster, "team", None)
    assert torch.equal(trained(3, dropout=0.3)[0], together[0])


def test_parts_of_a_batch_are_dropped_out_each_in_its_own_way():
    model, run = made(dropout=0.5)
    replica = Replica(model, Line(model), run.generator)
    chosen = torch.zeros(2, dtype=torch.int64)
    with shared(replica, 2, "run") as backward:
        model.train()
        found = {round(backward(chosen, update, 0.0), 6) for update in range(5)}
    assert len(found) == 5


def test_a_batch_smaller_than_the_processes():
    assert torch.isfinite(trained(4, batch_size=2)[0]).all()


def test_a_resumed_run_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole = trained(2, dropout=0.3)
    calls = 0
    write = checkpoints.write

    def killed(snapshot, place):
        nonlocal calls
        calls += 1
        write(snapshot, place)
        if calls == 8:
            raise KeyboardInterrupt

    with checkpoints.kept_in(tmp_path):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "write", killed)
            with pytest.raises(KeyboardInterrupt):
                trained(2, dropout=0.3)
        assert torch.equal(trained(2, dropout=0.3)[0], whole[0])


def test_a_finished_run_starts_no_process(tmp_path, monkeypatch):
    with checkpoints.kept_in(tmp_path):
        whole = trained(2)
        monkeypatch.setattr(cluster, "team", None)
        assert torch.equal(trained(2)[0], whole[0])


def test_each_process_has_its_part_of_the_threads():
    model, run = made()
    with allowed(4), shared(Replica(model, Line(model), run.generator), 2, "run"):
        assert n_threads() == 2
    with allowed(1), shared(Replica(model, Line(model), run.generator), 2, "run"):
        assert n_threads() == 1


def test_a_loss_that_is_no_number_in_another_process_stops_the_run():
    model, run = made()
    with pytest.raises(TrainingError, match="points"):
        train(model, Line(model, bad=slice(None)), Training(processes=2), run)


def test_no_process_stays_behind():
    trained(2)
    assert not multiprocessing.active_children()


def test_a_parameter_without_a_gradient_counts_as_zero():
    model, _ = made()
    parameters = list(model.parameters())
    assert flattened([None] * len(parameters), parameters).tolist() == [0.0] * sum(map(torch.numel, parameters))
