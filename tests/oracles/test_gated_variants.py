"""The GRU's forms and the relatives equal independent implementations, values and gradients, in double precision."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
import torchrecurrent
from minGRU_pytorch.minGRU import minGRU
from minGRU_pytorch.minLSTM import minLSTM

from tidegate.kernels.library import library
from tidegate.nn import Recurrent, Stack
from tidegate.nn.cells.cell import Sizes, advance
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.scan import scanned
from tidegate.nn.unroll import unroll

SIZES, STEPS, SEQUENCES = Sizes(3, 5), 13, 4
VALUES, GRADIENTS = 1e-12, 1e-10


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaf(*shape, seed=0):
    return drawn(*shape, seed=seed).requires_grad_()


def weights_of(cell, scale=1.0):
    shapes = cell.shapes(SIZES).items()
    return {role: (scale * drawn(*shape, seed=k)).requires_grad_() for k, (role, shape) in enumerate(shapes)}


def assert_equal(ours, theirs, leaves):
    """Values, and the gradients of every leaf under the same random pull."""
    torch.testing.assert_close(ours, theirs, rtol=VALUES, atol=VALUES)
    pull = drawn(*ours.shape, seed=99)
    found, expected = (torch.autograd.grad((made * pull).sum(), leaves, retain_graph=True) for made in (ours, theirs))
    for one, two in zip(found, expected, strict=True):
        torch.testing.assert_close(one, two, rtol=GRADIENTS, atol=GRADIENTS)
        assert bool((two != 0).any())


COMPUTED = ("steps", *(["kernel"] if library() else []))


@pytest.fixture
def walk(kernel_walk, computed):
    """What walks through time: the loop, a scan or a compiled kernel."""
    return {"steps": unroll, "scan": scanned, "kernel": kernel_walk}[computed]


# GRU


@pytest.mark.parametrize("computed", COMPUTED)
def test_the_reset_after_form_is_torch(walk):
    theirs = torch.nn.GRU(SIZES.inputs, SIZES.hidden, dtype=torch.float64)
    cell, weights = Gru("after"), weights_of(Gru("after"))
    names = {
        "weight_ih_l0": "input",
        "weight_hh_l0": "recurrent",
        "bias_ih_l0": "input_bias",
        "bias_hh_l0": "recurrent_bias",
    }
    x, h = leaf(STEPS, SEQUENCES, 3, seed=10), leaf(SEQUENCES, 5, seed=11)
    named = {name: weights[role] for name, role in names.items()}
    expected, _ = torch.func.functional_call(theirs, named, (x, h[None]))
    assert_equal(walk(cell, weights, x, state=(h,)).outputs, expected, [x, h, *weights.values()])


@pytest.mark.parametrize("computed", COMPUTED)
def test_the_form_without_a_reset_gate_is_the_update_gate_rnn(walk):
    """Collins et al. 2017 in torchrecurrent, whose row blocks are candidate, update."""
    cell, weights = Gru("absent"), weights_of(Gru("absent"))
    theirs = torchrecurrent.UGRNNCell(SIZES.inputs, SIZES.hidden, dtype=torch.float64)
    names = {"weight_ih": "input", "weight_hh": "recurrent", "bias_ih": "input_bias", "bias_hh": "recurrent_bias"}
    swapped = {name: torch.cat(weights[role].chunk(2)[::-1]) for name, role in names.items()}
    x, h = leaf(STEPS, SEQUENCES, 3, seed=10), leaf(SEQUENCES, 5, seed=11)
    steps, state = [], h
    for step in x:
        state = torch.func.functional_call(theirs, swapped, (step, state))
        steps.append(state)
    assert_equal(walk(cell, weights, x, state=(h,)).outputs, torch.stack(steps), [x, h, *weights.values()])


def by_cho(x, h, weights):
    """Return h after every step: Cho et al. 2014, equations 5 to 8, in numpy, also for complex numbers."""
    w, u, b, r = (np.split(weights[role], 3) for role in ("input", "recurrent", "input_bias", "recurrent_bias"))
    outputs = []
    for step in x:
        of_input = [step @ w[k].T + b[k] for k in range(3)]
        reset, update = (1 / (1 + np.exp(-(of_input[k] + h @ u[k].T + r[k]))) for k in range(2))
        candidate = np.tanh(of_input[2] + (reset * h) @ u[2].T + r[2])
        h = update * h + (1 - update) * candidate
        outputs.append(h)
    return np.stack(outputs)


@pytest.mark.parametrize("computed", COMPUTED)
def test_the_reset_before_form_is_the_paper_written_in_numpy(walk):
    """Gradients by the complex step, which is exact to rounding: Im f(v + i e d) / e along a direction d."""
    cell, weights = Gru("before"), weights_of(Gru("before"))
    x, h = leaf(STEPS, SEQUENCES, 3, seed=10), leaf(SEQUENCES, 5, seed=11)
    leaves = {"x": x, "h": h, **weights}
    plain = {name: each.detach().numpy() for name, each in leaves.items()}
    made = walk(cell, weights, x, state=(h,)).outputs
    np.testing.assert_allclose(made.detach().numpy(), by_cho(plain["x"], plain["h"], plain), rtol=0, atol=VALUES)
    pull = drawn(*made.shape, seed=99)
    gradients = torch.autograd.grad((made * pull).sum(), list(leaves.values()))
    for k, (name, gradient) in enumerate(zip(leaves, gradients, strict=True)):
        direction = drawn(*gradient.shape, seed=50 + k)
        moved = {**plain, name: plain[name] + 1e-30j * direction.numpy()}
        slope = (by_cho(moved["x"], moved["h"], moved) * pull.numpy()).imag.sum() / 1e-30
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=GRADIENTS)
        assert slope != 0


# minimal cells


def positive(values):
    return torch.where(values >= 0, values + 0.5, torch.sigmoid(values))


def theirs_minimal(kind, rows):
    """Return their module with our weights, whose row blocks they have in the order `rows`; they have no biases."""
    module = kind(SIZES.inputs, expansion_factor=SIZES.hidden / SIZES.inputs, proj_out=False).double()
    (name,) = (name for name, _ in module.named_parameters())

    def run(weights, x, **state):
        blocks = weights["input"].chunk(len(rows))
        inputs = (x.transpose(0, 1),)
        made = torch.func.functional_call(module, {name: torch.cat([blocks[k] for k in rows])}, inputs, state)
        return made.transpose(0, 1)

    return run


MINIMAL = {
    "min_gru": (MinGru("positive"), theirs_minimal(minGRU, (1, 0))),
    "min_lstm": (MinLstm("positive"), theirs_minimal(minLSTM, (2, 1, 0))),
}


@pytest.mark.parametrize("computed", ["scan", *COMPUTED])
@pytest.mark.parametrize("name", MINIMAL)
def test_minimal_cells_from_zero(name, walk):
    cell, theirs = MINIMAL[name]
    weights, x = {"input": leaf(*cell.shapes(SIZES)["input"], seed=1)}, leaf(STEPS, SEQUENCES, 3, seed=10)
    made = walk(cell, weights, x, state=(torch.zeros(SEQUENCES, 5, dtype=torch.float64),)).outputs
    assert_equal(made, theirs(weights, x), [x, weights["input"]])


@pytest.mark.parametrize("computed", ["scan", *COMPUTED])
@pytest.mark.parametrize("name", MINIMAL)
def test_minimal_cells_from_a_state(name, walk):
    """Over several steps their minGRU takes h itself, which must be above 0, and their minLSTM g(h)."""
    cell, theirs = MINIMAL[name]
    weights, x = {"input": leaf(*cell.shapes(SIZES)["input"], seed=1)}, leaf(STEPS, SEQUENCES, 3, seed=10)
    raw = leaf(SEQUENCES, 5, seed=11)
    h = positive(raw)
    given = h if name == "min_gru" else raw
    made = walk(cell, weights, x, state=(h,)).outputs
    assert_equal(made, theirs(weights, x, prev_hidden=given[:, None]), [x, raw, weights["input"]])


@pytest.mark.parametrize("name", MINIMAL)
def test_minimal_cells_step_by_step(name):
    """Over one step both of theirs take h itself, of either sign."""
    cell, theirs = MINIMAL[name]
    weights, x = {"input": leaf(*cell.shapes(SIZES)["input"], seed=1)}, leaf(SEQUENCES, 3, seed=10)
    h = leaf(SEQUENCES, 5, seed=11)
    made = advance(cell, x, (h,), weights).state[0]
    assert_equal(made, theirs(weights, x[None], prev_hidden=h[:, None])[0], [x, h, weights["input"]])


@pytest.mark.parametrize("name", MINIMAL)
def test_a_layer_of_minimal_cells(name):
    cell, theirs = MINIMAL[name]
    layer = Recurrent(cell, SIZES.inputs, SIZES.hidden, stack=Stack(bias=False), dtype=torch.float64)
    x = leaf(STEPS, SEQUENCES, 3, seed=10)
    assert_equal(layer(x)[0], theirs({"input": layer.weight_ih_l0}, x), [x, layer.weight_ih_l0])


# sLSTM


@pytest.fixture(scope="module")
def pointwise():
    """The step of xlstm without its recurrent product, loaded from its file: the package itself looks for CUDA."""
    found = importlib.util.find_spec("xlstm")
    file = Path(found.submodule_search_locations[0], "blocks", "slstm", "src", "vanilla", "slstm.py")
    spec = importlib.util.spec_from_file_location("xlstm_vanilla_slstm", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.slstm_forward_pointwise


def by_xlstm(pointwise, weights, x, state):
    """Return all four states after each step, shape (4, T, B, H)."""
    states, steps = torch.stack(state), []
    for step in x:
        products = step @ weights["input"].T, states[0] @ weights["recurrent"].T
        states, _ = pointwise(*products, weights["input_bias"][None], states, {})
        steps.append(states)
    return torch.stack(steps, 1)


def by_steps(weights, x, state):
    steps = []
    for step in x:
        state = advance(Slstm(), step, state, weights).state
        steps.append(torch.stack(state))
    return torch.stack(steps, 1)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_slstm_from_zero(pointwise, scale):
    """Every state of every step; sums of some hundreds overflow without the stabiliser."""
    weights, x = weights_of(Slstm(), scale), leaf(STEPS, SEQUENCES, 3, seed=10)
    zeros = (torch.zeros(SEQUENCES, 5, dtype=torch.float64),) * 4
    expected = by_xlstm(pointwise, weights, x, zeros)
    torch.testing.assert_close(by_steps(weights, x, zeros), expected, rtol=VALUES, atol=VALUES)
    assert_equal(unroll(Slstm(), weights, x, state=zeros).outputs, expected[0], [x, *weights.values()])


def test_slstm_from_a_state(pointwise):
    """From a normaliser above 0 the gradients of the initial states are theirs too.

    At 0 theirs differ on purpose: they cut exp(log forget + m - m_t) at 1 where m_t leaves the forget gate out.
    """
    weights, x = weights_of(Slstm()), leaf(STEPS, SEQUENCES, 3, seed=10)
    leaves = [leaf(SEQUENCES, 5, seed=seed) for seed in (11, 12, 13, 14)]
    h, c, n, m = leaves
    state = (h, c, 0.1 + n.square(), m)
    expected = by_xlstm(pointwise, weights, x, state)
    assert_equal(by_steps(weights, x, state), expected, [x, *leaves, *weights.values()])
    assert_equal(unroll(Slstm(), weights, x, state=state).outputs, expected[0], [x, *leaves, *weights.values()])
