"""What must hold between runs of the same cell, whatever its equations: in double precision, with random weights."""

from functools import partial

import numpy as np
import pytest
import torch

from tidegate.kernels.library import library
from tidegate.nn.cells.affine import Scannable
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.cell import Sizes, project, spread
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru, mirrored
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.nouns import noun
from tidegate.nn.scan import scanned
from tidegate.nn.unroll import Course, unroll

SIZES, STEPS, SEQUENCES = Sizes(3, 5), 9, 6
LENGTHS = torch.tensor([9, 4, 0, 1, 7, 5])
NAMED = {
    "elman": Elman(),
    "elman relu": Elman("relu"),
    "lstm": Lstm(),
    "lstm peepholes": Lstm(peepholes="full"),
    "lstm coupled": Lstm(coupled=True),
    "lstm no gate bias": Lstm(gate_bias=False),
    "gru after": Gru(),
    "gru before": Gru("before"),
    "gru absent": Gru("absent"),
    "gru no gate bias": Gru(gate_bias=False),
    "min_gru": MinGru(),
    "min_gru positive": MinGru("positive"),
    "min_lstm": MinLstm(),
    "min_lstm not normalised": MinLstm(normalised=False),
    "slstm": Slstm(),
}


def stepped(cell, weights, inputs, *, state, lengths=None, reverse=False):
    return unroll(cell, weights, inputs, state=state, lengths=lengths, course=Course(reverse=reverse))


WALKS = {name: partial(stepped, cell) for name, cell in NAMED.items()}
WALKS |= {f"{name} by scan": partial(scanned, cell) for name, cell in NAMED.items() if isinstance(cell, Scannable)}
COMPILED = [name for name, cell in NAMED.items() if library() and noun(cell)]
NAMES = [*WALKS, *(f"{name} by kernel" for name in COMPILED)]


@pytest.fixture(scope="module")
def walks(kernel_walk):
    """Every walk by its name."""

    def walked(cell, weights, inputs, *, state, lengths=None, reverse=False):
        return kernel_walk(cell, weights, inputs, state=state, lengths=lengths, course=Course(reverse=reverse))

    return WALKS | {f"{name} by kernel": partial(walked, NAMED[name]) for name in COMPILED}


def cell_of(walk):
    return NAMED[walk.split(" by ")[0]]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def weights_of(cell, sizes=SIZES):
    shapes = cell.shapes(sizes).items()
    return {role: (0.7 * drawn(*shape, seed=k)).requires_grad_() for k, (role, shape) in enumerate(shapes)}


def state_of(cell, sizes=SIZES, sequences=SEQUENCES):
    """Return a random state; a normaliser is above 0, as it is in use."""
    widths = [sizes.shown, *[sizes.hidden] * (len(cell.states) - 1)]
    parts = [drawn(sequences, width, seed=20 + k) for k, width in enumerate(widths)]
    pairs = zip(cell.states, parts, strict=True)
    return tuple((1 + part.abs() if name == "normaliser" else part).requires_grad_() for name, part in pairs)


def inputs_of(steps=STEPS):
    return drawn(steps, SEQUENCES, SIZES.inputs, seed=10).requires_grad_()


def pulled(outputs, state):
    """Return one number that depends on every output and every final state."""
    parts = (outputs, *state)
    return sum((part * drawn(*part.shape, seed=40 + k)).sum() for k, part in enumerate(parts))


def assert_same(one, two, leaves, limit=1e-12):
    """Outputs, final states, and the gradients of every leaf; `one` and `two` are pairs of outputs and state."""
    for ours, theirs in zip((one[0], *one[1]), (two[0], *two[1]), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=limit)
    found, expected = (
        torch.autograd.grad(pulled(*made), leaves, retain_graph=True, materialize_grads=True) for made in (one, two)
    )
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=limit, atol=limit)
    assert all(bool((slope != 0).any()) for slope in expected)


def flipped(values, lengths):
    """Return every sequence backwards within its own length; what lies beyond stays."""
    steps = torch.arange(len(values))[:, None]
    source = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return values[source, torch.arange(values.shape[1])]


def test_every_cell_is_tried():
    assert {type(cell) for cell in NAMED.values()} == set(CELLS.values())


# GRU forms and conventions


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_reset_gate_held_open_is_the_unit_without_it(reset):
    full, bare = Gru(reset), Gru("absent")
    weights, x, state = weights_of(full), inputs_of(), state_of(full)
    opened = {**weights, "input_bias": torch.cat([torch.full((5,), 40.0).double(), weights["input_bias"][5:]])}
    rest = {role: weight[5:] for role, weight in weights.items()}
    held, without = (unroll(*given, x, state=state)[:2] for given in ((full, opened), (bare, rest)))
    assert_same(held, without, [x, *state, *weights.values()], limit=1e-14)
    shut = unroll(full, weights, x, state=state)
    assert float((shut.outputs - without[0]).detach().abs().max()) > 0.01


