"""The test of the tests: a cell or a walk through time with a planted fault must fail the comparison with torch.nn."""

from functools import partial

import pytest
import torch

from tidegate.kernels.library import library
from tidegate.nn import reference as walks
from tidegate.nn import stack
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm

CELLS = {"rnn": Elman, "lstm": Lstm, "gru": Gru}
N_BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}


def exchanged(values, first, second, count):
    """Return `values` with two of the `count` blocks of the axis of rows exchanged."""
    axis = -1 if values.dim() == 1 else -2
    blocks = list(values.chunk(count, axis))
    blocks[first], blocks[second] = blocks[second], blocks[first]
    return torch.cat(blocks, axis)


def without_block(values, block, count):
    """Return `values`, a bias, with one of its `count` blocks at 0."""
    blocks = list(values.chunk(count))
    blocks[block] = torch.zeros_like(blocks[block])
    return torch.cat(blocks)


# Faults of a step: (original step, cell, sums, state, weights) -> Step


def gates_swapped(step, cell, sums, state, weights, *, first, second):
    count = len(cell.gates)
    rows = {name: exchanged(weights[name], first, second, count) for name in ("recurrent", "recurrent_bias")}
    return step(cell, exchanged(sums.mT, first, second, count).mT, state, {**weights, **rows})


def bias_of_one_gate_dropped(step, cell, sums, state, weights, *, block):
    bias = without_block(weights["recurrent_bias"], block, len(cell.gates))
    return step(cell, sums, state, {**weights, "recurrent_bias": bias})


def recurrent_bias_dropped(step, cell, sums, state, weights):
    return step(cell, sums, state, {**weights, "recurrent_bias": None})


def input_bias_dropped(step, cell, sums, state, weights):
    return step(cell, sums - weights["input_bias"], state, weights)


def recurrent_weights_transposed(step, cell, sums, state, weights):
    blocks = [block.mT for block in weights["recurrent"].chunk(len(cell.gates))]
    return step(cell, sums, state, {**weights, "recurrent": torch.cat(blocks)})


def state_not_carried(step, cell, sums, state, weights):
    return step(cell, sums, tuple(torch.zeros_like(part) for part in state), weights)


def hidden_state_not_carried(step, cell, sums, state, weights):
    return step(cell, sums, (torch.zeros_like(state[0]), *state[1:]), weights)


def cell_state_not_carried(step, cell, sums, state, weights):
    return step(cell, sums, (state[0], torch.zeros_like(state[1])), weights)


def another_cell(step, cell, sums, state, weights, *, instead):
    made = CELLS_OF_FAULTS[instead]
    return ORIGINALS[type(made)](made, sums, state, weights)


def update_mirrored(step, cell, sums, state, weights):
    made = step(cell, sums, state, weights)
    update, candidate = made.gates["update"], made.gates["candidate"]
    return made._replace(state=(update * candidate + (1 - update) * state[0],))


def output_squashed_before_update(step, cell, sums, state, weights):
    made = step(cell, sums, state, weights)
    return made._replace(state=(made.gates["output"] * torch.tanh(state[1]), made.state[1]))


def gradient_cut_at_every_step(step, cell, sums, state, weights):
    return step(cell, sums, tuple(part.detach() for part in state), weights)


def projection_skipped(step, cell, sums, state, weights):
    made = step(cell, sums, state, {role: weights[role] for role in weights if role != "projection"})
    return made._replace(state=(made.state[0][:, : len(weights["projection"])], made.state[1]))


