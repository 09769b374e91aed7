"""The compiled kernels over layers of any size: how work is divided changes no bit of what comes out.

Axis letters: T time, B batch, I inputs, H hidden units.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.kernels.library import library, reason
from tidegate.nn import Recurrent, Stack
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

CELLS = (
    Elman(),
    Elman("relu"),
    Gru(),
    Gru("before"),
    Gru("absent"),
    Lstm(),
    Lstm(peepholes="full"),
    MinGru(),
    MinLstm(),
)
TYPES = (torch.float32, torch.float64)


@st.composite
def layers(draw):
    """A layer of random weights, an input of shape (T, B, I), lengths or None, and the initial states."""
    steps, n_sequences = draw(st.integers(1, 7)), draw(st.integers(2, 60))
    n_inputs, n_hidden = draw(st.integers(1, 9)), draw(st.integers(1, 40))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    stack = Stack(bidirectional=draw(st.booleans()), bias=draw(st.booleans()), backend="kernels")
    layer = Recurrent(draw(st.sampled_from(CELLS)), n_inputs, n_hidden, stack=stack, dtype=draw(st.sampled_from(TYPES)))
    dtype = layer.weight_ih_l0.dtype
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    inputs = torch.randn(steps, n_sequences, n_inputs, generator=generator, dtype=torch.float64).to(dtype)
    directions = 2 if layer.bidirectional else 1
    states = tuple(
        torch.randn(directions, n_sequences, n_hidden, generator=generator, dtype=torch.float64).to(dtype)
        for _ in layer.cell.states
    )
    lengths = torch.randint(1, steps + 1, (n_sequences,), generator=generator) if draw(st.booleans()) else None
    return layer, inputs, states, lengths


def run(layer, inputs, states, lengths):
    outputs, final = layer(inputs, states if len(states) > 1 else states[0], lengths=lengths)
    return outputs, *(final if isinstance(final, tuple) else (final,))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(layers(), st.data())
def test_a_sequence_has_the_same_bits_in_any_batch(made, data):
    layer, inputs, states, lengths = made
    rows = data.draw(st.lists(st.integers(0, inputs.shape[1] - 1), min_size=1, max_size=12))
    with torch.no_grad():
        whole = run(layer, inputs, states, lengths)
        part = run(
            layer, inputs[:, rows], tuple(s[:, rows] for s in states), None if lengths is None else lengths[rows]
        )
    assert all(torch.equal(own, other[:, rows]) for own, other in zip(part, whole, strict=True))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(layers(), st.data())
def test_steps_one_by_one_have_the_bits_of_the_whole(made, data):
    """As a stream of observations is read, the state handed on."""
    layer, inputs, states, _ = made
    if layer.bidirectional:
        return
    cut = data.draw(st.integers(0, len(inputs)))
    with torch.no_grad():
        whole = run(layer, inputs, states, None)
        outputs = []
        for part in [inputs[:cut], *inputs[cut:, None]] if cut else inputs[:, None]:
            output, *states = run(layer, part, tuple(states), None)
            outputs.append(output)
    assert torch.equal(torch.cat(outputs), whole[0])
    assert all(torch.equal(own, other) for own, other in zip(states, whole[1:], strict=True))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(layers())
def test_gradients_add_up_over_the_batch(made):
    """Those of weights over the rows of a batch; those of inputs and states are each row's own, bit for bit."""
    layer, inputs, states, lengths = made
    if lengths is not None:
        lengths[0] = lengths[-1] = len(inputs)
    cut = inputs.shape[1] // 2
    found = []
    for rows in (slice(None), slice(None, cut), slice(cut, None)):
        leaves = [
            inputs[:, rows].clone().requires_grad_(),
            *(state[:, rows].clone().requires_grad_() for state in states),
        ]
        results = run(layer, leaves[0], leaves[1:], None if lengths is None else lengths[rows])
        total = sum(result.double().pow(2).sum() for result in results)
        found.append(torch.autograd.grad(total, [*leaves, *layer.parameters()]))
    n_leaves = 1 + len(states)
    for whole, first, second in list(zip(*found, strict=True))[:n_leaves]:
        assert torch.equal(whole, torch.cat([first, second], 1))
    limit = 1e-5 if inputs.dtype is torch.float32 else 1e-13
    for whole, first, second in list(zip(*found, strict=True))[n_leaves:]:
        scale = float(max(first.abs().max(), second.abs().max(), whole.abs().max())) + 1e-30
        torch.testing.assert_close((first + second) / scale, whole / scale, rtol=0, atol=limit)
