import pytest
import torch

from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.dilated import DilatedStack, dilated
from tidegate.nn.stack import Recurrent


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def drawn(module, generator):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)
    return module


@pytest.mark.parametrize("n_steps", [5, 6, 7, 1])
@pytest.mark.parametrize("dilation", [1, 2, 3, 9])
def test_a_step_goes_on_from_the_state_d_steps_before(n_steps, dilation, generator):
    layer = drawn(Recurrent(Lstm(), 3, 4), generator)
    inputs = torch.randn(n_steps, 2, 3, generator=generator)
    states, expected = {}, []
    for t in range(n_steps):
        output, states[t] = layer.step(inputs[t], states.get(t - dilation))
        expected.append(output)
    torch.testing.assert_close(dilated(layer, inputs, dilation), torch.stack(expected))


def test_blocks_are_added_to_what_they_read_from_the_second_on(generator):
    stack = drawn(DilatedStack(Gru(), 3, 4, ((1, 2), (3,), (2,))), generator)
    inputs = torch.randn(7, 2, 3, generator=generator)
    one, two, three, four = stack.layers
    first = dilated(two, dilated(one, inputs, 1), 2)
    second = first + dilated(three, first, 3)
    torch.testing.assert_close(stack(inputs), second + dilated(four, second, 2))
    assert stack.width == stack(inputs).shape[-1] == 4


def test_no_step_sees_a_later_one_and_each_reaches_back(generator):
    stack = drawn(DilatedStack(Lstm(), 2, 3, ((1, 2), (4, 8))), generator)
    inputs = torch.randn(20, 1, 2, generator=generator)
    changed = inputs.clone()
    changed[9] += 1
    moved = (stack(inputs) != stack(changed)).any(-1)[:, 0]
    assert not moved[:9].any()
    assert moved[9:].all()


def test_gradients_reach_every_layer(generator):
    stack = drawn(DilatedStack(Lstm(), 2, 3, ((1, 2), (4,))), generator)
    stack(torch.randn(9, 2, 2, generator=generator)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in stack.parameters())


@pytest.mark.parametrize("blocks", [(), ((),), ((1, 0),)])
def test_blocks_without_layers_or_steps_are_refused(blocks):
    with pytest.raises(ValueError, match="blocks must name dilations of at least 1 step"):
        DilatedStack(Lstm(), 2, 3, blocks)
