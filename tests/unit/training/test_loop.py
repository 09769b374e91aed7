import math

import pytest
import torch

from tidegate.errors import TrainingError
from tidegate.nn.dropout import Dropout
from tidegate.training import checkpoints, loop, pace, schedule
from tidegate.training.loop import Run, train
from tidegate.training.progress import shown
from tidegate.training.settings import Training


class Line:
    """y = 3 x - 1 with noise; held-out points from the same line, or from another one."""

    def __init__(self, network: torch.nn.Module, held_out_slope: float | None = 3.0, spoil: float = 0.0) -> None:
        self.network = network
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(200, 1, generator=generator)
        self.y = 3 * self.x - 1 + 0.01 * torch.randn(200, 1, generator=generator)
        self.held_out_slope, self.spoil = held_out_slope, spoil

    def __len__(self) -> int:
        return 200

    def loss(self, chosen):
        return ((self.network(self.x[chosen]) - self.y[chosen]) ** 2).mean() + self.spoil

    def named(self, chosen):
        if chosen is None:
            return "series 0 to 49"
        return f"series {chosen.min()} to {chosen.max()}"

    def held_out_loss(self):
        if self.held_out_slope is None:
            return None
        return ((self.network(self.x[:50]) - (self.held_out_slope * self.x[:50] - 1)) ** 2).mean().item()


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
    losses = train(model, Line(model), Training(learning_rate=0.05), run)
    assert losses.held_out[losses.best] < 0.01 * losses.held_out[0]
    assert losses.updates[0] == 0
    assert losses.updates[-1] == 200
    assert not model.training


def test_best_parameters_come_back_and_training_stops_early():
    model, run = network()
    losses = train(model, Line(model, held_out_slope=-3.0), Training(learning_rate=0.05, patience=2, n_checks=20), run)
    assert len(losses.updates) == losses.best + 3 < 21
    assert Line(model, held_out_slope=-3.0).held_out_loss() == min(losses.held_out)


def test_a_network_that_only_gets_worse_stays_what_it_was():
    model, run = network()
    before = parameters(model)
    with torch.no_grad():
        at_start = model(Line(model).x[:50]).clone()

    class Fixed(Line):
        def held_out_loss(self):
            return ((self.network(self.x[:50]) - at_start) ** 2).mean().item()

    assert train(model, Fixed(model), Training(learning_rate=0.05), run).best == 0
    assert torch.equal(parameters(model), before)


def test_without_held_out_windows_the_last_parameters_stay():
    model, run = network()
    losses = train(model, Line(model, held_out_slope=None), Training(learning_rate=0.05), run)
    assert losses.best == len(losses.updates) - 1
    assert all(math.isnan(value) for value in losses.held_out)
    assert Line(model).held_out_loss() < 0.05


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
    losses = train(straight, Line(straight), training, run)
    with checkpoints.kept_in(tmp_path):
        model, run = network(dropout=0.3)
        with pytest.raises(KilledError), shown(Killer(at)):
            train(model, Line(model), training, run)
        model, run = network(seed=9, dropout=0.3)
        resumed = train(model, Line(model), training, run)
        assert torch.equal(parameters(model), parameters(straight))
        assert (resumed.updates, resumed.held_out, resumed.best) == (losses.updates, losses.held_out, losses.best)
        model, run = network(seed=9, dropout=0.3)
        train(model, Line(model), training, run)
        assert torch.equal(parameters(model), parameters(straight))


def test_dropout_and_order_depend_on_the_generator_alone():
    made = []
    for state in (1, 2):
        torch.manual_seed(state)
        model, run = network(dropout=0.3)
        train(model, Line(model), Training(), run)
        made.append(parameters(model))
    assert torch.equal(*made)


def test_a_loss_that_is_not_finite_is_named():
    model, run = network()
    message = (
        r"a line: the loss became nan at update 1 of 200 in series \d+ to \d+; the largest gradient is "
        r".*, of [02]\.(weight|bias)\. It must stay finite\. Lower the learning rate, now 0\.005, or look for extreme"
    )
    with pytest.raises(TrainingError, match=message):
        train(model, Line(model, spoil=math.nan), Training(learning_rate=0.005), run)


