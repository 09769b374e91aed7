import re
from pathlib import Path

import pytest

import tidegate.kernels
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.nouns import CELLS as KNOWN
from tidegate.nn.nouns import noun

EXPECTED = {
    Elman(): "elman_tanh",
    Elman("relu"): "elman_relu",
    Elman("sigmoid"): "elman_sigmoid",
    Lstm(): "lstm",
    Lstm(gate_bias=False): "lstm",
    Lstm(peepholes="full"): "lstm_peephole",
    Lstm(coupled=True): "lstm_coupled",
    Lstm(peepholes="full", coupled=True, gate_bias=False): "lstm_peephole_coupled",
    Gru(): "gru_after",
    Gru("before", gate_bias=False): "gru_before",
    Gru("absent"): "gru_absent",
    MinGru(): "min_gru",
    MinGru("positive"): "min_gru_positive",
    MinLstm(normalised=False): "min_lstm",
    MinLstm("positive", normalised=False): "min_lstm_positive",
    MinLstm(): "min_lstm_normalised",
    MinLstm("positive"): "min_lstm_positive_normalised",
    Elman(clip=1.0): None,
    Gru(clip=1.0): None,
    Lstm(clip=1.0): None,
    Lstm(peepholes="output"): None,
    Lstm(squashed=True): None,
    Lstm(without=("input",)): None,
    Lstm(input_activation="identity"): None,
    Lstm(output_activation="identity"): None,
    CELLS["slstm"](): None,
}


@pytest.mark.parametrize("cell", EXPECTED, ids=lambda cell: str(cell))
def test_what_the_kernels_call_a_cell(cell):
    assert noun(cell) == EXPECTED[cell]


def test_every_family_is_among_them():
    assert {type(cell) for cell in EXPECTED} == set(CELLS.values())


def test_every_cell_that_is_compiled_is_named():
    written = Path(tidegate.kernels.__file__).with_name("csrc").joinpath("kernels.h").read_text(encoding="utf-8")
    assert re.findall(r"^TIDEGATE_RECURRENCE\((\w+),", written, re.MULTILINE) == list(KNOWN)
