"""Bad input to the recurrent layers: PyTorch's own type and words wherever PyTorch refuses; NaN goes where it goes."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from tidegate import nn

NAMES = ("RNN", "LSTM", "GRU")
DOUBLE, SINGLE = torch.float64, torch.float32
WHOLE = torch.int64


def zeros(*shape, dtype=SINGLE, device="cpu"):
    return torch.zeros(*shape, dtype=dtype, device=device)


def state(name, *shape, cell=None, **options):
    """One tensor, or two for an LSTM."""
    hidden = zeros(*shape, **options)
    return (hidden, zeros(*(cell or shape), **options)) if name == "LSTM" else hidden


CONSTRUCTIONS = {
    "no inputs": ((0, 5), {}),
    "negative inputs": ((-1, 5), {}),
    "fractional inputs": ((1.5, 5), {}),
    "no hidden units": ((3, 0), {}),
    "negative hidden units": ((3, -2), {}),
    "fractional hidden units": ((3, 2.0), {}),
    "text for hidden units": ((3, "5"), {}),
    "no layers": ((3, 5, 0), {}),
    "negative layers": ((3, 5, -1), {}),
    "bias as a number": ((3, 5), {"bias": 1}),
    "bias as None": ((3, 5), {"bias": None}),
    "batch_first as a number": ((3, 5), {"batch_first": 0}),
    "dropout above 1": ((3, 5, 2), {"dropout": 1.5}),
    "negative dropout": ((3, 5, 2), {"dropout": -0.1}),
    "dropout as a flag": ((3, 5, 2), {"dropout": True}),
    "unknown argument": ((3, 5), {"hidden": 3}),
}

# Name of the layer -> input and state of a layer of 3 features and 5 hidden units, 2 layers
CALLS = {
    "1-D input": lambda name: (zeros(3), None),
    "4-D input": lambda name: (zeros(2, 2, 2, 3), None),
    "wrong features": lambda name: (zeros(4, 2, 7), None),
    "wrong features without a batch": lambda name: (zeros(4, 7), None),
    "wrong features and state": lambda name: (zeros(4, 2, 7), state(name, 9, 2, 5)),
    "double input": lambda name: (zeros(4, 2, 3, dtype=DOUBLE), None),
    "whole numbers": lambda name: (zeros(4, 2, 3, dtype=WHOLE), None),
    "double input and state": lambda name: (zeros(4, 2, 3, dtype=DOUBLE), state(name, 2, 2, 5, dtype=DOUBLE)),
    "wrong features and type": lambda name: (zeros(4, 2, 7, dtype=DOUBLE), None),
    "state of too few layers": lambda name: (zeros(4, 2, 3), state(name, 1, 2, 5)),
    "state of another batch": lambda name: (zeros(4, 2, 3), state(name, 2, 3, 5)),
    "state of another width": lambda name: (zeros(4, 2, 3), state(name, 2, 2, 6)),
    "state without a batch": lambda name: (zeros(4, 2, 3), state(name, 2, 5)),
    "state with a batch for an input without": lambda name: (zeros(4, 3), state(name, 2, 1, 5)),
    "4-D state": lambda name: (zeros(4, 2, 3), state(name, 2, 2, 5, 1)),
    "state of another width without a batch": lambda name: (zeros(4, 3), state(name, 2, 6)),
    "no steps": lambda name: (zeros(0, 2, 3), None),
    "no steps without a batch": lambda name: (zeros(0, 3), None),
}
PACKED_CALLS = {
    "wrong features": lambda name: (zeros(4, 2, 7), None),
    "double": lambda name: (zeros(4, 2, 3, dtype=DOUBLE), None),
    "state of another batch": lambda name: (zeros(4, 2, 3), state(name, 2, 3, 5)),
    "state of another width": lambda name: (zeros(4, 2, 3), state(name, 2, 2, 6)),
    "state of too few layers": lambda name: (zeros(4, 2, 3), state(name, 1, 2, 5)),
}
LSTM_CALLS = {
    "cell state of another width": (zeros(4, 2, 3), (zeros(2, 2, 5), zeros(2, 2, 6))),
    "cell state of another batch": (zeros(4, 2, 3), (zeros(2, 2, 5), zeros(2, 1, 5))),
    "cell state without a batch": (zeros(4, 2, 3), (zeros(2, 2, 5), zeros(2, 5))),
    "hidden state with a batch for an input without": (zeros(4, 3), (zeros(2, 2, 5), zeros(2, 5))),
}
PROJECTIONS = {
    "negative": {"proj_size": -1},
    "as wide as the hidden state": {"proj_size": 5},
    "wider than the hidden state": {"proj_size": 6},
}


@pytest.fixture
def same(refusal):
    """Both refuse, with the same type and words."""

    def check(ours, theirs):
        expected = refusal(theirs)
        assert expected is not None, "torch does not refuse this"
        assert refusal(ours) == expected

    return check


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CONSTRUCTIONS)
def test_construction(refusal, name, case):
    arguments, options = CONSTRUCTIONS[case]
    ours, theirs = (
        refusal(lambda module=module: getattr(module, name)(*arguments, **options)) for module in (nn, torch.nn)
    )
    assert theirs is not None
    if case == "unknown argument":  # Python's words, which name the method
        assert ours[0] is theirs[0]
        assert "unexpected keyword argument 'hidden'" in ours[1]
    else:
        assert ours == theirs


@pytest.mark.parametrize("case", PROJECTIONS)
def test_construction_with_a_projection(same, case):
    same(lambda: nn.LSTM(3, 5, **PROJECTIONS[case]), lambda: torch.nn.LSTM(3, 5, **PROJECTIONS[case]))


@pytest.mark.parametrize("name", ["RNN", "GRU"])
def test_a_projection_is_for_lstm_alone(same, name):
    same(lambda: getattr(nn, name)(3, 5, proj_size=2), lambda: getattr(torch.nn, name)(3, 5, proj_size=2))


@pytest.mark.parametrize("name", NAMES)
def test_dropout_without_a_layer_to_drop_warns_alike(name):
    said = []
    for module in (nn, torch.nn):
        with pytest.warns(UserWarning, match="dropout option adds dropout") as seen:
            getattr(module, name)(3, 5, dropout=0.5)
        said.append([str(one.message) for one in seen])
    assert said[0] == said[1]


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CALLS)
def test_calls(same, name, case, backend):
    given = CALLS[case](name)
    ours, theirs = getattr(nn, name)(3, 5, 2, backend=backend), getattr(torch.nn, name)(3, 5, 2)
    same(lambda: ours(*given), lambda: theirs(*given))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("case", LSTM_CALLS)
def test_calls_of_lstm(same, case, backend):
    given = LSTM_CALLS[case]
    ours, theirs = nn.LSTM(3, 5, 2, backend=backend), torch.nn.LSTM(3, 5, 2)
    same(lambda: ours(*given), lambda: theirs(*given))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", PACKED_CALLS)
def test_packed_calls(same, refusal, name, case, backend):
    """PyTorch's LSTM does not look at what comes packed and fails deep within: what it says unpacked is expected."""
    inputs, hx = PACKED_CALLS[case](name)
    packed = pack_padded_sequence(inputs, torch.tensor([4, 2]))
    ours, theirs = getattr(nn, name)(3, 5, 2, backend=backend), getattr(torch.nn, name)(3, 5, 2)
    assert refusal(lambda: theirs(packed, hx)) is not None
    same(lambda: ours(packed, hx), lambda: theirs(inputs if name == "LSTM" else packed, hx))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