def by_the_lecture(cell, weights, x, h):
    """Return h after each step with h_t = Gamma_u * candidate + (1 - Gamma_u) * h_{t-1}, in numpy."""
    outputs, blocks = [], {role: np.split(weight, len(cell.gates)) for role, weight in weights.items()}
    at = {gate: k for k, gate in enumerate(cell.gates)}

    def of(gate, step, h):
        of_input = step @ blocks["input"][at[gate]].T + blocks["input_bias"][at[gate]]
        if "recurrent" not in blocks:
            return of_input, 0
        return of_input, h @ blocks["recurrent"][at[gate]].T + blocks["recurrent_bias"][at[gate]]

    def opened(gate, step):
        return 1 / (1 + np.exp(-sum(of(gate, step, h))))

    for step in x:
        gamma = opened("update", step)
        reset = opened("reset", step) if "reset" in cell.gates else 1
        of_input, recurrent = of("candidate", step, reset * h if getattr(cell, "reset", "") == "before" else h)
        if getattr(cell, "reset", "") == "after":
            recurrent = reset * recurrent
        candidate = of_input if isinstance(cell, MinGru) else np.tanh(of_input + recurrent)
        h = gamma * candidate + (1 - gamma) * h
        outputs.append(h)
    return np.stack(outputs)


@pytest.mark.parametrize("name", ["gru after", "gru before", "gru absent", "min_gru"])
def test_mirrored_weights_swap_the_conventions(name):
    cell = NAMED[name]
    weights = {role: weight.detach() for role, weight in weights_of(cell).items()}
    x, (h,) = inputs_of().detach(), state_of(cell)
    turned = mirrored(weights, cell)
    lectures, pytorchs = (weights, turned) if isinstance(cell, MinGru) else (turned, weights)
    plain = {role: weight.numpy() for role, weight in weights.items()}
    expected = by_the_lecture(cell, plain, x.numpy(), h.detach().numpy())
    made = unroll(cell, lectures, x, state=(h.detach(),)).outputs
    np.testing.assert_allclose(made.numpy(), expected, rtol=0, atol=1e-14)
    other = unroll(cell, pytorchs, x, state=(h.detach(),)).outputs
    assert np.abs(other.numpy() - expected).max() > 0.1


# every cell


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
@pytest.mark.parametrize("name", NAMES)
def test_halves_with_the_state_carried_are_the_whole(walks, name, lengths, reverse):
    cell, walk, cut = cell_of(name), walks[name], 4
    weights, x, state = weights_of(cell), inputs_of(), state_of(cell)
    whole = walk(weights, x, state=state, lengths=lengths, reverse=reverse)
    early = None if lengths is None else lengths.clamp(max=cut)
    halves = [(x[:cut], early), (x[cut:], None if lengths is None else lengths - early)]
    outputs, carried = [], state
    for part, steps in halves[::-1] if reverse else halves:
        made = walk(weights, part, state=carried, lengths=steps, reverse=reverse)
        carried = made.state
        outputs.append(made.outputs)
    joined = torch.cat(outputs[::-1] if reverse else outputs)
    assert_same((joined, carried), whole[:2], [x, *state, *weights.values()])