CELLS_OF_FAULTS = {
    "relu": Elman("relu"),
    "sigmoid": Elman("sigmoid"),
    "reset before": Gru(reset="before"),
    "squashed": Lstm(squashed=True),
    "no output activation": Lstm(output_activation="identity"),
    "no input activation": Lstm(input_activation="identity"),
}
ORIGINALS = {kind: kind.step for kind in CELLS.values()}
EVERY_CELL = {
    "the recurrent bias dropped": recurrent_bias_dropped,
    "the input bias dropped": input_bias_dropped,
    "the recurrent weights transposed": recurrent_weights_transposed,
    "the state not carried": state_not_carried,
    "the gradient cut at every step": gradient_cut_at_every_step,
}
STEP_FAULTS = {
    "rnn": {
        **EVERY_CELL,
        "relu for tanh": partial(another_cell, instead="relu"),
        "sigmoid for tanh": partial(another_cell, instead="sigmoid"),
    },
    "gru": {
        **EVERY_CELL,
        "the reset gate before the product": partial(another_cell, instead="reset before"),
        "the update gate mirrored": update_mirrored,
    },
    "lstm": {
        **EVERY_CELL,
        "the hidden state not carried": hidden_state_not_carried,
        "the cell state not carried": cell_state_not_carried,
        "the output from the cell state before": output_squashed_before_update,
        "the cell state squashed": partial(another_cell, instead="squashed"),
        "no output activation": partial(another_cell, instead="no output activation"),
        "no input activation": partial(another_cell, instead="no input activation"),
    },
}
for kind, made in (("gru", Gru()), ("lstm", Lstm())):
    names = made.gates
    for i, first in enumerate(names):
        STEP_FAULTS[kind][f"no bias in {first}"] = partial(bias_of_one_gate_dropped, block=i)
        for j in range(i + 1, len(names)):
            STEP_FAULTS[kind][f"{first} and {names[j]} swapped"] = partial(gates_swapped, first=i, second=j)


# Faults of the walk: (original unroll, cell, weights, inputs, state, lengths, course) -> Unrolled


def time_shifted(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs.roll(1, 0), state=state, lengths=lengths, course=course)


def output_before_update(unroll, cell, weights, inputs, *, state, lengths, course):
    made = unroll(cell, weights, inputs, state=state, lengths=lengths, course=course)
    if course.reverse:
        return made._replace(outputs=torch.cat([made.outputs[1:], state[0][None]]))
    return made._replace(outputs=torch.cat([state[0][None], made.outputs[:-1]]))


def never_reversed(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs, state=state, lengths=lengths, course=course._replace(reverse=False))


def outputs_left_in_walking_order(unroll, cell, weights, inputs, *, state, lengths, course):
    made = unroll(cell, weights, inputs, state=state, lengths=lengths, course=course)
    return made._replace(outputs=made.outputs.flip(0)) if course.reverse else made


def initial_state_ignored(unroll, cell, weights, inputs, *, state, lengths, course):
    zeros = tuple(part * 0 for part in state)
    return unroll(cell, weights, inputs, state=zeros, lengths=lengths, course=course)


def final_state_one_step_early(unroll, cell, weights, inputs, *, state, lengths, course):
    made = unroll(cell, weights, inputs, state=state, lengths=lengths, course=course)
    early = unroll(cell, weights, inputs[:-1], state=state, lengths=lengths, course=course)
    return made._replace(state=early.state)


def mask_too_short(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs, state=state, lengths=lengths - 1, course=course)


def mask_too_long(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs, state=state, lengths=lengths + 1, course=course)


def no_mask(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs, state=state, lengths=None, course=course)


def lengths_of_other_rows(unroll, cell, weights, inputs, *, state, lengths, course):
    return unroll(cell, weights, inputs, state=state, lengths=lengths.roll(1), course=course)


WALK_FAULTS = {
    "time shifted by one": (time_shifted, {}),
    "the output taken before the update": (output_before_update, {}),
    "the reverse direction not reversed": (never_reversed, {"bidirectional": True}),
    "reverse outputs in the order of the walk": (outputs_left_in_walking_order, {"bidirectional": True}),
    "the initial state ignored": (initial_state_ignored, {"initial": True}),
    "the final state one step early": (final_state_one_step_early, {}),
    "the mask one step short": (mask_too_short, {"lengths": "keyword"}),
    "the mask one step long": (mask_too_long, {"lengths": "keyword"}),
    "no mask": (no_mask, {"lengths": "packed unsorted"}),
    "no mask in reverse": (no_mask, {"lengths": "keyword", "bidirectional": True}),
    "the lengths of other rows": (lengths_of_other_rows, {"lengths": "packed sorted"}),
}


# Faults of a stack: (original run of a call, call) -> Outcome


def directions_exchanged(run, call):
    made = run(call)
    outputs = torch.cat(made.outputs.chunk(2, -1)[::-1], -1)
    return made._replace(outputs=outputs, states=tuple(state.flip(0) for state in made.states))


