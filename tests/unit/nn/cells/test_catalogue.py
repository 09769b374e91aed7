import dataclasses

import pytest

from tidegate.errors import SettingError
from tidegate.nn.cells.catalogue import CELLS, kind
from tidegate.nn.cells.cell import Sizes


def test_the_cells_are_known_by_their_own_names():
    assert list(CELLS) == ["elman", "lstm", "gru", "min_gru", "min_lstm", "slstm"]
    assert all(made.name == name for name, made in CELLS.items())


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_a_frozen_dataclass_of_its_options(name):
    made = kind(name)()
    assert made == kind(name)()
    assert hash(made) == hash(kind(name)())
    assert dataclasses.fields(made) is not None
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.anything = 1


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_carries_its_hidden_state_first(name):
    made = CELLS[name]()
    assert made.states[0] == "hidden"
    assert made.shapes(Sizes(3, 5))["input"] == (len(made.gates) * 5, 3)


@pytest.mark.parametrize(("typed", "meant"), [("gur", "gru"), ("LSTM", "lstm"), ("min-gru", "min_gru")])
def test_an_unknown_cell_is_refused_with_the_nearest(typed, meant):
    with pytest.raises(
        SettingError, match=rf"There is no cell '{typed}'. Did you mean '{meant}'\? The cells are: elman"
    ):
        kind(typed)


def test_a_name_like_none_is_refused_with_all():
    with pytest.raises(SettingError, match=r"There is no cell 'zzz'. The cells are: elman, lstm, gru, "):
        kind("zzz")
