import json

import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.cli import run
from tidegate.errors import DataError


@pytest.fixture(scope="module")
def model():
    settings = {"hidden_size": 4, "embedding": 4, "n_pieces": 10}
    return SequenceClassifier(**settings).fit(["a b", "c d"] * 8, [1, 2] * 8, epochs=1)


def test_answers_stand_beside_the_questions(model):
    told = list(run._told(model, ["a", " ", "c", ""], whole=False))
    assert [bool(line) for line in told] == [True, False, True, False]
    label, probability = told[0].split("\t")
    assert int(label) in {1, 2}
    assert 0.5 <= float(probability) <= 1


def test_nothing_but_empty_lines_asks_nothing(model):
    assert list(run._told(model, ["", ""], whole=True)) == ["", ""]


def test_every_probability_on_request(model):
    found = json.loads(next(run._told(model, ["a"], whole=True)))
    np.testing.assert_allclose(list(found["probabilities"].values()), model.predict_proba(["a"])[0])


def test_a_long_file_is_read_several_at_a_time(tmp_path):
    (tmp_path / "many.txt").write_text("line\n" * 2_500)
    assert [len(part) for part in run._parts(str(tmp_path / "many.txt"))] == [1_024, 1_024, 452]


@pytest.mark.parametrize("name", ["a.txt", "A.TXT"])
def test_every_line_of_plain_text_has_an_answer(tmp_path, name):
    (tmp_path / name).write_text("one\n\ntwo\n")
    assert list(run._parts(str(tmp_path / name))) == [["one", "", "two"]]


def test_labels_of_a_file_are_not_looked_at(tmp_path):
    (tmp_path / "a.csv").write_text("label,text\n,one\n")
    assert list(run._parts(str(tmp_path / "a.csv"))) == [["one"]]


def test_lines_come_one_by_one():
    assert list(run._lines(iter([b"\xef\xbb\xbfone\r\n", b"two"]))) == [["one"], ["two"]]


def test_a_line_that_is_no_text_is_named():
    lines = run._lines(iter([b"one\n", "f\u00fcnf\n".encode("latin-1")]))
    assert next(lines) == ["one"]
    with pytest.raises(DataError, match=r"line 2 of standard input is not UTF-8: .* at byte 1. Save it as UTF-8 text"):
        next(lines)
