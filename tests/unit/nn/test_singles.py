import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn import singles
from tidegate.nn.cells.cell import advance
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.layers import LSTM
from tidegate.nn.singles import GRUCell, LSTMCell, RNNCell, Single
from tidegate.nn.stack import PARAMETERS

NAMES = ("RNNCell", "LSTMCell", "GRUCell")
LSTM_OPTIONS = {
    "peepholes": "full",
    "coupled": True,
    "squashed": True,
    "without": ("output",),
    "input_activation": "identity",
    "output_activation": "identity",
    "gate_bias": False,
    "clip": 1.5,
}
VARIANTS = {
    "sigmoid": lambda: RNNCell(3, 4, nonlinearity="sigmoid"),
    "clipped elman": lambda: RNNCell(3, 4, clip=0.5),
    "peepholes": lambda: LSTMCell(3, 4, peepholes="full"),
    "no biases": lambda: LSTMCell(3, 4, False),
    "biases of the candidate": lambda: GRUCell(3, 4, gate_bias=False),
    "reset before": lambda: GRUCell(3, 4, reset="before"),
}


def zeros(name, *shape):
    return (torch.zeros(*shape), torch.zeros(*shape)) if name == "LSTMCell" else torch.zeros(*shape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_is_one_step_of_its_cell(variant):
    torch.manual_seed(1)
    single = VARIANTS[variant]()
    inputs = torch.randn(5, 3)
    states = tuple(torch.randn(5, 4) for _ in single.cell.states)
    made = single(inputs, states if len(states) > 1 else states[0])
    parameters = dict(single.named_parameters())
    weights = {role: parameters[name] for role, name in PARAMETERS.items() if name in parameters}
    expected = advance(single.cell, inputs, states, weights).state
    assert all(map(torch.equal, made if isinstance(made, tuple) else (made,), expected))
    alone = single(inputs[0], tuple(part[0] for part in states) if len(states) > 1 else states[0][0])
    torch.testing.assert_close(alone, tuple(part[0] for part in made) if len(states) > 1 else made[0])


def test_steps_of_a_cell_are_a_layer():
    torch.manual_seed(2)
    layer, single = LSTM(3, 4, peepholes="full"), LSTMCell(3, 4, peepholes="full")
    single.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    inputs, hx, walked = torch.randn(6, 2, 3), None, []
    for step in inputs:
        hx = single(step, hx)
        walked.append(hx[0])
    torch.testing.assert_close(torch.stack(walked), layer(inputs)[0])


@pytest.mark.parametrize("name", LSTM_OPTIONS)
def test_options_of_lstm_reach_its_cell(name):
    assert LSTMCell(3, 4, **{name: LSTM_OPTIONS[name]}).cell == Lstm(**{name: LSTM_OPTIONS[name]})


def test_options_reach_the_cells():
    assert RNNCell(3, 4, True, "relu", clip=2.0).cell == Elman("relu", 2.0)
    assert GRUCell(3, 4, reset="absent", gate_bias=False, clip=2.0).cell == Gru("absent", gate_bias=False, clip=2.0)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_start_from_torchs_numbers(name):
    made = []
    for module in (torch.nn, singles):
        torch.manual_seed(8)
        made.append(getattr(module, name)(3, 5, True, dtype=torch.float64).state_dict())
    assert list(made[0]) == list(made[1])
    assert all(torch.equal(made[0][key], made[1][key]) for key in made[0])


@pytest.mark.parametrize("name", NAMES)
def test_without_biases_they_are_none_as_in_torch(name):
    single, theirs = (getattr(module, name)(3, 5, False) for module in (singles, torch.nn))
    assert single.bias_ih is single.bias_hh is None
    assert list(single.state_dict()) == list(theirs.state_dict())
    torch.testing.assert_close(single(torch.zeros(0, 3)), theirs(torch.zeros(0, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_the_repr_is_torchs(name):
    for options in ({}, {"bias": False}, *([{"nonlinearity": "relu"}] if name == "RNNCell" else [])):
        assert repr(getattr(singles, name)(3, 5, **options)) == repr(getattr(torch.nn, name)(3, 5, **options))


def test_the_repr_adds_what_torch_does_not_have():
    assert repr(LSTMCell(3, 4, peepholes="full", clip=2.0)) == "LSTMCell(3, 4, peepholes=full, clip=2.0)"


def words(call):
    """Return type and words of what `call` raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return caught.type, str(caught.value)


CALLS = {
    "3-D input": lambda name: (torch.zeros(2, 2, 3),),
    "wrong features": lambda name: (torch.zeros(2, 4),),
    "another batch": lambda name: (torch.zeros(2, 3), zeros(name, 3, 5)),
    "another width": lambda name: (torch.zeros(2, 3), zeros(name, 2, 6)),
    "3-D state": lambda name: (torch.zeros(2, 3), zeros(name, 2, 1, 5)),
    "state without a batch": lambda name: (torch.zeros(2, 3), zeros(name, 5)),
    "input without a batch": lambda name: (torch.zeros(3), zeros(name, 2, 5)),
    "another type": lambda name: (torch.zeros(2, 3, dtype=torch.float64), zeros(name, 2, 5)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CALLS)
def test_calls_are_refused_in_torchs_words(name, case):
    ours, theirs = getattr(singles, name)(3, 5), getattr(torch.nn, name)(3, 5)
    mine, other = (words(lambda module=module: module(*CALLS[case](name))) for module in (ours, theirs))
    assert mine[0] is other[0]
    assert mine[1] == other[1] or case == "another type"  # there the order of the two types differs


def test_words_about_the_cell_state_are_torchs():
    ours, theirs = LSTMCell(3, 5), torch.nn.LSTMCell(3, 5)
    inputs, h = torch.zeros(2, 3), torch.zeros(2, 5)
    for hx in ((h, torch.zeros(2, 6)), (h, torch.zeros(3, 5)), (h, torch.zeros(2, 1, 1, 5)), (h, h, h)):
        mine, other = (words(lambda module=module, hx=hx: module(inputs, hx)) for module in (ours, theirs))
        assert mine == other


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_those_of_a_layer(name):
    made = getattr(singles, name)
    with pytest.raises(ValueError, match=r"^hidden_size must be greater than zero$"):
        made(3, 0)
    with pytest.raises(ValueError, match=r"^input_size must be greater than zero$"):
        made(-1, 3)
    with pytest.raises(TypeError, match=r"^hidden_size should be of type int, got: float$"):
        made(3, 5.0)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match=r"^Unknown nonlinearity 'gelu'\. Select from 'tanh', 'relu' or 'sigmoid'\.$"):
        RNNCell(3, 4, nonlinearity="gelu")
    with pytest.raises(SettingError, match=r"^reset is 'never'"):
        GRUCell(3, 4, reset="never")


@pytest.mark.parametrize("name", NAMES)
def test_autocast_returns_torchs_types(name):
    ours, theirs = getattr(singles, name)(3, 5), getattr(torch.nn, name)(3, 5)
    found = []
    for module in (ours, theirs):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            made = module(torch.zeros(2, 3))
        found.append([part.dtype for part in (made if isinstance(made, tuple) else (made,))])
    assert found[0] == found[1]


def test_any_cell_can_be_a_single():
    single = Single(Gru(), 3, 4, dtype=torch.float64)
    assert single.weight_hh.shape == (12, 4)
    assert single.weight_hh.dtype is torch.float64