def test_a_state_of_another_type(refusal, name, backend):
    """PyTorch's operators differ in their words on a CPU; these are the words of its operators for accelerators."""
    given = zeros(4, 2, 3), state(name, 2, 2, 5, dtype=DOUBLE)
    ours, theirs = getattr(nn, name)(3, 5, 2, backend=backend), getattr(torch.nn, name)(3, 5, 2)
    assert refusal(lambda: theirs(*given))[0] is RuntimeError
    words = "Input and hidden tensors are not the same dtype, found input tensor with float32 and hidden tensor with"
    with pytest.raises(RuntimeError, match=words):
        ours(*given)


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("case", ["hidden state as wide as the cell", "cell state as narrow as the hidden"])
def test_states_of_a_projected_lstm(same, case, backend):
    hx = (zeros(1, 2, 5), zeros(1, 2, 5)) if case.startswith("hidden") else (zeros(1, 2, 2), zeros(1, 2, 2))
    ours, theirs = nn.LSTM(3, 5, proj_size=2, backend=backend), torch.nn.LSTM(3, 5, proj_size=2)
    same(lambda: ours(zeros(4, 2, 3), hx), lambda: theirs(zeros(4, 2, 3), hx))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
def test_batch_first_counts_the_batch_on_its_axis(same, name, backend):
    ours = getattr(nn, name)(3, 5, batch_first=True, bidirectional=True, backend=backend)
    theirs = getattr(torch.nn, name)(3, 5, batch_first=True, bidirectional=True)
    given = zeros(4, 2, 3), state(name, 2, 2, 5)
    same(lambda: ours(*given), lambda: theirs(*given))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
