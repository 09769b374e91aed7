import math

import pytest
import torch

from tidegate.nn.cells.cell import Sizes, advance
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.unroll import AHEAD, Course, unroll, within

STEPS, SEQUENCES, INPUTS, HIDDEN = 6, 3, 2, 4
CELLS = {"elman": Elman(), "gru": Gru(), "lstm": Lstm(), "lstm without gate biases": Lstm(gate_bias=False)}
LENGTHS = torch.tensor([6, 0, 3])


def drawn(cell, seed=1):
    """Weights, inputs and a state of random numbers."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    weights = {role: draw(*shape) for role, shape in cell.shapes(Sizes(INPUTS, HIDDEN)).items()}
    return weights, draw(STEPS, SEQUENCES, INPUTS), tuple(draw(SEQUENCES, HIDDEN) for _ in cell.states)


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


def test_it_is_the_cell_step_by_step(cell):
    weights, inputs, state = drawn(cell)
    made = unroll(cell, weights, inputs, state=state)
    for t in range(STEPS):
        state = advance(cell, inputs[t], state, weights).state
        torch.testing.assert_close(made.outputs[t], state[0])
    torch.testing.assert_close(made.state, state)
    assert made.trace == {}


def test_reverse_is_flip_run_flip(cell):
    weights, inputs, state = drawn(cell)
    made = unroll(cell, weights, inputs, state=state, course=Course(reverse=True))
    flipped = unroll(cell, weights, inputs.flip(0), state=state)
    torch.testing.assert_close(made.outputs, flipped.outputs.flip(0))
    torch.testing.assert_close(made.state, flipped.state)


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "reverse"])
def test_each_sequence_is_as_if_alone(cell, reverse):
    weights, inputs, state = drawn(cell)
    course = Course(reverse=reverse)
    made = unroll(cell, weights, inputs, state=state, lengths=LENGTHS, course=course)
    for row, length in enumerate(LENGTHS.tolist()):
        start = tuple(part[row : row + 1] for part in state)
        if length == 0:
            torch.testing.assert_close(tuple(part[row : row + 1] for part in made.state), start)
        else:
            alone = unroll(cell, weights, inputs[:length, row : row + 1], state=start, course=course)
            torch.testing.assert_close(made.outputs[:length, row : row + 1], alone.outputs)
            torch.testing.assert_close(tuple(part[row : row + 1] for part in made.state), alone.state)
        assert torch.equal(made.outputs[length:, row], torch.zeros(STEPS - length, HIDDEN, dtype=torch.float64))


@pytest.mark.parametrize("padding", [7.0, math.nan, math.inf])
def test_padding_changes_no_value_and_no_gradient(cell, padding):
    weights, inputs, state = drawn(cell)
    leaves = [*weights.values(), *state]
    found = []
    for filled in (inputs.detach(), torch.where(within(LENGTHS, STEPS), inputs.detach(), padding)):
        made = unroll(cell, weights, filled, state=state, lengths=LENGTHS)
        total = made.outputs.square().sum() + sum(part.square().sum() for part in made.state)
        found.append([made.outputs, *made.state, *torch.autograd.grad(total, leaves)])
    assert all(torch.equal(plain, padded) for plain, padded in zip(*found, strict=True))


def test_a_missing_value_is_passed_on_from_its_step(cell):
    weights, inputs, state = drawn(cell)
    inputs = inputs.detach().clone()
    inputs[2, 1, 0] = math.nan
    made = unroll(cell, weights, inputs, state=state)
    missing = made.outputs.isnan().all(-1)
    assert missing.equal(torch.tensor([[False, t >= 2, False] for t in range(STEPS)]))


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "reverse"])
def test_truncation_is_to_detach_the_carried_state(cell, reverse):
    weights, inputs, state = drawn(cell)
    made = unroll(cell, weights, inputs, state=state, course=Course(reverse=reverse, truncate=2))
    whole = unroll(cell, weights, inputs, state=state, course=Course(reverse=reverse))
    assert torch.equal(made.outputs, whole.outputs)
    carried, pieces = state, []
    for first in (4, 2, 0) if reverse else (0, 2, 4):
        piece = unroll(cell, weights, inputs[first : first + 2], state=carried, course=Course(reverse=reverse))
        pieces.append(piece.outputs.square().sum())
        carried = tuple(part.detach() for part in piece.state)
    leaves = [*weights.values(), inputs, *state]
    cut = torch.autograd.grad(made.outputs.square().sum(), leaves)
    torch.testing.assert_close(cut, torch.autograd.grad(sum(pieces), leaves))
    full = torch.autograd.grad(whole.outputs.square().sum(), leaves)
    assert all(not torch.allclose(one, other) for one, other in zip(cut, full, strict=True))


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "reverse"])
def test_trace_holds_gates_and_states_of_every_step(reverse):
    cell = Gru()
    weights, inputs, state = drawn(cell)
    made = unroll(cell, weights, inputs, state=state, lengths=LENGTHS, course=Course(reverse=reverse, trace=True))
    assert list(made.trace) == ["reset", "update", "candidate", "hidden"]
    trace, valid = made.trace, within(LENGTHS, STEPS)
    before = torch.stack([*trace["hidden"][1:], state[0]] if reverse else [state[0], *trace["hidden"][:-1]])
    mixed = (1 - trace["update"]) * trace["candidate"] + trace["update"] * before
    torch.testing.assert_close(trace["hidden"], torch.where(valid, mixed, before))
    assert all(bool((trace[gate] != 0).all(-1, keepdim=True).equal(valid)) for gate in cell.gates)
    torch.testing.assert_close(torch.where(valid, trace["hidden"], 0), made.outputs)


def test_the_plain_course():
    assert Course() == AHEAD
    assert not AHEAD.reverse
    assert AHEAD.truncate is None
