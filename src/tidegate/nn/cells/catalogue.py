"""Every cell by name: adding one is its file and its line here."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tidegate.errors import SettingError
from tidegate.nn.cells import elman, gru, lstm, min_gru, min_lstm, slstm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.cell import Cell

CELLS: Mapping[str, type[Cell]] = {
    "elman": elman.Elman,
    "lstm": lstm.Lstm,
    "gru": gru.Gru,
    "min_gru": min_gru.MinGru,
    "min_lstm": min_lstm.MinLstm,
    "slstm": slstm.Slstm,
}
"""Name to class: the standard cells, then their relatives."""


def kind(name: str) -> type[Cell]:
    """Return the class of the cell called `name`.

    Raises
    ------
    SettingError
        If there is none; the message suggests the nearest name.
    """
    if name in CELLS:
        return CELLS[name]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), CELLS, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise SettingError(f"There is no cell {name!r}. {hint}The cells are: {', '.join(CELLS)}.")