def test_a_held_out_loss_that_is_not_finite_is_named():
    model, run = network()
    message = r"held-out loss became nan at update 1 of 200 over the held-out windows of series 0 to 49\. It must stay"
    with pytest.raises(TrainingError, match=message):
        train(model, Line(model, held_out_slope=math.nan), Training(), run)


def test_a_gradient_that_is_not_finite_is_named_with_its_parameter():
    class Steep(Line):
        """The root of 0 has no gradient, and only the last bias has a way to it."""

        def loss(self, chosen):
            return super().loss(chosen) + torch.sqrt((self.network[2].bias * 0).sum())

    model, run = network()
    message = r"the gradient became nan at update 1 of 200 in .*; the largest gradient is nan, of 2\.bias\."
    with pytest.raises(TrainingError, match=message):
        train(model, Steep(model), Training(), run)


def test_the_largest_gradient_is_that_of_the_parameter_which_explodes():
    class Exploding(Line):
        def loss(self, chosen):
            return super().loss(chosen) + (self.network[0].weight.sum() * 1e38) * 1e38

    model, run = network()
    with pytest.raises(TrainingError, match=r"the largest gradient is inf, of 0\.weight\."):
        train(model, Exploding(model), Training(), run)


def test_a_learning_rate_that_explodes_is_named():
    model, run = network()
    with pytest.raises(TrainingError, match=r"became (inf|nan)"):
        train(model, Line(model), Training(learning_rate=1e30), run)


def test_gradients_are_cut_to_the_norm():
    class Steepest(Line):
        def loss(self, chosen):
            return 1e6 * super().loss(chosen)

    model, run = network()
    start = parameters(model)
    train(model, Steepest(model, held_out_slope=None), Training(n_updates=1, clip_norm=0.5), run._replace(n_updates=1))
    norm = math.sqrt(sum((one.grad**2).sum().item() for one in model.parameters()))
    assert norm == pytest.approx(0.5, rel=1e-3)
    assert not torch.equal(parameters(model), start)


@pytest.fixture
def clock(monkeypatch):
    """A clock that a problem's loss moves on."""

    class Clock:
        now = 7.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    return made


class Slow(Line):
    """Every update takes a tenth of a second."""

    def __init__(self, network, clock):
        super().__init__(network)
        self.clock = clock

    def loss(self, chosen):
        self.clock.now += 0.1
        return super().loss(chosen)


def test_a_budget_ends_the_run_with_the_course_of_the_learning_rate(clock, monkeypatch):
    model, run = network()
    rates = []

    def noted(update, n_updates, warmup_fraction):
        rates.append(schedule.rate(update, n_updates, warmup_fraction))
        return rates[-1]

    monkeypatch.setattr(loop, "rate", noted)
    losses = train(model, Slow(model, clock), Training(learning_rate=0.05, budget=6.0), run)
    assert losses.planned == losses.updates[-1] == len(rates)
    assert max(rates) == 1
    assert rates[-1] < 0.01
    assert 54 <= losses.planned <= 60
    assert losses.held_out[losses.best] < 0.05 * losses.held_out[0]


def test_a_budget_that_suffices_changes_no_bit(clock):
    made = []
    for budget in (None, 1000.0):
        model, run = network(dropout=0.3)
        losses = train(model, Slow(model, clock), Training(learning_rate=0.05, budget=budget), run)
        made.append((parameters(model).tolist(), losses))
    assert made[0] == made[1]
    assert made[0][1].planned == 200


def test_a_run_taken_up_again_has_what_is_left_of_its_budget(clock, tmp_path):
    training = Training(learning_rate=0.05, n_checks=10, budget=6.0)
    with checkpoints.kept_in(tmp_path):
        model, run = network()
        with pytest.raises(KilledError), shown(Killer(40)):
            train(model, Slow(model, clock), training, run)
        begun = clock.now
        model, run = network()
        assert train(model, Slow(model, clock), training, run).updates[-1] <= 60
        assert clock.now - begun <= 3.1


def test_a_network_hears_how_much_of_the_run_is_done():
    class Old(torch.nn.Sequential):
        def reached(self, share):
            self.heard = [*getattr(self, "heard", []), share]

    plain, run = network()
    model = Old(*plain)
    train(model, Line(model), Training(n_updates=4), run._replace(n_updates=4))
    assert model.heard == [0, 0.25, 0.5, 0.75]
