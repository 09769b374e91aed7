import math
import warnings

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import pack_padded_sequence

from tidegate.errors import SettingError
from tidegate.nn import arguments
from tidegate.nn.cells.gru import Gru
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.relatives import SLSTM
from tidegate.nn.stack import Recurrent, Stack

BACKENDS = ("auto", "reference")


def words(call):
    """Return type and words of what `call` raises."""
    with pytest.raises((ValueError, RuntimeError, TypeError)) as caught:
        call()
    return caught.type, str(caught.value)


OPTIONS = {
    "merge": ("product", "merge is 'product'; it must be one of 'concat', 'sum', 'mean'."),
    "backend": ("cuda", "backend is 'cuda'; it must be one of 'auto', 'kernels', 'torch', 'reference'."),
    "residual": (1, "residual is 1; it must be True or False."),
    "recompute": ("yes", "recompute is 'yes'; it must be True or False."),
    "layer_norm": ("yes", "layer_norm is 'yes'; it must be True or False."),
    "reverse": (None, "reverse is None; it must be True or False."),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_outside_their_limits(name):
    value, expected = OPTIONS[name]
    with pytest.raises(SettingError) as caught:
        GRU(3, 5, **{name: value})
    assert str(caught.value) == expected


def test_two_directions_have_no_reverse():
    with pytest.raises(
        SettingError, match=r"^reverse=True is for one direction; leave it out with bidirectional=True$"
    ):
        GRU(3, 5, bidirectional=True, reverse=True)


SIZES = {
    "no inputs": (0, 5),
    "negative inputs": (-1, 5),
    "fractional inputs": (1.5, 5),
    "no hidden units": (3, 0),
    "negative hidden units": (3, -2),
    "text": (3, "5"),
}


@pytest.mark.parametrize("case", SIZES)
def test_sizes_are_refused_in_torchs_words(case):
    expected = words(lambda: torch.nn.GRU(*SIZES[case]))
    assert words(lambda: GRU(*SIZES[case])) == expected
    assert words(lambda: arguments.check_sizes(*SIZES[case])) == expected


CONSTRUCTIONS = {
    "no layers": {"num_layers": 0},
    "bias as a number": {"bias": 1},
    "batch_first as a number": {"batch_first": 0},
    "dropout above 1": {"dropout": 1.5},
    "dropout as a flag": {"dropout": True},
    "dropout of nothing": {"dropout": math.nan},
    "negative projection": {"proj_size": -1},
    "projection as wide as the state": {"proj_size": 5},
}


@pytest.mark.parametrize("case", CONSTRUCTIONS)
def test_construction_is_refused_in_torchs_words(case):
    options = {"num_layers": 2, **CONSTRUCTIONS[case]}
    assert words(lambda: LSTM(3, 5, **options)) == words(lambda: torch.nn.LSTM(3, 5, **options))


def test_a_projection_is_for_lstm_alone():
    with pytest.raises(ValueError, match=r"^proj_size argument is only supported for LSTM, not RNN or GRU$"):
        Recurrent(Gru(), 3, 5, stack=Stack(proj_size=2))


def test_numbers_of_numpy_are_numbers():
    assert GRU(3, 5, 2, dropout=np.float32(0.5)).dropout == 0.5


def test_dropout_of_one_layer_warns_where_it_is_made():
    said = []
    for module in (GRU, torch.nn.GRU):
        with pytest.warns(UserWarning, match="dropout option adds dropout after all but last") as seen:
            module(3, 5, dropout=0.5)
        said.append(str(seen[0].message))
        if module is GRU:
            assert seen[0].filename == __file__
    assert said[0] == said[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GRU(3, 5, 2, dropout=0.5)


RANKS = {
    "1-D input": lambda _: (torch.zeros(3), None),
    "4-D input": lambda _: (torch.zeros(2, 2, 2, 3), None),
    "state without a batch": lambda state: (torch.zeros(4, 2, 3), state(1, 5)),
    "state with a batch": lambda state: (torch.zeros(4, 3), state(1, 2, 5)),
    "other features": lambda _: (torch.zeros(4, 2, 7), None),
    "another type": lambda _: (torch.zeros(4, 2, 3, dtype=torch.float64), None),
    "another device": lambda _: (torch.zeros(4, 2, 3, device="meta"), None),
    "state on another device": lambda state: (torch.zeros(4, 2, 3), state(1, 2, 5, device="meta")),
    "state of another batch": lambda state: (torch.zeros(4, 2, 3), state(1, 3, 5)),
    "state of more layers": lambda state: (torch.zeros(4, 2, 3), state(2, 2, 5)),
    "no steps": lambda _: (torch.zeros(0, 2, 3), None),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", RANKS)
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_calls_are_refused_in_torchs_words(name, case, backend):
    def state(*shape, **options):
        made = torch.zeros(*shape, **options)
        return (made, made) if name == "LSTM" else made

    given = RANKS[case](state)
    theirs, ours = getattr(torch.nn, name)(3, 5), {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}[name](3, 5, backend=backend)
    assert words(lambda: ours(*given)) == words(lambda: theirs(*given))


def test_a_subclass_and_a_parametrisation_are_called_by_the_layers_name():
    class Mine(GRU):
        pass

    layer = Mine(3, 5)
    parametrize.register_parametrization(layer, "weight_hh_l0", torch.nn.Identity())
    with pytest.raises(ValueError, match=r"^GRU: Expected input to be 2D or 3D, got 4D instead$"):
        layer(torch.zeros(1, 1, 1, 3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_of_another_type_is_refused(backend):
    expected = (
        "Input and hidden tensors are not the same dtype, found input tensor with float32 "
        "and hidden tensor with float64"
    )
    state = torch.zeros(1, 2, 5, dtype=torch.float64)
    for layer, hx in ((GRU(3, 5, backend=backend), state), (LSTM(3, 5, backend=backend), (state, state))):
        assert words(lambda layer=layer, hx=hx: layer(torch.zeros(4, 2, 3), hx)) == (RuntimeError, expected)


def test_the_number_of_states():
    h = torch.zeros(1, 2, 5)
    expected = "lstm expects two hidden states"
    for hx in (h, (h,), (h, h, h)):
        assert words(lambda hx=hx: LSTM(3, 5)(torch.zeros(4, 2, 3), hx)) == (RuntimeError, expected)
    assert words(lambda: SLSTM(3, 5)(torch.zeros(4, 2, 3), (h, h))) == (
        RuntimeError,
        "slstm expects four hidden states",
    )
    for hx in ((h,), (h, h)):
        assert words(lambda hx=hx: GRU(3, 5)(torch.zeros(4, 2, 3), hx)) == (
            RuntimeError,
            "gru expects one hidden state, a tensor on its own",
        )


LENGTHS = {
    "too many": ([1, 2, 3], "lengths must hold one whole number per sequence, shape (2,); got int64 of shape (3,)"),
    "fractions": ([1.0, 2.0], "lengths must hold one whole number per sequence, shape (2,); got float32 of shape (2,)"),
    "flags": ([True, True], "lengths must hold one whole number per sequence, shape (2,); got bool of shape (2,)"),
    "beyond the padding": ([1, 5], "lengths must lie between 0 and the 4 steps of the input; got 5"),
    "negative": ([1, -2], "lengths must lie between 0 and the 4 steps of the input; got -2"),
    "all zero": ([0, 0], "lengths are all 0: there is no step to read. Leave out empty batches"),
}


@pytest.mark.parametrize("case", LENGTHS)
@pytest.mark.parametrize("kind", ["list", "tensor"])
def test_lengths_that_cannot_be(case, kind):
    lengths, expected = LENGTHS[case]
    given = torch.tensor(lengths) if kind == "tensor" else lengths
    assert words(lambda: GRU(3, 5)(torch.zeros(4, 2, 3), lengths=given)) == (ValueError, expected)


def test_lengths_are_settled_once():
    inputs = torch.zeros(4, 2, 3)
    assert arguments.checked_lengths([2, 4], inputs).tolist() == [2, 4]
    assert arguments.checked_lengths([4, 4], inputs) is None
    assert arguments.checked_lengths(None, inputs) is None
    assert arguments.checked_lengths(torch.zeros(0, dtype=torch.int64), torch.zeros(4, 0, 3)) is None


def test_packed_inputs_have_their_lengths():
    packed = pack_padded_sequence(torch.zeros(4, 2, 3), [4, 2])
    with pytest.raises(ValueError, match=r"^a PackedSequence knows its lengths; leave out lengths=$"):
        GRU(3, 5)(packed, lengths=[4, 2])
    with pytest.raises(ValueError, match=r"^a PackedSequence cannot be traced; give padded inputs and lengths=$"):
        GRU(3, 5).trace(packed)


def test_a_stretch_has_a_step():
    for truncate in (0, -3, 2.0, True):
        with pytest.raises(
            ValueError, match=r"^truncate must be at least 1 step, or None for the whole gradient; got "
        ):
            GRU(3, 5)(torch.zeros(4, 2, 3), truncate=truncate)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU, SLSTM], ids=lambda kind: kind.__name__)
def test_a_missing_value_is_never_hidden(kind, backend):
    inputs = torch.zeros(4, 2, 3)
    inputs[1, 0, 2] = math.nan
    outputs, _ = kind(3, 5, backend=backend)(inputs)
    assert outputs.isnan().all(-1).tolist() == [[False, False], [True, False], [True, False], [True, False]]
