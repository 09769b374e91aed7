import copy

import pytest
import torch
from torch.nn.utils import prune

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.pytorch import from_torch, to_torch
from tidegate.nn.stack import Recurrent, Stack

CASES = {
    "rnn": (torch.nn.RNN, {}),
    "rnn-relu": (torch.nn.RNN, {"nonlinearity": "relu", "num_layers": 2}),
    "rnn-without-bias": (torch.nn.RNN, {"bias": False, "bidirectional": True}),
    "lstm": (torch.nn.LSTM, {"num_layers": 2, "dropout": 0.25}),
    "lstm-projected": (torch.nn.LSTM, {"proj_size": 2, "bidirectional": True, "num_layers": 3}),
    "lstm-batch-first": (torch.nn.LSTM, {"batch_first": True, "bias": False}),
    "gru": (torch.nn.GRU, {}),
    "gru-deep": (torch.nn.GRU, {"num_layers": 3, "bidirectional": True, "batch_first": True}),
}
FLAGS = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size")


def filled(module, seed=3):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module


def given(module, seed=5):
    return torch.randn(5, 4, module.input_size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parts(outcome):
    outputs, state = outcome
    return [outputs, *(state if isinstance(state, tuple) else (state,))]


@pytest.fixture(params=CASES, ids=str)
def module(request):
    kind, options = CASES[request.param]
    return filled(kind(3, 4, dtype=torch.float64, **options)).eval()


def test_a_round_trip_gives_the_same_bits(module):
    ours = from_torch(module)
    back = to_torch(ours)
    assert type(back) is type(module)
    assert type(ours).__name__ == type(module).__name__
    assert [getattr(back, flag) for flag in FLAGS] == [getattr(module, flag) for flag in FLAGS]
    assert getattr(back, "nonlinearity", None) == getattr(module, "nonlinearity", None)
    inputs = given(module)
    for made, wanted in zip(parts(back(inputs)), parts(module(inputs)), strict=True):
        assert torch.equal(made, wanted)


def test_our_layer_computes_what_torch_computes(module):
    inputs = given(module)
    for made, wanted in zip(parts(from_torch(module)(inputs)), parts(module(inputs)), strict=True):
        torch.testing.assert_close(made, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_dtype_mode_and_flags_are_carried_over(dtype):
    ours = filled(nn.LSTM(3, 4, num_layers=2, dtype=dtype)).eval()
    ours.bias_hh_l1.requires_grad_(requires_grad=False)
    made = to_torch(ours)
    again = from_torch(made)
    for layer in (made, again):
        assert not layer.training
        assert [name for name, parameter in layer.named_parameters() if not parameter.requires_grad] == ["bias_hh_l1"]
        assert {parameter.dtype for parameter in layer.parameters()} == {dtype}
    assert from_torch(made.train()).training
    assert all(torch.equal(parameter, ours.get_parameter(name)) for name, parameter in again.named_parameters())


def test_the_copy_is_independent():
    module = filled(torch.nn.GRU(3, 4))
    before = copy.deepcopy(module.state_dict())
    ours = from_torch(module)
    with torch.no_grad():
        ours.weight_ih_l0.zero_()
    assert torch.equal(module.weight_ih_l0, before["weight_ih_l0"])


def test_converting_draws_no_random_numbers():
    module = torch.nn.LSTM(3, 4)
    state = torch.get_rng_state()
    to_torch(from_torch(module))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_layer_of_a_cell_converts_like_the_class_of_its_name():
    stack = Stack(num_layers=2, proj_size=2, backend="reference")
    layer = filled(Recurrent(Lstm(), 3, 4, stack=stack, dtype=torch.float64))
    made, inputs = to_torch(layer), given(layer)
    for mine, theirs in zip(parts(layer(inputs)), parts(made(inputs)), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


class Halved(torch.nn.GRU):
    def forward(self, input, hx=None):
        outputs, state = super().forward(input, hx)
        return outputs / 2, state


@pytest.mark.parametrize(
    "module", [Halved(3, 4), torch.nn.GRUCell(3, 4), torch.nn.Linear(3, 4)], ids=["subclass", "cell", "linear"]
)
def test_only_torchs_own_layers_are_read(module):
    with pytest.raises(SettingError, match=r"module is a .*(Halved|GRUCell|Linear); from_torch reads torch.nn.RNN"):
        from_torch(module)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_gates_without_biases_have_biases_of_0(kind):
    layer = filled(kind(3, 4, gate_bias=False, num_layers=2, bidirectional=True, dtype=torch.float64))
    inputs = given(layer)
    torch.testing.assert_close(to_torch(layer)(inputs)[0], layer(inputs)[0], rtol=0, atol=1e-14)
    assert int(to_torch(layer).bias_ih_l0.count_nonzero()) == 4


STACKS = {
    "merge is 'sum'": {"bidirectional": True, "merge": "sum"},
    "residual is True": {"num_layers": 2, "residual": True},
    "layer_norm is True": {"layer_norm": True},
    "reverse is True": {"reverse": True},
    "generator is <torch": {"generator": torch.Generator()},
}


@pytest.mark.parametrize("words", STACKS)
def test_a_stack_that_torch_does_not_have_is_named(words):
    with pytest.raises(SettingError, match=rf"^{words}.*; torch.nn knows .* alone$"):
        to_torch(nn.GRU(3, 4, **STACKS[words]))


CELLS = {
    "reset is 'before'; torch.nn.GRU knows 'after' alone": Gru(reset="before"),
    "clip is 3.0; torch.nn.GRU knows None alone": Gru(clip=3.0),
    "nonlinearity is 'sigmoid'; torch.nn.RNN knows 'tanh' or 'relu' alone": Elman("sigmoid"),
    "peepholes is 'full'; torch.nn.LSTM knows 'none' alone": Lstm(peepholes="full"),
    "coupled is True; torch.nn.LSTM knows False alone": Lstm(coupled=True),
    r"without is \('forget',\); torch.nn.LSTM knows \(\) alone": Lstm(without=("forget",)),
}


@pytest.mark.parametrize("words", CELLS)
def test_a_cell_that_torch_does_not_have_is_named(words):
    with pytest.raises(SettingError, match=rf"^{words}$"):
        to_torch(Recurrent(CELLS[words], 3, 4))


class Stranger:
    name = "stranger"
    gates = ("hidden",)
    states = ("hidden",)

    def shapes(self, sizes):
        return Elman().shapes(sizes)


def test_a_cell_of_another_kind_is_named():
    with pytest.raises(SettingError, match=r"torch.nn has no layer of cell 'stranger'; it has RNN, LSTM and GRU"):
        to_torch(Recurrent(Stranger(), 3, 4))


def test_the_device_is_carried_over():
    module = torch.nn.GRU(3, 4, device="meta")
    ours = from_torch(module)
    assert {parameter.device.type for parameter in ours.parameters()} == {"meta"}
    assert {parameter.device.type for parameter in to_torch(ours).parameters()} == {"meta"}


def test_a_pruned_layer_is_refused():
    layer = nn.LSTM(2, 3)
    prune.l1_unstructured(layer, "weight_hh_l0", 0.5)
    with pytest.raises(SettingError, match=r"Make it a parameter again first: torch.nn.utils.prune.remove"):
        to_torch(layer)
