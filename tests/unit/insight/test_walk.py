import numpy as np
import pytest
import torch

from tidegate.insight.subject import Subject
from tidegate.insight.walk import walk
from tidegate.nn.cells.catalogue import CELLS, kind
from tidegate.nn.cells.cell import advance
from tidegate.nn.stack import PARAMETERS


def by_autograd(layers, inputs):
    """Walk one layer step by step and return the states after each, tied by a graph."""
    names = {role: f"{name}_l0" for role, name in PARAMETERS.items()}
    weights = {role: getattr(layers, name) for role, name in names.items() if hasattr(layers, name)}
    state = tuple(torch.zeros(inputs.shape[1], layers.hidden_size, dtype=inputs.dtype) for _ in layers.cell.states)
    state = tuple(part.requires_grad_() for part in state)
    states = []
    for one in inputs:
        state = advance(layers.cell, one, state, weights).state
        states.append(state)
    return states


@pytest.mark.parametrize("name", CELLS)
def test_norms_by_lag_are_those_of_autograd_through_a_loop(name, drawn):
    layers = drawn(kind(name)())
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(9, 5, layers.input_size, generator=generator, dtype=torch.float64)
    layers.requires_grad_(requires_grad=False)
    states = by_autograd(layers, inputs)
    readout = torch.randn(layers.output_size, 2, generator=generator, dtype=torch.float64)
    losses = (states[-1][0] @ readout).square()
    subject = Subject(layers, lambda: (layers(inputs)[0][-1] @ readout).square(), (1, 2), 5, 1, None)
    (found,) = walk(subject)
    for row, loss in enumerate([losses[:, 0].sum(), losses[:, 1].sum(), losses.sum()]):
        for index, told in ((0, found.hidden), (1, found.cell)):
            if told is None:
                continue
            each = torch.autograd.grad(loss, [state[index] for state in states], retain_graph=True, allow_unused=True)
            wanted = [0.0 if one is None else one.norm().item() / np.sqrt(5) for one in reversed(each)]
            np.testing.assert_allclose(told[row], wanted, rtol=1e-9, atol=1e-14)
    assert (found.cell is not None) == ("cell" in layers.cell.states)


def test_layers_and_directions_come_in_torchs_order_with_what_each_read(drawn, subject_of):
    layers = drawn(kind("gru")(), num_layers=2, bidirectional=True, residual=False)
    found = walk(subject_of(layers))
    assert [(one.layer, one.direction) for one in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    first = torch.cat([found[0].trace["hidden"], found[1].trace["hidden"]], dim=-1)
    assert torch.equal(found[2].inputs, first)
    assert found[3].hidden.shape == (3, 12)


def test_the_newest_step_of_a_backward_walk_is_the_first_of_the_window(drawn, subject_of):
    """The loss reads the output of the last step, where a backward walk has only begun: nothing flows beyond."""
    backward = walk(subject_of(drawn(kind("elman")(), bidirectional=True)))[1]
    assert backward.hidden[-1][-1] > 0
    assert not backward.hidden[-1][:-1].any()


def test_parameters_keep_no_gradient(drawn, subject_of):
    layers = drawn(kind("lstm")())
    walk(subject_of(layers))
    assert all(parameter.grad is None for parameter in layers.parameters())
