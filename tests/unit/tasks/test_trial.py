import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.data.labelled import Labelled
from tidegate.errors import DataError
from tidegate.tasks.labels import Known
from tidegate.tasks.sequences import taken
from tidegate.tasks.trial import tried

QUICK = {"hidden_size": 8, "embedding": 8, "n_pieces": 50, "dropout": 0.1}


@pytest.fixture
def trial(texts):
    return tried(SequenceClassifier(**QUICK), Labelled(*texts(200)), epochs=2)


def test_a_fifth_is_set_aside_and_never_learned_from(texts):
    X, y = texts(200)
    named = [f"{text} word{k}" for k, text in enumerate(X)]
    trial = tried(SequenceClassifier(**QUICK), Labelled(named, y), epochs=1)
    known = {token for token in trial.model._data.reader.vocabulary.tokens_ if token.startswith("word")}
    assert len(known) == 160
    assert len(trial.judgement.wanted) == 40
    assert known == {f"word{k}" for k in Known.of(taken(named, "words"), y).parted(0.2, 0)[0].numbers}


def test_every_test_sequence_has_its_row(trial):
    frame = trial.frame()
    assert frame.columns.tolist() == ["sequence", "label", "said", "probability", "simple"]
    assert (frame.label == frame.said).mean() == trial.judgement.accuracy
    assert (frame.label == frame.simple).mean() == trial.judgement.simple_accuracy
    assert frame.probability.between(0.5, 1).all()


def test_examples_are_of_either_class_and_surest_first(texts):
    trial = tried(SequenceClassifier(**QUICK), Labelled(*texts(300)), epochs=12)
    assert {one.said for one in trial.right} == {"good", "bad"}
    assert all(one.said == one.wanted for one in trial.right)
    assert all(one.said != one.wanted for one in trial.wrong)
    assert all(len(one.contributions) == len(one.tokens) for one in trial.right)


def test_a_file_of_its_own_judges(texts):
    trial = tried(SequenceClassifier(**QUICK), Labelled(*texts(60)), Labelled(*texts(30, seed=1)), epochs=1)
    assert len(trial.judgement.wanted) == 30
    assert trial.to_dict()["parameters"] == trial.model.n_parameters_


def test_what_is_on_both_sides_is_said(texts):
    X, y = texts(60)
    trial = tried(SequenceClassifier(**QUICK), Labelled(X, y), Labelled(X[:3], y[:3]), epochs=1)
    assert trial.notes == [
        "3 of 3 test sequences are among those learned from too, word for word: the scores flatter by that much."
    ]


def test_recordings_are_judged_too(waves):
    trial = tried(SequenceClassifier(**QUICK), Labelled(*waves(60)), epochs=1)
    assert trial.judgement.simple_name == "logistic regression on summaries of the channels"
    assert (trial.right or trial.wrong)[0].values.shape[1] == 2


def test_too_few_to_set_aside(texts):
    with pytest.raises(DataError, match="too few sequences to set a fifth"):
        tried(SequenceClassifier(**QUICK), Labelled(["a", "b"], np.array(["x", "y"])))


def test_a_label_that_only_the_test_holds(texts):
    with pytest.raises(DataError, match="the test holds the label 'new'"):
        tried(SequenceClassifier(**QUICK), Labelled(*texts(40)), Labelled(["a"], np.array(["new"])), epochs=1)
