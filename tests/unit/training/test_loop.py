import math

import pytest
import torch

from tidegate.errors import TrainingError
from tidegate.nn.dropout import Dropout
from tidegate.training import checkpoints
from tidegate.training.loop import Run, train
from tidegate.training.progress import shown
from tidegate.training.settings import Training


class Line:
    """y = 3 x - 1 with noise; held-out points from the same line, or from another one."""

    def __init__(self, held_out_slope: float | None = 3.0, spoil: float = 0.0) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(200, 1, generator=generator)
        self.y = 3 * self.x - 1 + 0.01 * torch.randn(200, 1, generator=generator)
        self.held_out_slope, self.spoil = held_out_slope, spoil

    def __len__(self) -> int:
        return 200

    def loss(self, network, chosen):
        return ((network(self.x[chosen]) - self.y[chosen]) ** 2).mean() + self.spoil

    def held_out_loss(self, network):
        if self.held_out_slope is None:
            return None
        return ((network(self.x[:50]) - (self.held_out_slope * self.x[:50] - 1)) ** 2).mean().item()


def network(seed=1, dropout=0.0):
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), Dropout(dropout, generator), torch.nn.Linear(8, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model, Run("run", "a line", 200, generator)


def parameters(model):
    return torch.cat([parameter.detach().ravel() for parameter in model.parameters()])


def test_learns_a_line():
    model, run = network()
    losses = train(model, Line(), Training(learning_rate=0.05), run)
    assert losses.held_out[losses.best] < 0.01 * losses.held_out[0]
    assert losses.updates[0] == 0
    assert losses.updates[-1] == 200
    assert not model.training


def test_best_parameters_come_back_and_training_stops_early():
    model, run = network()
    losses = train(model, Line(held_out_slope=-3.0), Training(learning_rate=0.05, patience=2, n_checks=20), run)
    assert len(losses.updates) == losses.best + 3 < 21
    assert Line(held_out_slope=-3.0).held_out_loss(model) == min(losses.held_out)


def test_a_network_that_only_gets_worse_stays_what_it_was():
    model, run = network()
    before = parameters(model)
    with torch.no_grad():
        at_start = model(Line().x[:50]).clone()

    class Fixed(Line):
        def held_out_loss(self, network):
            return ((network(self.x[:50]) - at_start) ** 2).mean().item()

    assert train(model, Fixed(), Training(learning_rate=0.05), run).best == 0
    assert torch.equal(parameters(model), before)


def test_without_held_out_windows_the_last_parameters_stay():
    model, run = network()
    losses = train(model, Line(held_out_slope=None), Training(learning_rate=0.05), run)
    assert losses.best == len(losses.updates) - 1
    assert all(math.isnan(value) for value in losses.held_out)
    assert Line().held_out_loss(model) < 0.05


class KilledError(Exception):
    """Stands for a kill: raised between two updates."""


class Killer:
    """A watcher that kills the run at an update."""

    def __init__(self, at: int) -> None:
        self.at = at

    def begin(self, label, n_updates):
        pass

    def advance(self, done, loss):
        if done == self.at:
            raise KilledError

    def finish(self):
        pass


@pytest.mark.parametrize("at", [1, 57, 60, 199])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path, at):
    training = Training(learning_rate=0.05, n_checks=10)
    straight, run = network(dropout=0.3)
    losses = train(straight, Line(), training, run)
    with checkpoints.kept_in(tmp_path):
        model, run = network(dropout=0.3)
        with pytest.raises(KilledError), shown(Killer(at)):
            train(model, Line(), training, run)
        model, run = network(seed=9, dropout=0.3)
        resumed = train(model, Line(), training, run)
        assert torch.equal(parameters(model), parameters(straight))
        assert (resumed.updates, resumed.held_out, resumed.best) == (losses.updates, losses.held_out, losses.best)
        model, run = network(seed=9, dropout=0.3)
        train(model, Line(), training, run)
        assert torch.equal(parameters(model), parameters(straight))


def test_dropout_and_order_depend_on_the_generator_alone():
    made = []
    for state in (1, 2):
        torch.manual_seed(state)
        model, run = network(dropout=0.3)
        train(model, Line(), Training(), run)
        made.append(parameters(model))
    assert torch.equal(*made)


def test_a_loss_that_is_not_finite_is_named():
    model, run = network()
    with pytest.raises(TrainingError, match=r"a line: the loss became nan at update 1 of 200.*Lower the learning rate"):
        train(model, Line(spoil=math.nan), Training(), run)


def test_a_held_out_loss_that_is_not_finite_is_named():
    model, run = network()
    with pytest.raises(TrainingError, match="the held-out loss became nan"):
        train(model, Line(held_out_slope=math.nan), Training(), run)


def test_a_gradient_that_is_not_finite_is_named():
    class Steep(Line):
        def loss(self, network, chosen):
            return torch.sqrt((network(self.x[chosen]) * 0).sum())

    model, run = network()
    with pytest.raises(TrainingError, match="the gradient became nan at update 1"):
        train(model, Steep(), Training(), run)


def test_a_learning_rate_that_explodes_is_named():
    model, run = network()
    with pytest.raises(TrainingError, match=r"became (inf|nan)"):
        train(model, Line(), Training(learning_rate=1e30), run)
