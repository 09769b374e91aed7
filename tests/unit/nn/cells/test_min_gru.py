"""The minimal GRU: one step written out, its range and its card."""

import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.min_gru import MinGru

SIZES = Sizes(3, 4)
FORMS = [MinGru(), MinGru("positive")]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sigma(v):
    return 1 / (1 + np.exp(-v))


@pytest.mark.parametrize("cell", FORMS, ids=["linear", "positive"])
def test_a_step_is_the_written_out_one(cell):
    weights = {role: drawn(*shape, seed=len(shape)) for role, shape in cell.shapes(SIZES).items()}
    x, h = drawn(5, 3, seed=3), drawn(5, 4, seed=4)
    made = advance(cell, x, (h,), weights)
    update, candidate = np.split(x.numpy() @ weights["input"].numpy().T + weights["input_bias"].numpy(), 2, axis=-1)
    update = sigma(update)
    if cell.candidate == "positive":
        candidate = np.where(candidate >= 0, candidate + 0.5, sigma(candidate))
    expected = (1 - update) * h.numpy() + update * candidate
    np.testing.assert_allclose(made.state[0].numpy(), expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(made.gates["update"].numpy(), update, rtol=0, atol=1e-15)
    np.testing.assert_allclose(made.gates["candidate"].numpy(), candidate, rtol=0, atol=1e-14)


def test_positive_candidates_keep_the_state_positive():
    cell = MinGru("positive")
    weights = {role: 5 * drawn(*shape, seed=1) for role, shape in cell.shapes(SIZES).items()}
    h = torch.zeros(6, 4, dtype=torch.float64)
    for step in drawn(20, 6, 3, seed=2):
        (h,) = advance(cell, step, (h,), weights).state
        assert bool((h > 0).all())


@pytest.mark.parametrize("cell", FORMS, ids=["linear", "positive"])
def test_the_formula_of_the_card_counts_the_parameters(cell):
    assert set(cell.shapes(SIZES)) == {"input", "input_bias"}
    assert eval(filled(cell.card().count, {"I": 3, "H": 4})) == n_parameters(cell, SIZES) == 2 * (4 * 3 + 4)


def test_the_legend_explains_the_candidate_that_is_used():
    assert "g" not in MinGru().card().legend
    assert "g" in MinGru("positive").card().legend
    assert MinGru("positive").card().title == "Minimal gated recurrent unit, positive candidate"


def test_an_unknown_candidate_is_refused():
    with pytest.raises(SettingError, match=r"candidate is 'tanh'; it must be one of 'linear', 'positive'"):
        MinGru("tanh")
