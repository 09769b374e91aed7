"""Which cells the compiled kernels know, and what they call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm

if TYPE_CHECKING:
    from tidegate.nn.cells.cell import Cell

CELLS: Mapping[str, Cell] = {
    "elman_tanh": Elman("tanh"),
    "elman_relu": Elman("relu"),
    "elman_sigmoid": Elman("sigmoid"),
    "lstm": Lstm(),
    "lstm_peephole": Lstm(peepholes="full"),
    "lstm_coupled": Lstm(coupled=True),
    "lstm_peephole_coupled": Lstm(peepholes="full", coupled=True),
    "gru_after": Gru("after"),
    "gru_before": Gru("before"),
    "gru_absent": Gru("absent"),
    "min_gru": MinGru(),
    "min_gru_positive": MinGru("positive"),
    "min_lstm": MinLstm(normalised=False),
    "min_lstm_positive": MinLstm("positive", normalised=False),
    "min_lstm_normalised": MinLstm(normalised=True),
    "min_lstm_positive_normalised": MinLstm("positive", normalised=True),
}
"""The cells, with all biases, by the name that stands in ``csrc/kernels.h``."""

_NOUNS = {cell: noun for noun, cell in CELLS.items()} | {
    replace(cell, gate_bias=False): noun for noun, cell in CELLS.items() if isinstance(cell, Gru | Lstm)
}


def noun(cell: Cell) -> str | None:
    """Return what the kernels call `cell`; None where they do not know it.

    >>> noun(Gru("before"))
    'gru_before'
    """
    return _NOUNS.get(cell)
