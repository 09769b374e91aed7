import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.cell import advance
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.relatives import SLSTM, MinGRU, MinLSTM
from tidegate.nn.stack import PARAMETERS, Stack

LAYERS = {"min_gru": MinGRU, "min_lstm": MinLSTM, "slstm": SLSTM}
STACKED = {
    "bias": False,
    "batch_first": True,
    "dropout": 0.5,
    "bidirectional": True,
    "merge": "mean",
    "residual": True,
    "layer_norm": True,
    "backend": "reference",
}


@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no biases"])
@pytest.mark.parametrize("name", LAYERS)
def test_outputs_are_the_cell_step_by_step(name, bias):
    torch.manual_seed(2)
    made = LAYERS[name](3, 4, bias=bias, dtype=torch.float64)
    inputs = torch.randn(7, 2, 3, dtype=torch.float64)
    state = tuple(torch.zeros(2, 4, dtype=torch.float64) for _ in made.cell.states)
    parameters = dict(made.named_parameters())
    weights = {role: parameters[f"{key}_l0"] for role, key in PARAMETERS.items() if f"{key}_l0" in parameters}
    outputs, final = made(inputs)
    for t in range(7):
        state = advance(made.cell, inputs[t], state, weights).state
        torch.testing.assert_close(outputs[t], state[0])
    final = final if isinstance(final, tuple) else (final,)
    torch.testing.assert_close(tuple(part[0] for part in final), state)


def test_options_reach_the_cell():
    assert MinGRU(3, 4, candidate="positive").cell == MinGru("positive")
    assert MinLSTM(3, 4, candidate="positive", normalised=False).cell == MinLstm("positive", normalised=False)
    assert SLSTM(3, 4).cell == Slstm()


@pytest.mark.parametrize("name", LAYERS)
def test_options_of_the_stack_reach_it(name):
    generator = torch.Generator()
    made = LAYERS[name](3, 4, 2, **STACKED, dtype=torch.float64, device="meta")
    assert made.stack == Stack(2, **STACKED)
    assert made.weight_ih_l0.dtype is torch.float64
    assert made.weight_ih_l0.is_meta
    assert LAYERS[name](3, 4, reverse=True, generator=generator).stack == Stack(reverse=True, generator=generator)


@pytest.mark.parametrize("name", LAYERS)
def test_lengths_and_packing_agree(name):
    torch.manual_seed(3)
    made = LAYERS[name](3, 4, 2, bidirectional=True, dtype=torch.float64)
    inputs, lengths = torch.randn(5, 3, 3, dtype=torch.float64), torch.tensor([2, 5, 1])
    outputs, final = made(inputs, lengths=lengths)
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    other, other_final = made(packed)
    torch.testing.assert_close(torch.nn.utils.rnn.pad_packed_sequence(other)[0], outputs)
    torch.testing.assert_close(other_final, final)


def test_bad_options_are_refused():
    with pytest.raises(SettingError, match="candidate is 'cubic'"):
        MinGRU(3, 4, candidate="cubic")
    with pytest.raises(ValueError, match=r"^hidden_size must be greater than zero$"):
        SLSTM(3, 0)


def test_the_name_is_the_mode():
    assert [MinGRU(3, 4).mode, MinLSTM(3, 4).mode, SLSTM(3, 4).mode] == ["MIN_GRU", "MIN_LSTM", "SLSTM"]
