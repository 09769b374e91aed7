import pytest
import torch

from tidegate.kernels.recurrence import Work
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.nouns import CELLS
from tidegate.nn.operands import by_direction, check_lengths, described, flat, tensors, with_tensors

STEPS, SEQUENCES, INPUTS, HIDDEN = 4, 3, 2, 5


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def work(noun="lstm_peephole", ways=2):
    cell = CELLS[noun]
    shapes = cell.shapes(Sizes(INPUTS, HIDDEN))
    roles = ("input", "recurrent", "input_bias", "recurrent_bias", "peephole")
    weights = tuple(tuple(drawn(*shapes[role]) if role in shapes else None for role in roles) for _ in range(ways))
    states = tuple(drawn(ways, SEQUENCES, HIDDEN) for _ in cell.states)
    return Work(noun, drawn(STEPS, SEQUENCES, INPUTS), states, weights, torch.tensor([4, 0, 2]), ways == 1)


def same(ours, theirs):
    assert ours[0] == theirs[0]
    assert all(one is other for one, other in zip(tensors(ours), tensors(theirs), strict=True))
    assert ours[4:] == theirs[4:]


@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize("noun", CELLS)
def test_what_is_flat_describes_the_work(noun, ways):
    given = work(noun, ways)
    same(described(flat(given)), given)


def test_tensors_take_each_others_place():
    given = work()
    others = [None if tensor is None else -tensor for tensor in tensors(given)]
    made = with_tensors(given, others)
    same(with_tensors(given, tensors(made)), made)
    assert torch.equal(made.weights[1][0], -given.weights[1][0])
    assert [len(own) for own in by_direction(others[3:])] == [5, 5]


def changed(index, value):
    operands = list(flat(work()))
    operands[index] = value(operands[index])
    return operands


def in_list(at, value):
    return lambda given: [value(one) if place == at else one for place, one in enumerate(given)]


WRONG = {
    "an unknown cell": (0, lambda _: "lstm_deep", r"no cell 'lstm_deep'; there are elman_tanh, elman_relu"),
    "no batch axis": (1, lambda x: x[0], r"inputs must have shape \(T, B, I\) with at least one step; got \(3, 2\)"),
    "no steps": (1, lambda x: x[:0], r"with at least one step; got \(0, 3, 2\)"),
    "one state": (2, lambda states: states[:1], r"takes 2 states and 5 weights for each .* got 1 and 10"),
    "three directions": (3, lambda weights: [*weights, *weights[:5]], r"got 2 and 15"),
    "half a direction": (3, lambda weights: weights[:7], r"got 2 and 7"),
    "a narrow state": (
        2,
        in_list(1, lambda c: c[..., 1:]),
        r"a state of .* must have shape \(2, 3, 5\); got \(2, 3, 4\)",
    ),
    "a wide weight": (3, in_list(5, lambda w: w.repeat(1, 2)), r"'input' of .* shape \(20, 2\); got \(20, 4\)"),
    "no weight": (3, in_list(1, lambda _: None), r"'recurrent' of .* shape \(20, 5\); got none"),
    "no peephole": (3, in_list(9, lambda _: None), r"'peephole' of .* shape \(3, 5\); got none"),
    "a short bias": (3, in_list(2, lambda b: b[5:]), r"the weight 'input_bias' of .* shape \(20,\); got \(15,\)"),
    "too few lengths": (4, lambda lengths: lengths[1:], r"lengths of .* shape \(3,\); got \(2,\)"),
    "short lengths": (4, lambda lengths: lengths.int(), r"lengths must be torch.int64 on cpu; got torch.int32 on cpu"),
    "another type": (
        3,
        in_list(3, lambda b: b.double()),
        r"the weight 'recurrent_bias' must be torch.float32 on cpu; got torch.float64",
    ),
    "another device": (2, in_list(0, lambda h: h.to("meta")), r"a state must be .* on cpu; got torch.float32 on meta"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_go_together_is_refused(what):
    index, value, message = WRONG[what]
    with pytest.raises(ValueError, match=message):
        described(changed(index, value))


@pytest.mark.parametrize(("lengths", "wrong"), [([5, 1, 1], 5), ([4, -1, 2], -1)])
def test_lengths_beyond_the_steps_are_refused(lengths, wrong):
    given = work()
    check_lengths(given)
    check_lengths(given._replace(lengths=None))
    check_lengths(given._replace(lengths=torch.tensor([], dtype=torch.int64)))
    with pytest.raises(ValueError, match=f"between 0 and the 4 steps of the input; got {wrong}"):
        check_lengths(given._replace(lengths=torch.tensor(lengths)))
