"""NaN and infinity in the compiled kernels: they go where they go in the loop over time, and never come out of padding.

Axis letters: T time, B batch, I inputs, H hidden units, D directions.
"""

import pytest
import torch

from tidegate.kernels.library import library, reason
from tidegate.nn import backends
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.nouns import CELLS
from tidegate.nn.unroll import Call, Course

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

UNBOUNDED = ("elman_relu", "min_")
STEPS, SEQUENCES, INPUTS, HIDDEN = 6, 9, 3, 17
LENGTHS = torch.tensor([5, 2, 0, 1, 4, 6, 3, 6, 2])
BEYOND = torch.arange(STEPS)[:, None] >= LENGTHS
NUMBERS = {"nan": float("nan"), "inf": float("inf"), "minus inf": -float("inf")}


class Layer:
    """A layer with random numbers, which `change` may change by name before it is run, and what it yields."""

    def __init__(self, cell, directions=1, *, reverse=False):
        self.generator = torch.Generator().manual_seed(8)
        shapes = cell.shapes(Sizes(INPUTS, HIDDEN))
        self.leaves = {"inputs": self.draw(STEPS, SEQUENCES, INPUTS)}
        self.leaves |= {f"initial {name}": self.draw(directions, SEQUENCES, HIDDEN) for name in cell.states}
        self.leaves |= {f"{role} {d}": self.draw(*shapes[role]) for d in range(directions) for role in shapes}
        weights = tuple({role: self.leaves[f"{role} {d}"] for role in shapes} for d in range(directions))
        states = tuple(self.leaves[f"initial {name}"] for name in cell.states)
        self.call = Call(cell, weights, self.leaves["inputs"], states, LENGTHS, Course(reverse=reverse))
        self.flows = [self.draw(STEPS, SEQUENCES, directions * HIDDEN)]
        self.flows += [self.draw(*state.shape) for state in states]

    def draw(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)

    def run(self, backend):
        """Return results, then the gradients of everything."""
        leaves = [leaf.requires_grad_() for leaf in self.leaves.values()]
        made = backends.run(self.call, backend)
        results = (made.outputs, *made.states)
        return results, torch.autograd.grad(results, leaves, self.flows)


@pytest.mark.parametrize("where", ["inputs", "initial hidden"])
@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("noun", CELLS)
def test_they_go_where_they_go_in_the_reference(noun, value, where):
    """The gradients too, but for 0 times infinity in a state that nothing bounds, where each has its order."""
    made = []
    for backend in ("kernels", "reference"):
        layer = Layer(CELLS[noun])
        layer.leaves[where][(1, 4, 1) if where == "inputs" else (0, 4, 1)] = NUMBERS[value]
        made.append(layer.run(backend))
    for ours, theirs in zip(*(results for results, _ in made), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12, equal_nan=True)
    assert value != "nan" or bool(made[0][0][0].isnan().any())
    if value == "nan" or (where == "inputs" and not noun.startswith(UNBOUNDED)):
        for ours, theirs in zip(*(gradients for _, gradients in made), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10, equal_nan=True)


@pytest.mark.parametrize("way", ["ahead", "reverse", "both"])
@pytest.mark.parametrize("noun", CELLS)
def test_what_lies_beyond_a_sequence_changes_no_bit(noun, way):
    """In the inputs and in the gradient of the outputs."""
    made = []
    for filling in (0.0, 3.0, *NUMBERS.values()):
        layer = Layer(CELLS[noun], 1 + (way == "both"), reverse=way == "reverse")
        layer.leaves["inputs"][BEYOND] = filling
        layer.flows[0][BEYOND] = filling
        results, gradients = layer.run("kernels")
        assert not results[0][BEYOND].any()
        assert not gradients[0][BEYOND].any()
        made.append([*results, *gradients])
    assert all(torch.equal(one, two) for other in made[1:] for one, two in zip(made[0], other, strict=True))


@pytest.mark.parametrize("noun", CELLS)
def test_one_sequence_does_not_reach_another(noun):
    made = []
    for value in (0.5, float("nan")):
        layer = Layer(CELLS[noun])
        layer.leaves["inputs"][0, 5] = value
        results, gradients = layer.run("kernels")
        others = torch.arange(SEQUENCES) != 5
        made.append([result[:, others] for result in (*results, gradients[0], gradients[1])])
    assert all(torch.equal(one, two) for one, two in zip(*made, strict=True))
