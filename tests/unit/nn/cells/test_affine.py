"""Steps that are linear in their state, and the activation that keeps a candidate above 0."""

import pytest
import torch

from tidegate.nn.cells.affine import Affine, Scannable, activated, advanced
from tidegate.nn.cells.catalogue import CELLS


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_step_retains_and_adds():
    retained, added, h = drawn(2, 3, seed=1), drawn(2, 3, seed=2), drawn(2, 3, seed=3)
    torch.testing.assert_close(advanced(Affine(retained, added, {}), h), retained * h + added, rtol=0, atol=1e-15)


def test_a_linear_candidate_is_what_came_in():
    sums = drawn(5)
    assert activated(sums, "linear") is sums


def test_a_positive_candidate_is_above_zero_and_smooth_where_its_parts_meet():
    sums = torch.tensor([-700.0, -1.5, -1e-9, 0.0, 1e-9, 2.5], dtype=torch.float64, requires_grad=True)
    made = activated(sums, "positive")
    assert bool((made > 0).all())
    expected = [0.0, 0.18242552380635635, 0.5, 0.5, 0.5, 3.0]
    torch.testing.assert_close(made.detach(), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-8)
    (slope,) = torch.autograd.grad(made.sum(), sums)
    torch.testing.assert_close(slope[1], torch.tensor(0.14914645207033286, dtype=torch.float64))
    assert slope[-1] == 1


@pytest.mark.parametrize("name", CELLS)
def test_a_scan_is_offered_by_the_minimal_cells_alone(name):
    assert isinstance(CELLS[name](), Scannable) == (name in ("min_gru", "min_lstm"))
