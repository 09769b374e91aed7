"""Recurrent layers of any size: torch's shapes, and each sequence of a batch as if it were alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate import nn

KINDS = ("RNN", "LSTM", "GRU")
COUNTS = st.integers(1, 5)


@st.composite
def layers(draw, kinds=KINDS):
    """A layer of ours and torch's with the same random weights."""
    kind = draw(st.sampled_from(kinds))
    inputs, hidden, count = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    options = {
        "num_layers": count,
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
        "dtype": torch.float64,
    }
    if kind == "LSTM":
        options["proj_size"] = draw(st.integers(0, hidden - 1))
    theirs = getattr(torch.nn, kind)(inputs, hidden, **options)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(generator=generator)
    ours = getattr(nn, kind)(inputs, hidden, **options, backend=draw(st.sampled_from(["auto", "reference"])))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs, generator


def flat(state):
    return state if isinstance(state, tuple) else (state,)


def shapes(made):
    outputs, state = made
    return outputs.shape, [part.shape for part in flat(state)]


def states(layer, n_sequences, generator):
    """Random initial states, one tensor for each of the cell's."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    widths = [layer.proj_size or layer.hidden_size, *[layer.hidden_size] * (len(layer.cell.states) - 1)]
    made = tuple(torch.randn(count, n_sequences, w, generator=generator, dtype=torch.float64) for w in widths)
    return made if len(made) > 1 else made[0]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(layers(), COUNTS, COUNTS)
def test_shapes_and_values_are_torchs(pair, steps, n_sequences):
    ours, theirs, generator = pair
    axes = (n_sequences, steps) if ours.batch_first else (steps, n_sequences)
    inputs = torch.randn(*axes, ours.input_size, generator=generator, dtype=torch.float64)
    hx = states(ours, n_sequences, generator)
    made, expected = ours(inputs, hx), theirs(inputs, hx)
    assert shapes(made) == shapes(expected)
    torch.testing.assert_close(made, expected, rtol=1e-12, atol=1e-12)
    alone, expected = (layer(inputs[0] if layer.batch_first else inputs[:, 0]) for layer in (ours, theirs))
    assert shapes(alone) == shapes(expected)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(layers(), st.integers(1, 6), st.data())
def test_a_sequence_of_a_batch_is_as_if_alone(pair, steps, data):
    """Lengths may be 0, which torch refuses: such a sequence keeps its initial state and puts out zeros."""
    layer, _, generator = pair
    lengths = data.draw(st.lists(st.integers(0, steps), min_size=1, max_size=5).filter(any))
    axes = (len(lengths), steps) if layer.batch_first else (steps, len(lengths))
    inputs = torch.randn(*axes, layer.input_size, generator=generator, dtype=torch.float64)
    hx = flat(states(layer, len(lengths), generator))
    outputs, final = layer(inputs, hx if len(hx) > 1 else hx[0], lengths=torch.tensor(lengths))
    for row, length in enumerate(lengths):
        sequence, made = (part[row] if layer.batch_first else part[:, row] for part in (inputs, outputs))
        start = tuple(part[:, row] for part in hx)
        assert not made[length:].any()
        if length:
            expected, end = layer(sequence[:length], start if len(start) > 1 else start[0])
            torch.testing.assert_close(made[:length], expected, rtol=1e-12, atol=1e-12)
        else:
            end = start
        rows = tuple(part[:, row] for part in flat(final))
        torch.testing.assert_close(rows, flat(end), rtol=1e-12, atol=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(layers(), st.integers(2, 6), st.data())
def test_halves_with_the_state_carried_are_the_whole(pair, steps, data):
    layer, _, generator = pair
    if layer.bidirectional:  # its second direction begins at the end
        return
    cut = data.draw(st.integers(1, steps - 1))
    inputs = torch.randn(steps, layer.input_size, generator=generator, dtype=torch.float64)
    whole, end = layer(inputs)
    first, state = layer(inputs[:cut])
    second, final = layer(inputs[cut:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(flat(final), flat(end), rtol=1e-12, atol=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(layers(), st.lists(st.integers(1, 5), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_sequences_does_not_matter(pair, lengths, random):
    layer, _, generator = pair
    axes = (len(lengths), 5) if layer.batch_first else (5, len(lengths))
    inputs = torch.randn(*axes, layer.input_size, generator=generator, dtype=torch.float64)
    order = list(range(len(lengths)))
    random.shuffle(order)
    axis = 0 if layer.batch_first else 1
    outputs, final = layer(inputs, lengths=torch.tensor(lengths))
    moved = inputs.index_select(axis, torch.tensor(order))
    shuffled, ends = layer(moved, lengths=torch.tensor(lengths)[order])
    torch.testing.assert_close(shuffled, outputs.index_select(axis, torch.tensor(order)), rtol=1e-12, atol=1e-12)
    for made, expected in zip(flat(ends), flat(final), strict=True):
        torch.testing.assert_close(made, expected[:, order], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", ["MinGRU", "MinLSTM", "SLSTM"])
def test_the_relatives_have_the_same_shapes(name, batch_first):
    generator = torch.Generator().manual_seed(1)
    layer = getattr(nn, name)(3, 4, 2, batch_first=batch_first, bidirectional=True, dtype=torch.float64)
    axes = (5, 6) if batch_first else (6, 5)
    outputs, state = layer(torch.randn(*axes, 3, generator=generator, dtype=torch.float64))
    expected = torch.nn.GRU(3, 4, 2, batch_first=batch_first, bidirectional=True)(torch.zeros(*axes, 3))
    assert outputs.shape == expected[0].shape
    assert all(part.shape == expected[1].shape for part in flat(state))
