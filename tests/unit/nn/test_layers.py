import inspect
from types import SimpleNamespace

import pytest
import torch

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.stack import Stack

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
OURS = SimpleNamespace(RNN=RNN, LSTM=LSTM, GRU=GRU)
STACKED = {"merge": "sum", "residual": True, "layer_norm": True, "backend": "reference", "recompute": True}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(1)


def filled(module, generator):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module


def test_rnn_is_the_published_equation(generator):
    rnn = filled(RNN(2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = torch.zeros(5, 3)
    for step in x:
        h = torch.tanh(step @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0)
    torch.testing.assert_close(rnn(x)[0][-1], h)


def test_lstm_is_the_published_equation(generator):
    lstm = filled(LSTM(2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = c = torch.zeros(5, 3)
    for step in x:
        sums = step @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + h @ lstm.weight_hh_l0.T + lstm.bias_hh_l0
        input_, forget, candidate, output = sums.chunk(4, dim=1)
        c = torch.sigmoid(forget) * c + torch.sigmoid(input_) * torch.tanh(candidate)
        h = torch.sigmoid(output) * torch.tanh(c)
    torch.testing.assert_close(lstm(x)[0][-1], h)


def test_gru_is_the_published_equation(generator):
    gru = filled(GRU(2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = torch.zeros(5, 3)
    for step in x:
        reset_x, update_x, candidate_x = (step @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, dim=1)
        reset_h, update_h, candidate_h = (h @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, dim=1)
        reset, update = torch.sigmoid(reset_x + reset_h), torch.sigmoid(update_x + update_h)
        h = (1 - update) * torch.tanh(candidate_x + reset * candidate_h) + update * h
    torch.testing.assert_close(gru(x)[0][-1], h)


POSITIONAL = {
    "RNN": (3, 5, 2, "relu", False, True, 0.25, True),
    "LSTM": (3, 5, 2, False, True, 0.25, True, 4),
    "GRU": (3, 5, 2, False, True, 0.25, True),
}


@pytest.mark.parametrize("name", POSITIONAL)
def test_arguments_stand_in_torchs_order(name):
    theirs = getattr(torch.nn, name)(*POSITIONAL[name], dtype=torch.float64)
    ours = getattr(OURS, name)(*POSITIONAL[name], torch.device("cpu"), torch.float64)  # torch documents these two so
    values = {key: value for key, value in vars(theirs).items() if isinstance(value, int | float | str)}
    assert len(values) >= 10
    assert {key: getattr(ours, key) for key in values} == values
    assert repr(ours) == repr(theirs)
    assert ours.weight_ih_l0.dtype is torch.float64


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_parameters_start_from_torchs_numbers(name):
    made = []
    for module in (torch.nn, OURS):
        torch.manual_seed(8)
        made.append(getattr(module, name)(3, 5, 2, bidirectional=True).state_dict())
    assert list(made[0]) == list(made[1])
    assert all(torch.equal(made[0][key], made[1][key]) for key in made[0])


@pytest.mark.parametrize("name", LSTM_OPTIONS)
def test_options_of_lstm_reach_its_cell(name):
    made = LSTM(3, 5, **{name: LSTM_OPTIONS[name]})
    assert made.cell == Lstm(**{name: LSTM_OPTIONS[name]})
    assert made.cell != Lstm()


def test_options_of_gru_and_rnn_reach_their_cells():
    assert GRU(3, 5, reset="before", clip=2.0).cell == Gru("before", clip=2.0)
    assert GRU(3, 5, gate_bias=False).cell == Gru(gate_bias=False)
    assert RNN(3, 5, nonlinearity="sigmoid", clip=2.0).cell == Elman("sigmoid", 2.0)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_options_of_the_stack_reach_it(kind):
    generator = torch.Generator()
    made = kind(3, 5, 2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, **STACKED)
    assert made.stack == Stack(2, False, True, 0.5, True, **STACKED)
    made = kind(3, 5, reverse=True, generator=generator)
    assert made.stack == Stack(reverse=True, generator=generator)
    assert LSTM(3, 5, proj_size=4).stack == Stack(proj_size=4)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_every_option_is_a_named_argument(kind):
    names = set(inspect.signature(kind).parameters)
    assert {"num_layers", "bias", "batch_first", "dropout", "bidirectional", *STACKED, "reverse", "generator"} <= names


@pytest.mark.parametrize("kind", [RNN, GRU])
def test_a_projection_is_refused_in_torchs_words(kind):
    for width in (0, 2):
        with pytest.raises(ValueError, match=r"^proj_size argument is only supported for LSTM, not RNN or GRU$"):
            kind(3, 5, proj_size=width)


def test_an_unknown_nonlinearity_is_refused():
    with pytest.raises(ValueError, match=r"^Unknown nonlinearity 'gelu'\. Select from 'tanh', 'relu' or 'sigmoid'\.$"):
        RNN(3, 5, nonlinearity="gelu")
    with pytest.raises(SettingError, match=r"^reset is 'never'; it must be one of 'after', 'before', 'absent'\.$"):
        GRU(3, 5, reset="never")


def test_modes_are_torchs_names():
    assert [RNN(3, 5).mode, RNN(3, 5, nonlinearity="relu").mode] == ["RNN_TANH", "RNN_RELU"]
    assert [RNN(3, 5, nonlinearity="sigmoid").mode, LSTM(3, 5, coupled=True).mode] == ["RNN_SIGMOID", "LSTM"]
    assert GRU(3, 5).mode == "GRU"


def test_the_repr_adds_what_torch_does_not_have():
    assert repr(GRU(3, 5, 2, reset="before", merge="sum", bidirectional=True)) == (
        "GRU(3, 5, num_layers=2, bidirectional=True, reset=before, merge=sum)"
    )
    assert repr(RNN(3, 5, nonlinearity="relu")) == repr(torch.nn.RNN(3, 5, nonlinearity="relu"))
    assert repr(LSTM(3, 5, without=("forget",), generator=torch.Generator())) == "LSTM(3, 5, without=('forget',))"


@pytest.mark.parametrize("name", nn.__all__)
def test_every_public_name_of_the_package_loads(name):
    assert getattr(nn, name).__name__ == name
    assert name in dir(nn)


def test_the_starts_need_no_import_of_their_own(monkeypatch):
    monkeypatch.delattr(nn, "initialisation", raising=False)
    assert "initialisation" in dir(nn)
    assert callable(nn.initialisation.chrono)


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'tidegate.nn' has no attribute 'GRUU'$"):
        nn.GRUU  # noqa: B018
