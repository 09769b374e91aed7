import numpy as np
import pytest
import torch

from tidegate.errors import TrainingError
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, split, training_origins
from tidegate.forecasters.network.problem import Learning, examples, parts, told
from tidegate.forecasters.network.windows import Layout, Windows
from tidegate.nn.decoders.reading import Network
from tidegate.nn.heads import QUANTILES, head
from tidegate.panel import Panel
from tidegate.training.loop import Run, train
from tidegate.training.settings import Training

LAYOUT = Layout(window_steps=4, seasons=(), lags=(), tail_steps=4)


class Fixed(Network):
    """Adds one number to the base, and remembers what future it was shown."""

    def __init__(self, number=0.3, name="point"):
        super().__init__(head(name))
        self.number = torch.nn.Parameter(torch.tensor(number))
        self.shown = []

    def corrections(self, reading, actual):
        self.shown.append(actual)
        spread = torch.arange(self.head.width) * self.number
        return (self.number + spread).expand(*reading.base.shape, -1)


def windows_of(*series):
    lengths = [len(values) for values in series]
    panel = Panel(
        np.array([f"s{n}" for n in range(len(series))], dtype=object),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate([np.arange(length) for length in lengths]),
        np.concatenate(series),
        "1",
        (1,),
    )
    return Windows(
        Inputs(panel, Encoding.learn(panel), 2),
        LAYOUT,
        logs=np.zeros(len(series), dtype=bool),
        units=np.ones(len(series)),
        numbers=np.arange(1, 1 + len(series)),
    )


def walk(length=1500, seed=0):
    return np.random.default_rng(seed).normal(size=length).cumsum()


def origins_of(length=1500):
    return training_origins(np.array([length]), past_steps=3, future_steps=2)


def errors(windows, origins, number=0.3):
    reading, target = examples(windows, origins)
    return (reading.base + number - target).abs()


@pytest.fixture
def windows():
    return windows_of(walk())


def test_loss_is_over_the_chosen_windows(windows):
    made = Learning(Fixed(), windows, origins_of()).loss(torch.tensor([5, 700]))
    expected = errors(windows, Origins(np.array([0, 0]), np.array([8, 703]))).mean()
    assert made.item() == pytest.approx(expected.item())


def test_missing_values_of_the_future_do_not_count():
    values = walk(40)
    values[[20, 26]] = np.nan
    windows = windows_of(values)
    index = origins_of(40)
    found = errors(windows, index.all())
    there = ~found.isnan()
    made = Learning(Fixed(), windows, index, held_out=index)
    assert made.held_out_loss() == pytest.approx(found[there].mean().item(), rel=1e-5)
    assert 0 < (~there).sum() < 10
    loss = made.loss(torch.arange(len(index)))
    loss.backward()
    assert loss.item() == pytest.approx(found[there].mean().item(), rel=1e-5)


@pytest.mark.parametrize("name", ["point", "quantiles", "normal", "student-t"])
def test_gradients_are_finite_where_values_are_missing(name):
    values = walk(40)
    values[[10, 20, 21, 22, 26]] = np.nan
    network = Fixed(name=name)
    index = origins_of(40)
    Learning(network, windows_of(values), index).loss(torch.arange(len(index))).backward()
    assert torch.isfinite(network.number.grad)
    assert network.number.grad != 0


def test_a_batch_of_nothing_but_missing_futures_is_no_loss():
    values = walk(40)
    values[20:30] = np.nan
    learning = Learning(Fixed(), windows_of(values), origins_of(40))
    assert learning.loss(torch.tensor([18, 19])).item() == 0


def test_held_out_loss_is_over_at_most_512_of_them(windows):
    index = origins_of()
    numbers = np.linspace(0, len(index) - 1, 512).round().astype(int)
    expected = errors(windows, index.take(numbers)).mean().item()
    learning = Learning(Fixed(), windows, index, held_out=index)
    assert learning.held_out_loss() == pytest.approx(expected)


@pytest.mark.parametrize("at_once", [1, 3, 7, 512])
def test_an_incomplete_last_part_counts_as_much_as_the_others(monkeypatch, at_once):
    monkeypatch.setattr("tidegate.forecasters.network.problem._AT_ONCE", at_once)
    held = training_origins(np.array([20]), past_steps=10, future_steps=2)
    values = walk(20)
    values[15] = np.nan
    windows = windows_of(values)
    found = errors(windows, held.all())
    learning = Learning(Fixed(), windows, held, held_out=held)
    assert len(held) == 9
    assert learning.held_out_loss() == pytest.approx(found[~found.isnan()].mean().item(), rel=1e-6)
    made = told(Fixed(), windows, held.all())
    assert made.shape == (9, 2, len(QUANTILES))
    middle = windows.batch(held.all()).reading.base + 0.3
    np.testing.assert_allclose(made[..., QUANTILES.index(0.5)], middle, rtol=1e-6)


