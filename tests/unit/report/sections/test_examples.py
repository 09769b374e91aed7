from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import examples
from tidegate.tasks.trial import Example


def section(*wrong):
    return examples.section(SimpleNamespace(right=[], wrong=list(wrong)))["blocks"]


def test_a_wrong_one_says_what_it_is():
    one = Example(4, ["not", "bad"], None, "good", "bad", 0.75, np.array([-0.2, 0.4]))
    shown = section(one)[-1]
    assert shown["title"] == "Sequence 4. Said bad (75.0 %); it is good. Hiding a word costs up to 0.40"
    assert shown["words"] == [["not", 0.0], ["bad", 0.4]]


def test_where_no_word_mattered_nothing_is_said():
    one = Example(4, ["not", "bad"], None, "bad", "bad", 0.75, np.array([-0.2, 0.0]))
    assert section(one)[-1]["title"] == "Sequence 4. Said bad (75.0 %)"
    still = Example(4, None, np.ones((8, 1)), "x", "y", 0.5, -np.arange(8.0))
    assert section(still)[-1]["figures"][1]["alt"] == "No step mattered by itself."


def test_long_texts_are_cut_and_say_so():
    one = Example(0, ["a"] * 150, None, "x", "y", 0.5, np.zeros(150))
    assert (len(section(one)[-1]["words"]), section(one)[-1]["cut"]) == (120, 30)


def test_nothing_wrong_is_said():
    assert section()[-1]["sentences"] == ["None: every test sequence was right."]


def test_recordings_show_what_mattered_below_them():
    one = Example(1, None, np.ones((8, 1)), "x", "y", 0.5, np.arange(8.0))
    first, second = section(one)[-1]["figures"]
    assert first["alt"].endswith("What mattered most is around step 7.")
    assert second["data"]["lines"][0]["y"] == list(range(8))
