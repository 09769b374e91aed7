from dataclasses import asdict

import pytest

from tidegate.evaluation.cells import Rival
from tidegate.report.sections import cells


@pytest.fixture
def found():
    rows = [
        Rival("gru", 56, 69_902, 0.426, 0.025, 8.5, 0.029, 544_000_000),
        Rival("rnn", 64, 69_374, 0.49, float("nan"), 11.0, 0.044, 0),
    ]
    memories = [{"memory_length": 14, "window": 48}, {"memory_length": None, "window": 48}]
    rows = [asdict(one) | memory for one, memory in zip(rows, memories, strict=True)]
    return {"match": "parameters", "rows": rows, "sentences": ["gru is better than rnn."]}


def test_one_row_for_each_cell_in_the_given_order(found):
    made = cells.section(found, "MASE")
    assert made["name"] == "cells"
    assert "about the same number of parameters" in made["lead"]
    bullets, table = made["blocks"]
    assert bullets["sentences"] == found["sentences"]
    texts = [[cell["text"] for cell in row] for row in table["rows"]]
    assert texts[0][:5] == ["gru", "56", "69,902", "0.426", "± 0.025"]
    assert texts[0][-2:] == ["544 MB", "14"]
    assert (texts[1][4], *texts[1][-2:]) == ("\N{EN DASH}", "\N{EN DASH}", "over 48")


@pytest.mark.parametrize(("match", "said"), [("hidden", "hidden units"), ("time", "seconds of training")])
def test_what_was_alike_is_said(found, match, said):
    assert said in cells.section(found | {"match": match}, "MASE")["lead"]


def test_a_memory_that_was_not_measured_is_left_empty(found):
    found["rows"][1] |= {"memory_length": None, "window": None}
    assert cells.section(found, "MASE")["blocks"][1]["rows"][1][-1]["text"] == "\N{EN DASH}"


def test_without_a_comparison_of_cells_there_is_no_section():
    assert cells.section(None, "MASE") is None
