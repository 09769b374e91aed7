"""Elman's cell, its output layer and the loss over time, by hand in numpy."""

import numpy as np
import pytest
import torch
from torch.func import vmap
from torch.nn.functional import cross_entropy

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.elman import ACTIVATIONS, NONLINEARITIES, Elman, read_out, total_loss
from tidegate.nn.unroll import unroll

SIZES = Sizes(3, 4)
BY_HAND = {
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0),
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "identity": lambda v: v,
    "softmax": lambda v: np.exp(v) / np.exp(v).sum(-1, keepdims=True),
}


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)), dtype=torch.float64).to(
        dtype
    )


def weights_of(cell, dtype=torch.float64):
    return {role: drawn(*shape, seed=k, dtype=dtype) for k, (role, shape) in enumerate(cell.shapes(SIZES).items())}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_a_step_is_its_equation(nonlinearity, clip, dtype):
    cell = Elman(nonlinearity, clip)
    weights, x, h = weights_of(cell, dtype), drawn(5, 3, dtype=dtype), drawn(5, 4, dtype=dtype)
    given = {role: weight.numpy() for role, weight in weights.items()}
    total = x.numpy() @ given["input"].T + given["input_bias"] + h.numpy() @ given["recurrent"].T
    total = total + given["recurrent_bias"]
    made = advance(cell, x, (h,), weights)
    expected = BY_HAND[nonlinearity](total if clip is None else np.clip(total, -clip, clip))
    np.testing.assert_allclose(made.state[0].numpy(), expected, atol=1e-6 if dtype == torch.float32 else 1e-14)
    assert made.state[0].dtype == dtype
    assert made.gates == {}


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_gradients(nonlinearity):
    cell = Elman(nonlinearity, 2.0)
    roles, tensors = zip(*weights_of(cell).items(), strict=True)

    def run(x, h, *given):
        return unroll(cell, dict(zip(roles, given, strict=True)), x, state=(h,)).outputs

    given = [part.requires_grad_() for part in (drawn(3, 2, 3), drawn(2, 4), *tensors)]
    assert torch.autograd.gradcheck(run, given)
    assert torch.autograd.gradgradcheck(run, given)


def test_a_step_maps_over_networks():
    cell, x, h = Elman(), drawn(5, 3), drawn(5, 4)
    several = [{role: weight + k for role, weight in weights_of(cell).items()} for k in range(3)]
    stacked = {role: torch.stack([one[role] for one in several]) for role in several[0]}
    together = vmap(lambda own: advance(cell, x, (h,), own).state[0])(stacked)
    apart = torch.stack([advance(cell, x, (h,), own).state[0] for own in several])
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-14)


