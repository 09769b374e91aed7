from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import classes
from tidegate.report.wording import NOTHING
from tidegate.tasks.judging import Judgement


def test_right_ones_stand_in_frames_and_empty_cells_are_empty():
    labels = np.array(["a", "b", "c"])
    wanted, said = np.array(["a", "a", "b", "c"]), np.array(["a", "b", "b", "c"])
    made = classes.section(SimpleNamespace(judgement=Judgement("gru", "simple", labels, labels[0], wanted, said, said)))
    rows = made["blocks"][1]["rows"]
    assert [[cell["text"] or cell["mark"] for cell in row] for row in rows] == [
        ["a", "1", "1", ""], ["b", "", "1", ""], ["c", "", "", "1"],
    ]  # fmt: skip
    assert [row[k + 1]["role"] for k, row in enumerate(rows)] == ["recommended"] * 3


def test_the_commonest_mistakes_come_first():
    labels = np.arange(12)
    wanted = np.array([*labels, 3, 3, 3, 5, 5])
    said = np.array([*labels, 4, 4, 4, 1, 1])
    made = classes.section(SimpleNamespace(judgement=Judgement("gru", "simple", labels, labels[0], wanted, said, said)))
    assert made["blocks"][1]["sentences"] == [
        "3 of 4 that are 3 were taken for 4.",
        "2 of 3 that are 5 were taken for 1.",
    ]


def test_rarer_mistakes_are_counted():
    counts = np.ones((12, 12), dtype=np.int64)
    assert classes.confusion(counts, list("abcdefghijkl"), "")["sentences"][-1] == "120 more mistakes, of rarer kinds."


def test_what_cannot_be_said_is_a_dash_and_explained():
    labels, one = np.array(["a", "b"]), np.array(["a", "a"])
    made = classes.section(SimpleNamespace(judgement=Judgement("gru", "simple", labels, "a", one, one, one)))
    cells = made["blocks"][0]["rows"][1]
    assert [cell["text"] for cell in cells] == ["b", "0", NOTHING, NOTHING, NOTHING]
    assert cells[-1]["bar"] is None
    assert "A dash: nothing was said to be it, or no test sequence is." in made["lead"]
    said = np.array(["a", "b"])
    whole = classes.section(SimpleNamespace(judgement=Judgement("gru", "simple", labels, "a", said, said, said)))
    assert "dash" not in whole["lead"]
