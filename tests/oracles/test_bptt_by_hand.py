"""Backpropagation through time by hand: the textbook's explicit sum for the Elman network equals autograd.

With h_t = g(W_ax x_t + W_aa h_{t-1} + b), y_t = g2(W_ya h_t + b_y) and J the sum of the J_t over time,

    dJ/dW_aa = sum over t, sum over k <= t of  dJ_t/dy_t  dy_t/dh_t  dh_t/dh_k  d+h_k/dW_aa,
    dh_t/dh_k = product over j from t down to k + 1 of  diag(g'(s_j)) W_aa,

where d+ holds h_{k-1} fixed; likewise for W_ax and b (Werbos 1990; Pascanu, Mikolov & Bengio 2013, equations 3 to 5).
Every Jacobian is written out and multiplied in full: nothing is carried backwards from step to step.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from tidegate import nn
from tidegate.kernels.library import library

STEPS, INPUTS, HIDDEN, OUTPUTS = 6, 3, 4, 3


class Network(NamedTuple):
    """Weights by their names in the textbook; g is tanh or the rectifier."""

    W_ax: np.ndarray
    W_aa: np.ndarray
    b: np.ndarray
    W_ya: np.ndarray
    b_y: np.ndarray
    g: str
    g2: str


def drawn(g="tanh", g2="identity", seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(HIDDEN, INPUTS), (HIDDEN, HIDDEN), HIDDEN, (OUTPUTS, HIDDEN), OUTPUTS]
    return Network(*[0.8 * rng.normal(size=shape) for shape in shapes], g, g2)


def slope(h, g):
    """g'(s) from h = g(s)."""
    return {"tanh": 1 - h**2, "relu": (h > 0).astype(float), "sigmoid": h * (1 - h)}[g]


def hidden_states(network, x):
    """h_0 = 0, h_1 .. h_T, by the definition."""
    g = {"tanh": np.tanh, "relu": lambda s: np.maximum(s, 0), "sigmoid": lambda s: 1 / (1 + np.exp(-s))}[network.g]
    h = [np.zeros(HIDDEN)]
    for x_t in x:
        h.append(g(network.W_ax @ x_t + network.W_aa @ h[-1] + network.b))
    return h


def output(network, h_t):
    s = network.W_ya @ h_t + network.b_y
    if network.g2 == "identity":
        return s
    if network.g2 == "sigmoid":
        return 1 / (1 + np.exp(-s))
    return np.exp(s) / np.exp(s).sum()


def output_jacobian(network, y_t):
    """dy_t/dh_t, shape (outputs, H)."""
    if network.g2 == "identity":
        return network.W_ya
    if network.g2 == "sigmoid":
        return np.diag(y_t * (1 - y_t)) @ network.W_ya
    return (np.diag(y_t) - np.outer(y_t, y_t)) @ network.W_ya


def cost_gradient(network, y_t, target_t):
    """dJ_t/dy_t: of the cross-entropy after softmax, of half the squared error otherwise."""
    return -target_t / y_t if network.g2 == "softmax" else y_t - target_t


def factor(network, h_j):
    """dh_j/dh_{j-1} = diag(g'(s_j)) W_aa."""
    return np.diag(slope(h_j, network.g)) @ network.W_aa


def through_time(network, h, t, k):
    """dh_t/dh_k, the product of the factors from t down to k + 1."""
    product = np.eye(HIDDEN)
    for j in range(t, k, -1):
        product = product @ factor(network, h[j])
    return product


def immediate(network, h_k, seen):
    """d+h_k/dW, shape (H, H, width), of the matrix W that multiplies `seen` inside g."""
    return np.einsum("im,n->imn", np.diag(slope(h_k, network.g)), seen)


def by_hand(network, x, targets):
    """dJ/dW_ax, dJ/dW_aa, dJ/db."""
    h = hidden_states(network, x)
    total = [np.zeros_like(part) for part in (network.W_ax, network.W_aa, network.b)]
    for t in range(1, STEPS + 1):
        y_t = output(network, h[t])
        to_hidden = cost_gradient(network, y_t, targets[t - 1]) @ output_jacobian(network, y_t)
        for k in range(1, t + 1):
            to_step = to_hidden @ through_time(network, h, t, k)
            total[0] += np.tensordot(to_step, immediate(network, h[k], x[k - 1]), 1)
            total[1] += np.tensordot(to_step, immediate(network, h[k], h[k - 1]), 1)
            total[2] += to_step @ np.diag(slope(h[k], network.g))
    return total


def layer_of(network, backend="auto"):
    """Our layer with these weights: the textbook's one bias is the input's, the recurrent one is 0."""
    layer = nn.RNN(network.W_ax.shape[1], len(network.b), nonlinearity=network.g, dtype=torch.float64, backend=backend)
    weights = (network.W_ax, network.W_aa, network.b, np.zeros_like(network.b))
    layer.load_state_dict(dict(zip(layer.state_dict(), map(torch.from_numpy, weights), strict=True)))
    return layer