def weights_of_the_other_direction(run, call):
    return run(call._replace(weights=call.weights[::-1]))


def states_of_the_other_direction(run, call):
    return run(call._replace(states=tuple(state.flip(0) for state in call.states)))


def states_in_another_order(run, call):
    return run(call._replace(states=tuple(state.roll(1, 1) for state in call.states)))


def lengths_in_another_order(run, call):
    return run(call._replace(lengths=call.lengths.roll(1)))


def final_states_of_another_sequence(run, call):
    made = run(call)
    return made._replace(states=tuple(state.roll(1, 1) for state in made.states))


STACK_FAULTS = {
    "the directions exchanged": (directions_exchanged, {"bidirectional": True}),
    "the weights of the other direction": (weights_of_the_other_direction, {"bidirectional": True}),
    "the states of the other direction": (states_of_the_other_direction, {"bidirectional": True, "initial": True}),
    "the states of another sequence": (states_in_another_order, {"initial": True, "lengths": "packed unsorted"}),
    "the lengths of another sequence": (lengths_in_another_order, {"lengths": "keyword"}),
    "the final states of another sequence": (final_states_of_another_sequence, {}),
}
BACKENDS = ["reference", *(["kernels"] if library() else [])]


def plant_in_step(monkeypatch, kind, fault):
    cell = CELLS[kind]
    original = cell.step
    monkeypatch.setattr(cell, "step", lambda self, sums, state, weights: fault(original, self, sums, state, weights))


def plant_in_walk(monkeypatch, fault):
    original = walks.unroll

    def planted(*parts, state, lengths, course, **others):
        return fault(partial(original, **others), *parts, state=state, lengths=lengths, course=course)

    monkeypatch.setattr(walks, "unroll", planted)


def found(torch_layers, options):
    return torch_layers.differences(torch_layers.case(**options)).beyond()


@pytest.mark.parametrize(("kind", "fault"), [(kind, fault) for kind in STEP_FAULTS for fault in STEP_FAULTS[kind]])
def test_a_fault_in_a_step_is_found(torch_layers, monkeypatch, kind, fault):
    options = {"kind": kind, "initial": True}
    assert not found(torch_layers, options)
    plant_in_step(monkeypatch, kind, STEP_FAULTS[kind][fault])
    assert found(torch_layers, options)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("fault", WALK_FAULTS)
def test_a_fault_in_the_walk_is_found(torch_layers, monkeypatch, kind, fault):
    planted, needed = WALK_FAULTS[fault]
    options = {"kind": kind, **needed}
    assert not found(torch_layers, options)
    plant_in_walk(monkeypatch, planted)
    assert found(torch_layers, options)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("fault", STACK_FAULTS)
def test_a_fault_in_a_stack_is_found(torch_layers, monkeypatch, kind, fault, backend):
    planted, needed = STACK_FAULTS[fault]
    options = {"kind": kind, "layers": 2, "backend": backend, **needed}
    assert not found(torch_layers, options)
    original = stack.run
    monkeypatch.setattr(stack, "run", lambda call, *how: planted(lambda changed: original(changed, *how), call))
    assert found(torch_layers, options)


def test_a_skipped_projection_is_found(torch_layers, monkeypatch):
    options = {"kind": "lstm", "projection": 2}
    assert not found(torch_layers, options)
    plant_in_step(monkeypatch, "lstm", projection_skipped)
    assert found(torch_layers, options)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cut_gradient_is_found_by_the_gradients_alone(torch_layers, monkeypatch, kind):
    plant_in_step(monkeypatch, kind, gradient_cut_at_every_step)
    beyond = found(torch_layers, {"kind": kind, "initial": True})
    assert beyond
    assert all(name.startswith("gradient") for name in beyond)


@pytest.mark.parametrize("kind", CELLS)
def test_the_faults_reach_the_reference_alone(torch_layers, monkeypatch, kind):
    plant_in_step(monkeypatch, kind, state_not_carried)
    plant_in_walk(monkeypatch, time_shifted)
    assert not found(torch_layers, {"kind": kind, "backend": "torch"})