@pytest.mark.parametrize("name", NAMES)
def test_reverse_is_flip_run_flip(walks, name):
    cell, walk = cell_of(name), walks[name]
    weights, x, state = weights_of(cell), inputs_of(), state_of(cell)
    backwards = walk(weights, x, state=state, lengths=LENGTHS, reverse=True)
    forwards = walk(weights, flipped(x, LENGTHS), state=state, lengths=LENGTHS)
    turned = (flipped(forwards.outputs, LENGTHS), forwards.state)
    assert_same(turned, backwards[:2], [x, *state, *weights.values()])
    assert float((backwards.outputs - forwards.outputs).detach().abs().max()) > 0.01


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_no_bit(walks, name, reverse):
    """Whatever lies beyond a sequence's length, NaN and infinity included."""
    cell, walk = cell_of(name), walks[name]
    weights, state, values = weights_of(cell), state_of(cell), inputs_of().detach()
    beyond = torch.arange(STEPS)[:, None] >= LENGTHS
    kept = []
    for filling in (0.0, 3.0, float("nan"), float("inf")):
        x = torch.where(beyond[..., None], filling, values).requires_grad_()
        made = walk(weights, x, state=state, lengths=LENGTHS, reverse=reverse)
        gradients = torch.autograd.grad(pulled(*made[:2]), [x, *state, *weights.values()])
        kept.append([made.outputs, *made.state, *gradients])
        assert bool((made.outputs[beyond] == 0).all())
        assert bool((gradients[0][beyond] == 0).all())
    for other in kept[1:]:
        assert all(torch.equal(one, two) for one, two in zip(kept[0], other, strict=True))
    assert all(torch.equal(final[2], start[2]) for final, start in zip(made.state, state, strict=True))


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("name", NAMES)
def test_a_padded_batch_is_its_sequences_one_by_one(walks, name, reverse):
    cell, walk = cell_of(name), walks[name]
    weights, x, state = weights_of(cell), inputs_of(), state_of(cell)
    batch = walk(weights, x, state=state, lengths=LENGTHS, reverse=reverse)
    outputs, finals = [], []
    for index, length in enumerate(LENGTHS.tolist()):
        row = slice(index, index + 1)
        start = tuple(part[row] for part in state)
        if not length:
            outputs.append(torch.zeros(STEPS, 1, SIZES.hidden, dtype=torch.float64))
            finals.append(start)
            continue
        made = walk(weights, x[:length, row], state=start, reverse=reverse)
        outputs.append(torch.nn.functional.pad(made.outputs, (0, 0, 0, 0, 0, STEPS - length)))
        finals.append(made.state)
    alone = torch.cat(outputs, 1), tuple(torch.cat(parts) for parts in zip(*finals, strict=True))
    assert_same(alone, batch[:2], [x, *state, *weights.values()])


@pytest.mark.parametrize("steps", [STEPS, 300])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("name", ["min_gru", "min_gru positive", "min_lstm", "min_lstm not normalised"])
def test_a_scan_is_its_steps(name, reverse, steps):
    cell = NAMED[name]
    weights, x, state = weights_of(cell), inputs_of(steps), state_of(cell)
    lengths = LENGTHS * steps // STEPS
    by_scan = scanned(cell, weights, x, state=state, lengths=lengths, reverse=reverse)
    by_steps = stepped(cell, weights, x, state=state, lengths=lengths, reverse=reverse)
    assert_same(by_scan[:2], by_steps[:2], [x, *state, *weights.values()])


# truncated backpropagation


def by_hand(cell, weights, x, state, every):
    """Return outputs and state of a loop that detaches the state after `every` steps."""
    weights = spread(weights, cell)
    sums, outputs = project(x, weights), []
    for t in range(len(x)):
        if t and t % every == 0:
            state = tuple(part.detach() for part in state)
        state = cell.step(sums[t], state, weights).state
        outputs.append(state[0])
    return torch.stack(outputs), state


@pytest.mark.parametrize("every", [1, 2, 4, 9, 10])
@pytest.mark.parametrize("name", NAMED)
def test_truncation_is_a_loop_with_detach_bit_for_bit(name, every):
    cell = NAMED[name]
    weights, x, state = weights_of(cell), inputs_of(), state_of(cell)
    leaves = [x, *state, *weights.values()]
    made = unroll(cell, weights, x, state=state, course=Course(truncate=every))[:2]
    expected = by_hand(cell, weights, x, state, every)
    for ours, theirs in zip((made[0], *made[1]), (expected[0], *expected[1]), strict=True):
        assert torch.equal(ours, theirs)
    slopes = [torch.autograd.grad(pulled(*each), leaves, materialize_grads=True) for each in (made, expected)]
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*slopes, strict=True))
    full = unroll(cell, weights, x, state=state)
    assert torch.equal(full.outputs, made[0])
    if every < STEPS:
        whole = torch.autograd.grad(pulled(*full[:2]), leaves, materialize_grads=True)
        assert not torch.equal(whole[0], slopes[0][0])


@pytest.mark.parametrize("name", NAMED)
def test_truncation_counts_from_where_a_reverse_walk_begins(name):
    """As in parts of the sequence, the last one first, with a detached state between them."""
    cell, every = NAMED[name], 4
    weights, x, state = weights_of(cell), inputs_of(), state_of(cell)
    made = unroll(cell, weights, x, state=state, course=Course(reverse=True, truncate=every))
    carried, outputs = state, []
    for part in x.flip(0).split(every):
        walked = unroll(cell, weights, part, state=tuple(each.detach() if outputs else each for each in carried))
        carried = walked.state
        outputs.append(walked.outputs)
    assert_same((torch.cat(outputs).flip(0), carried), made[:2], [x, *state, *weights.values()])
