from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import translations
from tidegate.tasks.translation.alignment import END, Alignment
from tidegate.tasks.translation.trial import Example

SEEN = Alignment("the gate", [" das", " Tor"], [" the", " gate", END], np.array([[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]]))


def example(number, said, seen=SEEN):
    return Example(number, "das Tor", "the gate", said, "gate", 0.875, seen)


def section(right, wrong, measure="bleu"):
    told = SimpleNamespace(measure=measure)
    return translations.section(SimpleNamespace(right=right, wrong=wrong, judgement=told))


def test_what_was_said_stands_beside_the_reference_and_the_simple_model():
    blocks = section([], [example(7, "the goal")])["blocks"]
    table = next(block for block in blocks if block["kind"] == "table")
    assert table["caption"] == "Sequence 7, 87.5 % a token"
    assert [column["title"] for column in table["columns"]] == ["Source", "das Tor"]
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [
        ["Reference", "the gate"], ["Said", "the goal"], ["Simple model", "gate"]
    ]  # fmt: skip


def test_the_first_of_each_side_shows_where_it_looked():
    made = section([example(0, "the gate"), example(1, "the gate")], [example(2, "gate")])
    kinds = [block["kind"] for block in made["blocks"]]
    assert kinds == ["heading", "table", "figure", "table", "heading", "table", "figure"]
    titles = [
        [block["title"] for block in section([], [], measure)["blocks"] if block["kind"] == "heading"]
        for measure in ("bleu", "exact")
    ]
    assert titles == [["Best", "Worst"], ["Right", "Wrong"]]


def test_rows_are_of_the_source_and_columns_of_the_target():
    figure = translations.looked(SEEN, "Where it looked")
    data = figure["data"]
    assert data["size"] == [3, 2]
    assert data["names"] == {"x": ["the", "gate", END], "y": ["das", "Tor"]}
    shares = {
        (row, column): share for row, column, share in zip(data["row"], data["column"], data["share"], strict=True)
    }
    assert (shares[1, 1], shares[2, 1], shares[1, 2], shares[2, 2]) == (0.9, 0.1, 0.25, 0.75)
    assert data["text"][3] == "the looked at Tor: 10.0 %"
    assert figure["alt"] == "the looked most at das; gate looked most at Tor; (end) looked most at das."


def test_long_ones_are_cut_aloud_and_a_space_has_a_sign():
    n_tokens = translations.MOST + 5
    seen = Alignment("", [" "] * n_tokens, ["a"], np.full((1, n_tokens), 1 / n_tokens))
    figure = translations.looked(seen, "Where it looked")
    assert figure["data"]["size"] == [1, translations.MOST]
    assert set(figure["data"]["names"]["y"]) == {"\u2423"}
    assert figure["caption"] == "The first 30 tokens of either side. \u2423 is a space."
    assert figure["alt"] == "No token looked at one place above all."


def test_an_empty_side_is_said():
    said = [block["sentences"] for block in section([], [])["blocks"] if block["kind"] == "text"]
    assert said == [["None: no test sequence was right."], ["None: every test sequence was right."]]