def by_autograd(network, x, targets, backend):
    layer = layer_of(network, backend)
    h, _ = layer(torch.from_numpy(x))
    s = h @ torch.from_numpy(network.W_ya).T + torch.from_numpy(network.b_y)
    target = torch.from_numpy(targets)
    if network.g2 == "softmax":
        cost = -(target * torch.log_softmax(s, -1)).sum()
    else:
        cost = 0.5 * ((torch.sigmoid(s) if network.g2 == "sigmoid" else s) - target).square().sum()
    cost.backward()
    return [parameter.grad.numpy() for parameter in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0)]


def example(g2, seed=1):
    """Inputs (T, I) and targets (T, outputs), which are probabilities where g2 is a softmax."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(STEPS, OUTPUTS))
    if g2 == "softmax":
        targets = np.exp(targets) / np.exp(targets).sum(axis=1, keepdims=True)
    return rng.normal(size=(STEPS, INPUTS)), targets


@pytest.mark.parametrize("backend", ["auto", "reference", *(["kernels"] if library() else [])])
@pytest.mark.parametrize("g2", ["identity", "sigmoid", "softmax"])
@pytest.mark.parametrize("g", ["tanh", "relu", "sigmoid"])
def test_the_explicit_sum_equals_autograd(g, g2, backend):
    network = drawn(g, g2)
    x, targets = example(g2)
    expected = by_autograd(network, x, targets, backend)
    for part, automatic in zip(by_hand(network, x, targets), expected, strict=True):
        np.testing.assert_allclose(part, automatic, rtol=1e-10, atol=1e-10)


def test_the_sum_needs_every_earlier_step():
    """Leaving out the terms k < t, the gradient without time, is seen."""
    network = drawn()
    x, targets = example("identity")
    expected = by_autograd(network, x, targets, "auto")[1]
    h = hidden_states(network, x)
    without_time = np.zeros_like(network.W_aa)
    for t in range(1, STEPS + 1):
        to_hidden = cost_gradient(network, output(network, h[t]), targets[t - 1]) @ network.W_ya
        without_time += np.tensordot(to_hidden, immediate(network, h[t], h[t - 1]), 1)
    assert np.abs(without_time - expected).max() > 1e-2


def jacobian_by_autograd(network, x):
    """dh_T/dh_0 of our layer from the zero state."""
    layer = layer_of(network)
    inputs = torch.from_numpy(x)
    made = torch.func.jacrev(lambda start: layer(inputs, start[None])[0][-1])(torch.zeros(HIDDEN, dtype=torch.float64))
    return made.detach().numpy()


def with_radius(radius, g="tanh"):
    """A network whose recurrent matrix is `radius` times an orthogonal one, near the origin where g' is 1."""
    network = drawn(g)
    orthogonal, _ = np.linalg.qr(network.W_aa)
    return network._replace(W_aa=radius * orthogonal, W_ax=0.01 * network.W_ax, b=0 * network.b)


def test_the_product_of_jacobians_is_the_layers_own():
    network = drawn()
    x, _ = example("identity")
    product = through_time(network, hidden_states(network, x), STEPS, 0)
    np.testing.assert_allclose(product, jacobian_by_autograd(network, x), rtol=1e-10, atol=1e-12)


def norms(network, steps):
    """||dh_t/dh_0|| for t = 1 .. steps, by the layer."""
    x = np.random.default_rng(2).normal(size=(steps, INPUTS))
    return np.array([np.linalg.norm(jacobian_by_autograd(network, x[:t]), 2) for t in range(1, steps + 1)])


def test_the_gradient_vanishes_with_a_small_spectral_radius():
    """||dh_t/dh_k|| <= (max g' * ||W_aa||)^(t - k): Pascanu et al. 2013, section 2.1."""
    found = norms(with_radius(0.5), 20)
    assert (found <= 0.5 ** np.arange(1, 21) * (1 + 1e-9)).all()
    assert (np.diff(found) < 0).all()
    assert found[-1] < 1e-5


def test_the_gradient_explodes_with_a_large_one():
    assert norms(with_radius(2.0), 6)[-1] > 10


def test_saturation_lets_it_vanish_even_then():
    """tanh bounds the state: far from the origin g' is near 0, whatever the radius."""
    network = with_radius(2.0)
    assert norms(network._replace(b=np.full(HIDDEN, 5.0)), 6)[-1] < 1e-6


def test_the_identity_initialised_rectifier_keeps_it():
    """W_aa = I, b = 0 and positive inputs: every factor is the identity (Le, Jaitly & Hinton 2015)."""
    network = drawn("relu")._replace(W_aa=np.eye(HIDDEN), b=np.zeros(HIDDEN))
    x = np.random.default_rng(3).normal(size=(20, INPUTS))
    network = network._replace(W_ax=np.abs(network.W_ax))
    np.testing.assert_allclose(jacobian_by_autograd(network, np.abs(x)), np.eye(HIDDEN), atol=1e-12)
