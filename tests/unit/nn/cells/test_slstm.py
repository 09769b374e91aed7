"""The sLSTM: its equations without the stabiliser, what the stabiliser must not change, and extreme sums."""

import numpy as np
import pytest
import torch

from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.slstm import Slstm

CELL, SIZES = Slstm(), Sizes(3, 4)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def weights():
    return {role: drawn(*shape, seed=k) for k, (role, shape) in enumerate(CELL.shapes(SIZES).items())}


@pytest.fixture
def state():
    h, c, n, m = (drawn(5, 4, seed=seed) for seed in (10, 11, 12, 13))
    return h, c, 1 + n.abs(), m


def sigma(v):
    return 1 / (1 + np.exp(-v))


def test_a_step_is_the_one_without_a_stabiliser(weights, state):
    w, u, b = (weights[role].numpy() for role in ("input", "recurrent", "input_bias"))
    h, c, n, m = (part.numpy() for part in state)
    x = drawn(5, 3, seed=20)
    input_, forget, candidate, output = np.split(x.numpy() @ w.T + h @ u.T + b, 4, axis=-1)
    c, n = c * np.exp(m), n * np.exp(m)  # as they are, not as they are stored
    c = sigma(forget) * c + np.exp(input_) * np.tanh(candidate)
    n = sigma(forget) * n + np.exp(input_)
    made = advance(CELL, x, state, weights)
    scale = np.exp(made.state[3].numpy())
    for ours, expected in zip(made.state, (sigma(output) * c / n, c / scale, n / scale), strict=False):
        np.testing.assert_allclose(ours.numpy(), expected, rtol=0, atol=1e-14)
    for name in ("input", "forget", "output"):
        assert bool(((made.gates[name] > 0) & (made.gates[name] <= 1)).all())


def test_the_stabiliser_is_a_choice_of_scale(weights, state):
    h, c, n, m = state
    shift, x = drawn(5, 4, seed=21), drawn(5, 3, seed=20)
    moved = (h, c * torch.exp(-shift), n * torch.exp(-shift), m + shift)
    first, second = (advance(CELL, x, start, weights).state for start in (state, moved))
    torch.testing.assert_close(first[0], second[0], rtol=0, atol=1e-14)


@pytest.mark.parametrize("m", [-1e4, -3.0, 7.0, 1e4])
def test_an_empty_memory_does_not_depend_on_its_stabiliser(weights, m):
    zeros = torch.zeros(5, 4, dtype=torch.float64)
    x = drawn(5, 3, seed=20)
    plain = advance(CELL, x, (zeros,) * 4, weights).state
    other = advance(CELL, x, (zeros, zeros, zeros, zeros + m), weights).state
    for one, two in zip(plain, other, strict=True):
        assert torch.equal(one, two)
    assert bool((plain[2] == 1).all())


def test_an_empty_entry_beside_full_ones_is_treated_on_its_own(weights, state):
    h, c, n, m = (part.clone() for part in state)
    c[0, 0] = n[0, 0] = 0
    x = drawn(5, 3, seed=20)
    first, second = (advance(CELL, x, (h, c, n, scale), weights).state for scale in (m, m + 50 * (n == 0)))
    for one, two in zip(first, second, strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("gate", ["input", "forget"])
@pytest.mark.parametrize("sum_", [-1e4, 1e4])
def test_extreme_sums_stay_finite(weights, dtype, gate, sum_):
    bias = weights["input_bias"].clone()
    bias[4 * CELL.gates.index(gate) :][:4] = sum_
    leaves = {role: weight.to(dtype).requires_grad_() for role, weight in {**weights, "input_bias": bias}.items()}
    state = (torch.zeros(5, 4, dtype=dtype, requires_grad=True),) * 4
    for step in drawn(6, 5, 3, seed=20).to(dtype):
        state = advance(CELL, step, state, leaves).state
    gradients = torch.autograd.grad(state[0].sum(), list(leaves.values()))
    assert all(bool(part.isfinite().all()) for part in (*state, *gradients))
    assert bool((state[2] >= 1).all())


def test_the_gradient_passes_through_an_empty_memory(weights):
    x = drawn(3, 2, 3, seed=20)

    def outputs(h, c, n, m):
        state = (h, c, n, m)
        for step in x:
            state = advance(CELL, step, state, weights).state
        return state[0]

    zeros = [torch.zeros(2, 4, dtype=torch.float64, requires_grad=True) for _ in range(4)]
    assert torch.autograd.gradcheck(outputs, zeros)


def test_the_formula_of_the_card_counts_the_parameters():
    assert eval(filled(CELL.card().count, {"I": 3, "H": 4})) == n_parameters(CELL, SIZES) == 4 * (4 * 3 + 4 * 4 + 4)
