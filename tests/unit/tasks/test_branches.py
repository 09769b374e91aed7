import pytest
import torch

from tidegate.nn.initialisation import built
from tidegate.nn.layers import GRU
from tidegate.tasks.branches import ConvolutionBranch, RecurrentBranch


def steps(*lengths, width=3):
    """Sequences side by side, filled up with what must not count."""
    drawn = torch.randn(max(lengths), len(lengths), width, generator=torch.Generator().manual_seed(0))
    return drawn, torch.tensor(lengths)


def branch(make):
    return built(make, torch.Generator().manual_seed(1)).eval()


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "mean-max"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_pooled_states_are_those_of_the_steps_that_count(pooling, bidirectional):
    found = branch(lambda: RecurrentBranch(GRU(3, 5, bidirectional=bidirectional), pooling))
    inputs, lengths = steps(7, 4)
    made = found(inputs, lengths)
    assert made.shape == (2, found.width)
    states, final = found.layers(inputs[:4, 1:])
    wanted = {
        "last": [final.transpose(0, 1).flatten(1)],
        "mean": [states.mean(0)],
        "max": [states.amax(0)],
        "mean-max": [states.mean(0), states.amax(0)],
    }[pooling]
    torch.testing.assert_close(made[1:], torch.cat(wanted, dim=1))


def test_convolutions_are_averaged_over_the_steps_that_count():
    found = branch(lambda: ConvolutionBranch(3, 4))
    inputs, lengths = steps(7, 4)
    made = found(inputs, lengths)
    assert made.shape == (2, 4)
    values = inputs[:4, 1].T[None]
    for convolution, norm, width in zip(found.convolutions, found.norms, (8, 5, 3), strict=True):
        around = torch.nn.functional.pad(values, ((width - 1) // 2, width // 2))
        values = torch.relu(norm(convolution(around)))
    torch.testing.assert_close(made[1:], values.mean(-1))


@torch.no_grad()
def test_memory_opens_the_gate_that_keeps_the_state():
    usual = branch(lambda: RecurrentBranch(GRU(3, 50), "last"))
    generator = torch.Generator().manual_seed(2)
    long = branch(lambda: RecurrentBranch(GRU(3, 50), "last", (100, generator)))
    assert float(usual.layers.bias_hh_l0.abs().max()) < 2
    keeps = (long.layers.bias_ih_l0 + long.layers.bias_hh_l0).reshape(3, 50)[1].sigmoid()
    assert float(keeps.mean()) > 0.9
