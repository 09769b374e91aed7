import numpy as np
import pytest
import torch

from tidegate.insight.dilated import Apart, seen
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.dilated import DilatedStack

N_STEPS, ENDS = 23, np.array([9, 17, 20])
BLOCKS = ((1, 3), (4,))


@pytest.fixture
def stack():
    generator = torch.Generator().manual_seed(3)
    made = DilatedStack(Lstm(), 2, 5, BLOCKS).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0, 0.6, generator=generator)
    return made.requires_grad_(requires_grad=False)


@pytest.fixture
def inputs():
    return torch.randn(N_STEPS, 1, 2, generator=torch.Generator().manual_seed(4)).double()


@pytest.fixture
def looked(stack, inputs):
    layers = Apart(stack)

    def losses():
        states = layers(inputs)[torch.from_numpy(ENDS) - 1, 0]
        return torch.stack([states.square().sum(1), states.sin().sum(1)], dim=1)

    return seen(layers, losses, (1, 2), ENDS)


def test_each_sequence_by_itself_gives_the_outputs_of_all_together(stack, inputs):
    layers = Apart(stack)
    torch.testing.assert_close(layers(inputs), stack(inputs), rtol=0, atol=1e-12)
    assert [dilation for _, dilation in layers.read] == [1, 3, 4]


def test_states_stand_in_the_order_of_time(stack, inputs, looked):
    last = looked[-1]
    reads = stack.through(
        inputs,
        lambda layer, values, dilation: (
            values if layer is stack.layers[2] else Apart(stack)._walked(layer, values, dilation)
        ),
    )
    outputs = stack(inputs) - reads / 2  # the last block adds what it reads to what its layer puts out
    torch.testing.assert_close(last.trace["hidden"], outputs[-ENDS[0] :], rtol=0, atol=1e-12)
    assert last.walked.trace["hidden"].shape == (2, 4, 5)
    torch.testing.assert_close(last.walked.trace["hidden"].reshape(8, 5), last.trace["hidden"][-8:, 0])


def test_gradients_are_those_of_autograd_through_the_equations(stack, inputs, looked):
    """The last layer alone: c_t is perturbed by what is added to it, one step after another."""
    layer = stack.layers[2]
    with torch.no_grad():
        below = stack.through(
            inputs, lambda one, values, d: values if one is layer else Apart(stack)._walked(one, values, d)
        )
    read = below / 2
    weights = {"input": layer.weight_ih_l0, "recurrent": layer.weight_hh_l0}
    expected = np.zeros((2, 2))
    for end in ENDS:
        for k, loss in enumerate((torch.square, torch.sin)):
            added = torch.zeros(N_STEPS, 5, dtype=torch.float64, requires_grad=True)
            cells, hidden = {}, {}
            for t in range(end):
                before = hidden.get(t - 4, torch.zeros(5).double()), cells.get(t - 4, torch.zeros(5).double())
                sums = (
                    weights["input"] @ read[t, 0]
                    + weights["recurrent"] @ before[0]
                    + layer.bias_ih_l0
                    + layer.bias_hh_l0
                )
                i, f, g, o = sums.chunk(4)
                cells[t] = torch.sigmoid(f) * before[1] + torch.sigmoid(i) * torch.tanh(g) + added[t]
                hidden[t] = torch.sigmoid(o) * torch.tanh(cells[t])
            (gradient,) = torch.autograd.grad(loss(hidden[end - 1] + read[end - 1, 0]).sum(), added)
            back = gradient[:end].flip(0)[:8].square().sum(1).reshape(2, 4).sum(1).numpy()
            expected[k] += back / len(ENDS)
    np.testing.assert_allclose(looked[2].walked.cell[:2], np.sqrt(expected), rtol=1e-9)
    assert [one.walked.hidden.shape for one in looked] == [(3, 9), (3, 3), (3, 2)]
