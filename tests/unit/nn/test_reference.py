import pytest
import torch

from tidegate.nn import reference as module
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.reference import reference, walked
from tidegate.nn.unroll import Call, Course, unroll

STEPS, SEQUENCES, INPUTS, HIDDEN = 4, 3, 2, 5


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def call(cell, ways=1, **options):
    shapes = cell.shapes(Sizes(INPUTS, HIDDEN))
    weights = tuple({role: drawn(*shape, seed=way) for role, shape in shapes.items()} for way in range(ways))
    states = tuple(drawn(ways, SEQUENCES, HIDDEN) for _ in cell.states)
    return Call(cell, weights, drawn(STEPS, SEQUENCES, INPUTS), states, **options)


@pytest.mark.parametrize("cell", [Gru(), Lstm(), MinGru()], ids=str)
def test_both_directions_stand_side_by_side(cell):
    given = call(cell, 2, lengths=torch.tensor([4, 0, 2]))
    made = reference(given)
    for d, reverse in enumerate((False, True)):
        state = tuple(part[d] for part in given.states)
        own = unroll(
            cell, given.weights[d], given.inputs, state=state, lengths=given.lengths, course=Course(reverse=reverse)
        )
        torch.testing.assert_close(made.outputs[..., d * HIDDEN : (d + 1) * HIDDEN], own.outputs)
        torch.testing.assert_close(tuple(part[d] for part in made.states), own.state)


@pytest.mark.parametrize("may_scan", [True, False])
def test_a_scan_is_taken_where_it_may_be(monkeypatch, may_scan):
    asked = []
    monkeypatch.setattr(module, "unroll", lambda *args, **options: asked.append("loop") or unroll(*args, **options))
    made, right = walked(call(MinGru()), may_scan=may_scan), reference(call(MinGru()))
    torch.testing.assert_close(made[:2], right[:2])
    assert asked == ([] if may_scan else ["loop"])


def test_traces_and_autocast():
    made = walked(call(Lstm(), course=Course(trace=True)), may_scan=False)
    assert [list(trace)[-2:] for trace in made.traces] == [["hidden", "cell"]]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert reference(call(Lstm())).outputs.dtype is torch.bfloat16