def test_devices_are_not_mixed(same, name, backend):
    ours, theirs = getattr(nn, name)(3, 5, backend=backend), getattr(torch.nn, name)(3, 5)
    given = zeros(4, 2, 3, device="meta")
    same(lambda: ours(given), lambda: theirs(given))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch(refusal, name, backend):
    theirs = getattr(torch.nn, name)(3, 5, 2, bidirectional=True)
    ours = getattr(nn, name)(3, 5, 2, bidirectional=True, backend=backend)
    expected, made = refusal(lambda: theirs(zeros(4, 0, 3))), refusal(lambda: ours(zeros(4, 0, 3)))
    assert made == expected
    if expected is None:
        torch.testing.assert_close(ours(zeros(4, 0, 3)), theirs(zeros(4, 0, 3)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")], ids=["nan", "inf", "-inf"])
@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_nan_and_infinity_go_where_torchs_go(torch_layers, kind, bidirectional, backend, value):
    case = torch_layers.case(kind=kind, layers=2, bidirectional=bidirectional, backend=backend)
    inputs, _ = torch_layers.given(case)
    inputs[2, 1, 0] = value
    made = [layer(inputs) for layer in case.pair()]
    for ours, theirs in zip(*[(outputs, *flat(final)) for outputs, final in made], strict=True):
        assert torch_layers.apart(ours, theirs) < 1e-12
    (ours, _), (theirs, _) = made
    if value != value:
        assert theirs[:, 1].isnan().any()
        assert not ours[:, [0, 2, 3]].isnan().any()  # other sequences are untouched
        assert torch.equal(ours.isnan(), theirs.isnan())


def flat(final):
    return final if isinstance(final, tuple) else (final,)


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_nan_beyond_a_sequence_is_never_read(torch_layers, kind, backend):
    """Padding may hold anything: values and gradients are those of a padding of zeros."""
    case = torch_layers.case(kind=kind, layers=2, bidirectional=True, lengths="keyword", backend=backend)
    layer, _ = case.pair()
    inputs, _ = torch_layers.given(case)
    made = []
    for filler in (0.0, float("nan")):
        padded = inputs.clone()
        for row, length in enumerate([2, 4, 1, 3]):
            padded[length:, row] = filler
        outputs, final = torch_layers.called(layer, case, padded.requires_grad_(), None)
        values = [outputs, *flat(final)]
        made.append([*values, *torch.autograd.grad(sum(v.sum() for v in values), [padded, *layer.parameters()])])
    assert all(torch.equal(zero, nan) for zero, nan in zip(*made, strict=True))
