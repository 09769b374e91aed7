import numpy as np
import pytest
import torch

from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, training_origins
from tidegate.forecasters.network.problem import Learning, corrections
from tidegate.forecasters.network.reference import Reference
from tidegate.forecasters.network.windows import Windows
from tidegate.nn.losses import huber
from tidegate.panel import Panel


class Constant(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, window, context, known):
        return torch.full(known.shape[:2], self.value)


@pytest.fixture
def windows():
    values = np.random.default_rng(0).normal(size=1500).cumsum()
    panel = Panel(np.array(["a"], dtype=object), np.array([0, 1500]), np.arange(1500), values, "1", (1,))
    inputs = Inputs(panel, Encoding.learn(panel), 2)
    return Windows(Reference.of(panel, 1), inputs, np.ones(1), seasons=(1,), window_steps=4)


def test_loss_is_over_the_chosen_windows(windows):
    index = training_origins(np.array([1500]), past_steps=3, future_steps=2)
    chosen = torch.tensor([5, 700])
    wanted = windows.target(Origins(np.array([0, 0]), np.array([8, 703])))
    expected = huber(torch.full((2, 2), 0.3), wanted)
    assert torch.equal(Learning(windows, index).loss(Constant(0.3), chosen), expected)


def test_held_out_loss_is_over_at_most_512_of_them(windows):
    index = training_origins(np.array([1500]), past_steps=3, future_steps=2)
    numbers = np.linspace(0, len(index) - 1, 512).round().astype(int)
    expected = huber(torch.full((512, 2), 0.3), windows.target(index.take(numbers))).item()
    assert Learning(windows, index, index).held_out_loss(Constant(0.3)) == pytest.approx(expected)


def test_nothing_held_out_is_no_loss(windows):
    index = training_origins(np.array([1500]), past_steps=3, future_steps=2)
    nothing = training_origins(np.array([1]), past_steps=3, future_steps=2)
    assert Learning(windows, index).held_out_loss(Constant(0.3)) is None
    assert Learning(windows, index, nothing).held_out_loss(Constant(0.3)) is None
    assert len(Learning(windows, index)) == 1496


def test_corrections_come_back_in_order(windows):
    class Echo(torch.nn.Module):
        def forward(self, window, context, known):
            return window[-2, :, :1].expand(-1, 2)

    origins = training_origins(np.array([1500]), past_steps=3, future_steps=2).all()
    made = corrections(Echo(), windows, origins)
    values = windows.reference.panel.values
    np.testing.assert_allclose(made[:, 0], values[origins.ends - 2] - values[origins.ends - 1], atol=1e-5)
