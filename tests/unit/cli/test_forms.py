from dataclasses import dataclass
from typing import Literal

import pytest

from tidegate.cli.forms import Option, made, options
from tidegate.errors import SettingError
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm


@pytest.mark.parametrize(
    ("cell", "typed", "meant"),
    [
        ("gru", [], Gru()),
        ("gru", ["reset=before"], Gru(reset="before")),
        ("gru", ["reset=absent", "clip=0.5"], Gru(reset="absent", clip=0.5)),
        ("gru", ["clip=none"], Gru()),
        ("lstm", ["coupled=yes", "gate-bias=no"], Lstm(coupled=True, gate_bias=False)),
        ("lstm", ["without=input, output"], Lstm(without=("input", "output"))),
        ("lstm", ["without=none"], Lstm()),
    ],
)
def test_words_make_a_form(cell, typed, meant):
    assert made(cell, typed) == meant


@pytest.mark.parametrize("name", CELLS)
def test_every_option_of_every_cell_can_be_typed(name):
    cell = CELLS[name]()
    for option in options(CELLS[name]):
        value = getattr(cell, option.name)
        assert option.default == value
        assert option.value(option.spoken(value)) == value
        assert all(option.value(word) is not option for word in option.words)
        assert option.pattern.startswith(f"{option.name}=")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("reset=befor", "--option reset is 'befor'; it must be one of after, before, absent."),
        ("clip=x", "--option clip is 'x'; it must be a number or none."),
        ("clip=inf", "--option clip is 'inf'; it must be a number or none."),
        ("gate_bias=maybe", "--option gate_bias is 'maybe'; it must be one of no, yes."),
        (
            "rest=before",
            r"--option rest=before is not understood. Did you mean reset=after\|before\|absent\? The options",
        ),
        (
            "reset",
            r"--option reset is not understood. Did you mean reset=after\|before\|absent\? The options of gru are",
        ),
        (
            "zzz=1",
            r"--option zzz=1 is not understood. The options of gru are reset=after\|before\|absent; gate_bias=no",
        ),
    ],
)
def test_what_is_no_option_is_refused_with_those_that_are(typed, message):
    with pytest.raises(SettingError, match=message):
        made("gru", [typed])


def test_several_words_are_refused_together():
    wrong = (
        "--option without is 'forget,fudge'; it must be some of input, forget, output, separated by commas, or none."
    )
    with pytest.raises(SettingError, match=wrong):
        made("lstm", ["without=forget,fudge"])


def test_an_option_is_given_once():
    with pytest.raises(SettingError, match=r"--option reset is given twice; give it once."):
        made("gru", ["reset=before", "reset=after"])


def test_a_cell_without_options_says_so():
    with pytest.raises(SettingError, match=r"--option a=b is not understood. slstm has no options."):
        made("slstm", ["a=b"])


def test_a_contradiction_is_the_cells_own_refusal():
    with pytest.raises(SettingError, match="needs both gates"):
        made("lstm", ["without=forget", "coupled=yes"])


def test_a_whole_number_takes_no_fraction():
    heads = Option("heads", {}, 4, int)
    assert heads.value("8") == 8
    assert heads.pattern == "heads=N"
    assert heads.spoken(4) == "4"
    for text in ("2.5", "9" * 5000):
        with pytest.raises(SettingError, match=r"--option heads is '\d+.*'; it must be a whole number."):
            heads.value(text)


@dataclass(frozen=True)
class Odd:
    """Options of kinds that no cell has today."""

    rule: Literal["sum", "max"] | None = None
    heads: int = 1
    limit: int | None = 3
    slope: float = 0.5


def test_kinds_of_options_that_no_cell_has_today():
    rule, heads, limit, slope = options(Odd)
    assert [rule.value(word) for word in ("sum", "none")] == ["sum", None]
    assert rule.pattern == "rule=sum|max|none"
    assert heads.value("2") == 2
    assert [limit.value(word) for word in ("7", "none")] == [7, None]
    assert limit.pattern == "limit=N|none"
    assert slope.value("0.25") == 0.25
    assert rule.spoken(None) == "none"
