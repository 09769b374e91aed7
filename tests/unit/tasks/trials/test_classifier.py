import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.data.labelled import Labelled
from tidegate.errors import DataError
from tidegate.tasks.labels import Known
from tidegate.tasks.sequences import taken
from tidegate.tasks.trials.classifier import tried
from tidegate.training.settings import Training

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
    assert {one.inspection.said for one in trial.right} == {"good", "bad"}
    assert all(one.inspection.said == one.wanted for one in trial.right)
    assert all(one.inspection.said != one.wanted for one in trial.wrong)
    assert all(len(one.inspection.contributions) == len(one.inspection.steps) for one in trial.right)


def test_networks_are_also_judged_without_counted_words(texts):
    """A network that has learned nothing hides behind counted words, but for its own figure."""
    given, test = Labelled(*texts(200)), Labelled(*texts(80, seed=1))
    slow = Training(learning_rate=1e-9, patience=5, held_out_fraction=0.0)
    trial = tried(SequenceClassifier(**QUICK, training=slow, counted=0.95), given, test, epochs=1)
    assert trial.judgement.name == "gru and counted words"
    assert trial.judgement.accuracy > 0.9
    first, *_, last = trial.sentences()
    assert first.startswith("With gru and counted words, ")
    own = (trial.model.classes_[trial.model.networks_proba(test.sequences).argmax(1)] == test.labels).mean()
    assert own < 0.8
    assert last.startswith(
        f"Counted words have 95 % of the say. With gru alone, {100 * own:.1f} % are right, worse than logistic "
        "regression on counted words (p < 0.001"
    )
    made = trial.to_dict()
    assert made["networks_accuracy"] == own
    assert made["sentences"] == trial.sentences()


def test_without_counted_words_nothing_is_said_of_them(trial):
    assert not any("say" in one.split() for one in trial.sentences())
    assert "networks_accuracy" not in trial.to_dict()


def test_a_file_of_its_own_judges(texts):
    trial = tried(SequenceClassifier(**QUICK), Labelled(*texts(60)), Labelled(*texts(30, seed=1)), epochs=1)
    assert len(trial.judgement.wanted) == 30
    assert trial.to_dict()["parameters"] == trial.model.n_parameters_


def test_what_is_on_both_sides_is_said(texts):
    X, y = texts(60)
    trial = tried(SequenceClassifier(**QUICK), Labelled(X, y), Labelled(X[:3], y[:3]), epochs=1)
    assert trial.notes == [
        "3 of 3 test sequences are among those learned from too, word for word: the scores may flatter by up to 3 of 3."
    ]


@pytest.mark.parametrize("apart", [False, True])
def test_labels_that_stand_in_their_texts_are_said(texts, apart):
    X, y = texts(60)
    leaking = [f"{label} {text}" for text, label in zip(X, y, strict=True)]
    test = Labelled(*texts(20, seed=1)) if apart else None
    (said,) = tried(SequenceClassifier(**QUICK), Labelled(leaking, y), test, epochs=1).notes
    assert said.startswith("Each text ('bad', 'good') holds its own label")


def test_recordings_on_both_sides_are_not_words(waves):
    X, y = waves(30)
    test = Labelled([*X[:2], X[0][:, ::-1]], y[[0, 1, 0]])
    trial = tried(SequenceClassifier(**QUICK), Labelled(X, y), test, epochs=1)
    assert trial.notes == [
        "2 of 3 test sequences are among those learned from too: the scores may flatter by up to 2 of 3."
    ]


def test_recordings_are_judged_too(waves):
    trial = tried(SequenceClassifier(**QUICK), Labelled(*waves(60)), epochs=1)
    assert trial.judgement.simple_name == "logistic regression on summaries of the channels"
    assert (trial.right or trial.wrong)[0].inspection.steps.shape[1] == 2


def test_too_few_to_set_aside(texts):
    with pytest.raises(DataError, match="too few sequences to set a fifth"):
        tried(SequenceClassifier(**QUICK), Labelled(["a", "b"], np.array(["x", "y"])))


