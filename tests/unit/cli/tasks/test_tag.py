import pytest

from tidegate import SequenceTagger
from tidegate.cli.tasks import tag
from tidegate.errors import DataError
from tidegate.training.settings import Training

SENTENCES = [["Ann", "Lee", "sat"], ["so", "sat", "Bob"]] * 8


def fitted(tags):
    settings = {"hidden_size": 8, "embedding": 8, "characters": 0, "dropout": 0.0}
    return SequenceTagger(**settings, training=Training(learning_rate=0.05)).fit(SENTENCES, tags * 8, epochs=40)


def test_an_answer_is_each_word_with_its_tag():
    model = fitted([["B-p", "I-p", "O"], ["O", "O", "B-p"]])
    (answer,) = tag.answers(model, [["Ann", "Lee", "sat"]])
    assert answer.line == "Ann/B-p Lee/I-p sat/O"
    assert answer.document["tags"] == ["B-p", "I-p", "O"]
    assert answer.document["entities"] == [{"kind": "p", "start": 0, "end": 2, "text": "Ann Lee"}]
    found = model.predict_proba([["Ann", "Lee", "sat"]])[0].max(axis=1)
    assert answer.document["probabilities"] == pytest.approx(found.tolist())


def test_tags_that_mark_no_entities_list_none():
    (answer,) = tag.answers(fitted([["N", "N", "V"], ["A", "V", "N"]]), [["so", "sat", "Bob"]])
    assert "entities" not in answer.document
    assert answer.line == "so/A sat/V Bob/N"


def test_a_line_is_cut_at_blanks():
    assert tag.sequence(" Ann  sat \t.\n") == ["Ann", "sat", "."]


def test_tags_are_needed_to_learn_and_not_looked_at_to_use(tmp_path):
    (tmp_path / "a.conll").write_text("one\ntwo\n")
    with pytest.raises(DataError, match=r"a\.conll holds tokens without tags"):
        tag.read(tmp_path / "a.conll")
    assert tag.sequences(tmp_path / "a.conll") == [["one", "two"]]


def test_the_screen_shows_kinds_or_else_tags():
    row = {"precision": 1.0, "recall": 0.5, "F1": 2 / 3}
    kinds = [{"label": "", "entities": 2, **row}]
    tags = [{"label": "B", "tokens": 1234, **row}]
    assert tag.listing({"kinds": kinds, "tags": tags}).rows == [["any", "2", "100.0 %", "50.0 %", "66.7 %"]]
    assert tag.listing({"kinds": [], "tags": tags}).rows[0][:2] == ["B", "1,234"]
