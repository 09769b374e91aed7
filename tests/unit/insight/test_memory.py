import math

import numpy as np
import pytest
import torch

from tidegate.insight.memory import half_lives, jacobians, keeping, memory, reach
from tidegate.insight.walk import walk
from tidegate.nn.cells.catalogue import CELLS, kind
from tidegate.nn.cells.cell import advance
from tidegate.nn.cells.lstm import Lstm


def constant(layers, gate, value):
    """Set the weights so that `gate` has `value` whatever is read."""
    first = layers.cell.gates.index(gate) * layers.hidden_size
    rows = slice(first, first + layers.hidden_size)
    with torch.no_grad():
        for name, parameter in layers.named_parameters():
            parameter[rows] = 0.0
            if name == "bias_ih_l0":
                parameter[rows] = math.log(value / (1 - value))


KEPT = [("lstm", "forget", 0.9), ("gru", "update", 0.9), ("min_gru", "update", 0.1)]


@pytest.mark.parametrize(("name", "gate", "value"), KEPT)
def test_a_constant_gate_gives_its_half_life(name, gate, value, drawn, subject_of):
    layers = drawn(kind(name)())
    constant(layers, gate, value)
    (walked,) = walk(subject_of(layers))
    found = memory(layers.cell, walked, 1).half_lives
    np.testing.assert_allclose(found, math.log(0.5) / math.log(0.9), rtol=1e-6)
    np.testing.assert_allclose(memory(layers.cell, walked, 3).half_lives, 3 * found)


def test_half_of_a_cell_state_is_left_after_its_half_life(drawn):
    layers = drawn(Lstm())
    constant(layers, "forget", 0.9)
    constant(layers, "input", 1e-12)
    start = torch.ones(1, 1, 4, dtype=torch.float64)
    quiet = torch.zeros(14, 1, 3, dtype=torch.float64)
    left = layers.trace(quiet, (start, start))[0]["cell"][:, 0, 0].numpy()
    life = math.log(0.5) / math.log(0.9)
    assert left[math.floor(life) - 1] > 0.5 > left[math.ceil(life) - 1]


def test_shares_of_other_cells():
    ones = {name: torch.rand(3, 2, 4, generator=torch.Generator().manual_seed(1)) for name in ("input", "normaliser")}
    assert torch.equal(keeping(Lstm(coupled=True), {"input": ones["input"]}), 1 - ones["input"])
    wide = {**ones, "normaliser": 1 + ones["normaliser"], "forget": ones["input"]}
    assert torch.equal(keeping(kind("slstm")(), wide), 1 - wide["input"] / wide["normaliser"])
    assert keeping(kind("elman")(), {"hidden": ones["input"]}) is None


def test_what_an_slstm_keeps_is_the_weight_of_its_past(drawn):
    """c_t / n_t is a mean of the candidates; a candidate's weight decays by the shares that later steps keep."""
    layers = drawn(kind("slstm")())
    inputs = torch.randn(6, 1, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    (trace,) = layers.trace(inputs)
    kept = keeping(layers.cell, trace)
    mean = torch.zeros(1, 4, dtype=torch.float64)
    for share, candidate in zip(kept, trace["candidate"], strict=True):
        mean = share * mean + (1 - share) * candidate
    torch.testing.assert_close(mean, trace["cell"][-1] / trace["normaliser"][-1])


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("name", [name for name in CELLS if name != "slstm"])
def test_jacobians_are_those_of_autograd(name, direction, drawn, subject_of):
    layers = drawn(kind(name)(), bidirectional=True)
    walked = walk(subject_of(layers))[direction]
    found = jacobians(layers.cell, walked, places=10_000)
    n_steps, n_windows = walked.inputs.shape[:2]
    assert len(found) == (n_steps - 1) * n_windows
    for place in (0, 7, len(found) - 1):
        b, t = place // (n_steps - 1), 1 + place % (n_steps - 1)
        t, before = (t - 1, t) if direction else (t, t - 1)
        states = tuple(walked.trace[name][before, b : b + 1] for name in layers.cell.states)
        blocks = torch.autograd.functional.jacobian(
            lambda *state, at=(t, b): advance(layers.cell, walked.inputs[at][None], state, walked.weights).state, states
        )
        wanted = torch.cat([torch.cat([part[0, :, 0] for part in row], dim=1) for row in blocks])
        np.testing.assert_allclose(found[place], wanted.numpy(), atol=1e-12)


def test_a_step_of_finite_size_moves_as_the_jacobian_says(drawn, subject_of):
    layers = drawn(Lstm())
    (walked,) = walk(subject_of(layers))
    jacobian = jacobians(layers.cell, walked, places=1)[0]
    states = [walked.trace[name][0, :1] for name in layers.cell.states]
    nudge = 1e-6 * torch.randn(1, 8, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    ends = []
    for sign in (1, -1):
        moved = tuple(state + sign * part for state, part in zip(states, nudge.split(4, -1), strict=True))
        ends.append(torch.cat(advance(layers.cell, walked.inputs[1, :1], moved, walked.weights).state, dim=-1))
    np.testing.assert_allclose((ends[0] - ends[1])[0] / 2, jacobian @ nudge[0].numpy(), rtol=1e-6, atol=1e-13)


def test_radius_and_singular_values_of_a_linear_network_are_those_of_its_matrix(drawn, subject_of):
    layers = drawn(kind("elman")(nonlinearity="relu"))
    with torch.no_grad():
        layers.weight_hh_l0.copy_(0.5 * layers.weight_hh_l0.abs())
        layers.weight_ih_l0.abs_()
        layers.bias_ih_l0.abs_()
        layers.bias_hh_l0.abs_()
    inputs = torch.rand(8, 3, 3, generator=torch.Generator().manual_seed(1))
    (walked,) = walk(subject_of(layers, n_windows=3, inputs=inputs))
    found, matrix = memory(layers.cell, walked, 1), layers.weight_hh_l0.numpy()
    np.testing.assert_allclose(found.radii, np.abs(np.linalg.eigvals(matrix)).max())
    np.testing.assert_allclose(found.singular_values[3], np.linalg.svd(matrix, compute_uv=False))


def test_the_slstm_has_no_jacobian_of_its_moving_scale(drawn, subject_of):
    layers = drawn(kind("slstm")())
    (walked,) = walk(subject_of(layers))
    found = memory(layers.cell, walked, 1)
    assert found.radii is None
    assert found.singular_values is None
    assert (found.half_lives > 0).all()


def test_a_gradient_that_decays_by_a_factor_reaches_one_over_its_logarithm():
    assert reach(0.8 ** np.arange(30)) == math.ceil(-1 / math.log(0.8))
    assert reach(np.full(30, 2.0)) is None
    assert reach(np.zeros(4)) is None
    assert half_lives(np.ones((4, 2, 1)))[0] > 1e10
