"""The minimal LSTM: one step written out, gates that sum to 1, extreme sums and its card."""

import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.min_lstm import MinLstm

SIZES = Sizes(3, 4)
FORMS = {
    "linear": MinLstm(),
    "positive": MinLstm("positive"),
    "not normalised": MinLstm(normalised=False),
    "positive, not normalised": MinLstm("positive", normalised=False),
}


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sigma(v):
    return 1 / (1 + np.exp(-v))


@pytest.mark.parametrize("form", FORMS)
def test_a_step_is_the_written_out_one(form):
    cell = FORMS[form]
    weights = {role: drawn(*shape, seed=len(shape)) for role, shape in cell.shapes(SIZES).items()}
    x, h = drawn(5, 3, seed=3), drawn(5, 4, seed=4)
    made = advance(cell, x, (h,), weights)
    sums = x.numpy() @ weights["input"].numpy().T + weights["input_bias"].numpy()
    input_, forget, candidate = np.split(sums, 3, axis=-1)
    input_, forget = sigma(input_), sigma(forget)
    if cell.normalised:
        input_, forget = input_ / (input_ + forget), forget / (input_ + forget)
    if cell.candidate == "positive":
        candidate = np.where(candidate >= 0, candidate + 0.5, sigma(candidate))
    np.testing.assert_allclose(made.state[0].numpy(), forget * h.numpy() + input_ * candidate, rtol=0, atol=1e-14)
    for name, gate in {"input": input_, "forget": forget, "candidate": candidate}.items():
        np.testing.assert_allclose(made.gates[name].numpy(), gate, rtol=0, atol=1e-14)


def test_normalised_gates_sum_to_one_where_both_are_too_small_for_a_float():
    sums = torch.tensor([[-800.0, -800.0, 3.0], [-900.0, -800.0, 3.0], [800.0, 900.0, 3.0]], dtype=torch.float64)
    made = MinLstm().affine(sums.requires_grad_())
    expected = torch.tensor([[0.5], [1.0], [0.5]], dtype=torch.float64)
    torch.testing.assert_close(made.retained, expected)
    torch.testing.assert_close(made.gates["input"], 1 - expected)
    (slope,) = torch.autograd.grad(made.retained.sum() + made.added.sum(), sums)
    assert bool(slope.isfinite().all())


@pytest.mark.parametrize("form", FORMS)
def test_the_formula_of_the_card_counts_the_parameters(form):
    cell = FORMS[form]
    assert set(cell.shapes(SIZES)) == {"input", "input_bias"}
    assert eval(filled(cell.card().count, {"I": 3, "H": 4})) == n_parameters(cell, SIZES) == 3 * (4 * 3 + 4)


def test_the_title_and_the_legend_name_the_form():
    assert MinLstm().card().title == "Minimal LSTM, linear candidate"
    assert (
        MinLstm("positive", normalised=False).card().title == "Minimal LSTM, positive candidate, gates not normalised"
    )
    assert "g" not in MinLstm().card().legend
    assert "g" in MinLstm("positive").card().legend


def test_options_outside_their_limits_are_refused():
    with pytest.raises(SettingError, match=r"candidate is 'tanh'; it must be one of 'linear', 'positive'"):
        MinLstm("tanh")
    with pytest.raises(SettingError, match=r"normalised is 'no'; it must be one of True, False"):
        MinLstm(normalised="no")
