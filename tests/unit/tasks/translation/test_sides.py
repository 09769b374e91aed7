import pytest

from tidegate.errors import DataError
from tidegate.tasks.translation.sides import Side

TEXTS = ["The gate opens.", "The gate doesn't close, does it?", "Tide: 12.5 m"]


@pytest.mark.parametrize("unit", ["pieces", "words", "characters"])
def test_texts_come_back_as_people_write_them(unit):
    side = Side.learn(TEXTS, unit, 100, lowercase=False)
    assert [side.written(one) for one in side.read(TEXTS)] == TEXTS
    low = Side.learn(TEXTS, unit, 100, lowercase=True)
    assert low.written(low.read(["THE GATE"])[0]) == "the gate"


@pytest.mark.parametrize("unit", ["pieces", "words", "characters"])
def test_no_more_tokens_are_known_than_asked_for(unit):
    assert len(Side.learn(TEXTS, unit, 30, lowercase=True).tokens) <= 30


def test_units_cut_differently():
    cuts = {unit: Side.learn(TEXTS, unit, 40, lowercase=False).cut(["The gates"])[0] for unit in ("words", "pieces")}
    assert cuts["words"] == [" The", " gates"]
    assert cuts["pieces"][-1] == "s"
    assert Side.learn(TEXTS, "characters", 40, lowercase=False).cut(["a  b"]) == [["a", " ", "b"]]


def test_lists_of_tokens_are_left_alone():
    side = Side.learn([["The gate", "x"], ["x"]], "pieces", 40, lowercase=True)
    assert side.unit is None
    assert side.written(side.read([["x", "The gate"]])[0]) == ["x", "The gate"]
    with pytest.raises(DataError, match="y holds texts, that of training held lists of tokens"):
        side.read(["x"], name="y")


@pytest.mark.parametrize("unit", ["pieces", "words", "characters"])
def test_what_was_learned_can_be_saved(unit):
    side = Side.learn(TEXTS, unit, 60, lowercase=True)
    back = Side.from_state(side.state())
    told = ["the tidal gate", "Ω"]
    assert [one.tolist() for one in back.read(told)] == [one.tolist() for one in side.read(told)]
    assert back.kind == side.kind == "texts"