def test_the_irnn_keeps_its_state_and_its_gradient():
    weights = {role: torch.zeros(shape, dtype=torch.float64) for role, shape in Elman("relu").shapes(SIZES).items()}
    weights["recurrent"] = torch.eye(4, dtype=torch.float64)
    start = drawn(2, 4).abs().requires_grad_()
    end = unroll(Elman("relu"), weights, drawn(50, 2, 3), state=(start,)).state[0]
    assert torch.equal(end, start)
    (gradient,) = torch.autograd.grad(end.sum(), start)
    assert torch.equal(gradient, torch.ones_like(start))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_are_their_equation(activation):
    hidden, weight, bias = drawn(6, 5, 4), drawn(2, 4), drawn(2)
    made = read_out(hidden, weight, bias, activation=activation)
    expected = BY_HAND[activation](hidden.numpy() @ weight.numpy().T + bias.numpy())
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-14)
    assert torch.equal(
        read_out(hidden, weight, activation=activation), read_out(hidden @ weight.T, activation=activation)
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_hidden_state_can_be_the_output(activation):
    hidden, bias = drawn(6, 5, 4), drawn(4)
    np.testing.assert_allclose(
        read_out(hidden, activation=activation).numpy(), BY_HAND[activation](hidden.numpy()), atol=1e-14
    )
    shifted = read_out(hidden, bias=bias, activation=activation)
    np.testing.assert_allclose(shifted.numpy(), BY_HAND[activation](hidden.numpy() + bias.numpy()), atol=1e-14)


def squares(y, target):
    return ((y - target) ** 2).sum(-1)


def test_the_loss_is_the_sum_over_the_steps():
    outputs, targets = drawn(6, 5, 2), drawn(6, 5, 2, seed=9)
    made = total_loss(outputs, targets, squares)
    np.testing.assert_allclose(made.numpy(), ((outputs - targets) ** 2).sum((0, 2)).numpy(), rtol=1e-14)
    assert torch.autograd.gradcheck(lambda y: total_loss(y, targets, squares), outputs.requires_grad_())


def test_the_loss_of_classes():
    outputs, classes = drawn(6, 5, 3), torch.randint(3, (6, 5), generator=torch.Generator().manual_seed(0))
    made = total_loss(outputs, classes, lambda y, wanted: cross_entropy(y, wanted, reduction="none"))
    chances = read_out(outputs, activation="softmax")
    expected = -chances.gather(2, classes[..., None])[..., 0].log().sum(0)
    torch.testing.assert_close(made, expected, rtol=1e-13, atol=0)


def test_the_loss_never_sees_what_lies_beyond_a_sequence():
    outputs, targets, lengths = drawn(6, 4, 2), drawn(6, 4, 2, seed=9), torch.tensor([6, 2, 0, 3])
    beyond = (torch.arange(6)[:, None] >= lengths)[..., None].expand_as(targets)
    spoilt = outputs.masked_fill(beyond, torch.nan).requires_grad_()
    made = total_loss(spoilt, targets.masked_fill(beyond, torch.nan), squares, lengths=lengths)
    expected = ((outputs - targets) ** 2).masked_fill(beyond, 0).sum((0, 2))
    torch.testing.assert_close(made, expected, rtol=1e-14, atol=0)
    (gradient,) = torch.autograd.grad(made.sum(), spoilt)
    torch.testing.assert_close(gradient, (2 * (outputs - targets)).masked_fill(beyond, 0), rtol=1e-14, atol=0)


def test_the_loss_of_no_steps_is_0():
    made = total_loss(drawn(6, 2, 2), drawn(6, 2, 2), squares, lengths=torch.tensor([0, 0]))
    assert torch.equal(made, torch.zeros(2, dtype=torch.float64))


def test_a_loss_of_another_shape_is_refused():
    with pytest.raises(
        ValueError,
        match=r"loss must yield one number per sequence, shape \(5,\); got shape \(\)\. "
        r"Give a loss with reduction='none' that sums over its last axes",
    ):
        total_loss(drawn(6, 5, 2), drawn(6, 5, 2), torch.nn.functional.mse_loss)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Elman("gelu"), r"nonlinearity is 'gelu'; it must be one of 'tanh', 'relu', 'sigmoid'"),
        (lambda: Elman(clip=0.0), r"clip is 0\.0; it must be above 0, or None for no limit"),
        (lambda: Elman(clip=float("nan")), r"clip is nan; it must be above 0"),
        (
            lambda: read_out(drawn(2, 4), activation="tanh"),
            r"activation is 'tanh'; it must be one of 'identity', 'sigmoid', 'softmax'",
        ),
    ],
    ids=["nonlinearity", "clip of 0", "clip of NaN", "activation"],
)
def test_options_outside_their_limits_are_refused(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_the_card_counts_the_parameters():
    sizes = Sizes(5, 7)
    assert eval(filled(Elman().card().count, {"I": 5, "H": 7})) == n_parameters(Elman(), sizes)


def test_the_card_names_this_form():
    assert Elman("relu", 3.0).card().equations[0].text.startswith("h_t = relu(clip(W_hidden x_t")
    assert Elman("sigmoid").card().equations[0].text.startswith("h_t = sigma(W_hidden x_t")
    assert Elman("sigmoid").card().weights["PyTorch"].startswith("none")
    assert "weight_ih_l0" in Elman("tanh").card().weights["PyTorch"]
    clipped = Elman("tanh", 3.0).card().weights
    assert clipped["PyTorch"].startswith("none")
    assert clipped["Keras"].startswith("none")
    assert clipped["ONNX"].endswith("clip=3.0")
