import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.cli.tasks import classify
from tidegate.errors import DataError


@pytest.fixture(scope="module")
def model():
    settings = {"hidden_size": 4, "embedding": 4, "n_pieces": 10}
    return SequenceClassifier(**settings).fit(["a b", "c d"] * 8, [1, 2] * 8, epochs=1)


def test_an_answer_is_label_and_probability(model):
    (answer,) = classify.answers(model, ["a"])
    label, probability = answer.line.split("\t")
    assert int(label) == answer.document["label"] == model.predict(["a"])[0]
    assert 0.5 <= float(probability) <= 1
    np.testing.assert_allclose(list(answer.document["probabilities"].values()), model.predict_proba(["a"])[0])


def test_labels_of_a_file_are_not_looked_at(tmp_path):
    (tmp_path / "a.csv").write_text("label,text\n,one\n")
    assert classify.sequences(tmp_path / "a.csv") == ["one"]


def test_recordings_of_a_long_table_are_answered_by_their_id(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\nn1,0\nn1,1\nn2,1\n")
    model = SequenceClassifier(hidden_size=4).fit([[0.0, 1.0], [1.0, 0.0]] * 8, [1, 2] * 8, epochs=1)
    first, second = classify.answers(model, classify.sequences(tmp_path / "a.csv"))
    assert [one.line.split("\t")[0] for one in (first, second)] == ["n1", "n2"]
    assert list(first.document) == ["id", "label", "probabilities"]
    assert [one.id for one in classify.sequences(write(tmp_path), id="who")] == ["7", "8"]


def write(folder):
    (folder / "b.csv").write_text("who,x,label\n7,3,up\n8,1,down\n")
    return folder / "b.csv"


def test_labels_are_needed_to_learn(tmp_path):
    (tmp_path / "a.txt").write_text("one\n")
    with pytest.raises(DataError, match=r"a\.txt holds no labels"):
        classify.read(tmp_path / "a.txt")


def test_the_screen_shows_each_class():
    row = {"label": 3, "sequences": 1200, "precision": None, "recall": 0.5, "F1": 0.25}
    assert classify.listing({"classes": [row]}).rows == [["3", "1,200", "\u2013", "50.0 %", "25.0 %"]]
