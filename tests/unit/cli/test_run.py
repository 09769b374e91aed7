import json

import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.cli import run


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


def test_lines_come_one_by_one():
    assert list(run._lines(iter(["one\n", "two"]))) == [["one"], ["two"]]