def test_nothing_held_out_is_no_loss(windows):
    index = origins_of()
    nothing = training_origins(np.array([1]), past_steps=3, future_steps=2)
    assert Learning(Fixed(), windows, index).held_out_loss() is None
    assert Learning(Fixed(), windows, index, held_out=nothing).held_out_loss() is None
    assert len(Learning(Fixed(), windows, index)) == 1496


def test_the_true_future_is_shown_in_training_alone(windows):
    network, index = Fixed(), origins_of()
    learning = Learning(network, windows, index, held_out=index)
    learning.loss(torch.tensor([5]))
    _, target = examples(windows, index.take(np.array([5])))
    assert torch.equal(network.shown.pop(), target)
    learning.held_out_loss()
    told(network, windows, index.all())
    assert set(network.shown) == {None}


def test_a_missing_future_value_is_shown_as_the_base():
    values = walk(40)
    values[20] = np.nan
    network, windows = Fixed(), windows_of(values)
    chosen = Origins(np.array([0]), np.array([19]))
    Learning(network, windows, origins_of(40)).loss(torch.tensor([16]))
    reading, target = examples(windows, chosen)
    assert target.isnan().tolist() == [[False, True]]
    assert network.shown[0].tolist() == [[target[0, 0].item(), reading.base[0, 1].item()]]


def test_what_is_told_comes_back_in_order(windows):
    origins = origins_of().take(np.array([700, 3, 1400]))
    made = told(Fixed(), windows, origins)[..., QUANTILES.index(0.5)]
    np.testing.assert_allclose(made, windows.batch(origins).reading.base + 0.3, rtol=1e-6)


def test_the_series_of_a_batch_are_named():
    windows = windows_of(*(walk(20, seed) for seed in range(9)))
    index = training_origins(np.full(9, 20), past_steps=3, future_steps=2)
    learning = Learning(Fixed(), windows, index)
    every, two = torch.arange(len(index)), torch.tensor([20, 0, 1, 18])
    assert learning.named(two) == "series 's0', 's1'"
    assert learning.named(every) == "series 's0', 's1', 's2', 's3', 's4' and 4 more"


def test_the_series_whose_loss_is_not_finite_are_named_alone():
    series = [walk(20, seed) for seed in range(9)]
    series[7][15] = np.inf
    windows = windows_of(*series)
    index = training_origins(np.full(9, 20), past_steps=3, future_steps=2)
    with np.errstate(invalid="ignore"):
        assert Learning(Fixed(), windows, index).named(torch.arange(len(index))) == "series 's7'"


@pytest.mark.parametrize("at_once", [3, 512])
def test_a_held_out_loss_that_is_not_finite_names_the_series_that_broke_it(monkeypatch, at_once):
    """The last value is a target of the newest origin alone, which nothing learns from."""
    monkeypatch.setattr("tidegate.forecasters.network.problem._AT_ONCE", at_once)
    series = [walk(20, seed) for seed in range(9)]
    series[4][-1] = series[7][-1] = np.inf
    windows = windows_of(*series)
    older, newer = split(np.full(9, 20), past_steps=np.full(9, 3), future_steps=2, held_steps=4)
    network = Fixed()
    learning = Learning(network, windows, older, held_out=newer)
    assert learning.named(None) == "series 's4', 's7'"
    run = Run("run", "network 1", 5, torch.Generator())
    message = "network 1: the held-out loss became inf at update 1 of 5 over the held-out windows of series 's4', 's7'"
    with pytest.raises(TrainingError, match=message):
        train(network, learning, Training(), run)


def test_a_network_that_tells_no_numbers_breaks_every_series():
    windows = windows_of(walk(20), walk(20, 1))
    older, newer = split(np.full(2, 20), past_steps=np.full(2, 3), future_steps=2, held_steps=4)
    learning = Learning(Fixed(number=float("nan")), windows, older, held_out=newer)
    assert learning.named(None) == "series 's0', 's1'"


@pytest.mark.parametrize("count", [0, 1, 512, 513, 1100])
def test_parts_hold_every_origin_once(count):
    origins = Origins(np.arange(count), np.arange(count) + 5)
    made = list(parts(origins))
    assert all(len(part.ends) <= 512 for part in made)
    assert [n for part in made for n in part.series] == list(range(count))