def test_exchanged_columns_are_guessed_where_labels_differ():
    named = [f"text {k}" for k in range(20)]
    with pytest.raises(DataError, match=r"20 sequences have 20 different labels, .* Are the columns .* exchanged\?"):
        tried(Unfitted(), Labelled(["pos", "neg"] * 10, np.array(named)))


def test_one_class_is_counted_before_any_is_set_aside():
    with pytest.raises(DataError, match="all 40 labels are 'pos'"):
        tried(Unfitted(), Labelled(["a", "b"] * 20, np.array(["pos"] * 40)))


class Unfitted(SequenceClassifier):
    """Must be refused before it would learn anything."""

    def fit(self, X, y, **settings):
        raise AssertionError("training began")


@pytest.mark.parametrize(
    ("sequences", "label", "said"),
    [
        (["a"], "new", "the test holds the label 'new', which training does not"),
        ([np.ones((3, 2))], "good", "the sequences of the test hold values, those of training held tokens"),
        ([""], "good", "sequence 0 of the test is an empty text"),
    ],
)
def test_a_test_that_does_not_fit_is_refused_before_training(texts, sequences, label, said):
    with pytest.raises(DataError, match=said):
        tried(Unfitted(), Labelled(*texts(40)), Labelled(sequences, np.array([label])))


def test_a_test_of_other_channels_is_refused_before_training(waves):
    with pytest.raises(DataError, match="the sequences of the test have 1 channels, those of training had 2"):
        tried(Unfitted(), Labelled(*waves(20)), Labelled([np.ones((3, 1))], np.array([0])))


def test_the_labels_of_a_test_are_read_as_those_of_training(texts):
    X, y = texts(60)
    named = np.where(y == "good", "1", "two")
    good = [text for text, label in zip(X, y, strict=True) if label == "good"]
    test = Labelled(good, np.ones(len(good), dtype=np.int64))
    trial = tried(SequenceClassifier(**QUICK), Labelled(X, named), test, epochs=1)
    assert set(trial.judgement.wanted) == {"1"}
    assert set(trial.judgement.said) <= {"1", "two"}


def test_rows_and_examples_are_numbered_as_in_their_file(texts):
    X, y = texts(100)
    named = [f"{text} word{k}" for k, text in enumerate(X)]
    trial = tried(SequenceClassifier(**QUICK), Labelled(named, y), epochs=1)
    assert trial.frame().label.tolist() == y[trial.frame().sequence].tolist()
    learned = {token for token in trial.model._data.reader.vocabulary.tokens_ if token.startswith("word")}
    assert not learned & {f"word{k}" for k in trial.frame().sequence}
    assert all(f"word{one.number}" in one.inspection.steps for one in [*trial.right, *trial.wrong])


def test_the_usual_label_is_that_of_training(texts):
    X, y = texts(60)
    usual, other = sorted(("good", "bad"), key=lambda one: -(y == one).sum())
    test = Labelled(X[:5], np.array([other] * 4 + [usual]))
    trial = tried(SequenceClassifier(**QUICK), Labelled(X, y), test, epochs=1)
    assert trial.judgement.most_frequent == 0.2


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"cell": "lstm"}, "lstm"),
        ({"convolution": "beside"}, "gru beside convolutions"),
        ({"convolution": "alone", "n_members": 2}, "2 networks of convolutions"),
        ({"n_members": 2}, "2 gru networks"),
        ({"counted": 0.5}, "gru and counted patterns"),
    ],
)
def test_what_was_trained_is_called_by_its_design(waves, settings, name):
    trial = tried(SequenceClassifier(**QUICK, **settings), Labelled(*waves(30)), epochs=1)
    assert trial.judgement.name == name


def test_no_clock_stands_among_the_scores(trial):
    assert not [name for name in trial.to_dict() if "seconds" in name]
    assert trial.clocks().keys() == {"fit_seconds", "simple_fit_seconds"}
