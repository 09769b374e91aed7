import numpy as np
import pytest

from tidegate import SequenceTagger
from tidegate.data.journeys import tagged_example
from tidegate.data.tagged import Tagged
from tidegate.errors import DataError
from tidegate.tasks.trials.tagger import tried

QUICK = {"hidden_size": 8, "embedding": 8, "characters": 0, "dropout": 0.1}


def some(n, first=0):
    X, y = tagged_example("journeys")
    return Tagged(X[first : first + n], y[first : first + n])


@pytest.fixture(scope="module")
def trial():
    return tried(SequenceTagger(**QUICK), some(100), epochs=4)


def test_a_fifth_is_set_aside_and_never_learned_from():
    X, y = some(100)
    named = [[*tokens, f"word{k}"] for k, tokens in enumerate(X)]
    made = tried(SequenceTagger(**QUICK), Tagged(named, [[*tags, "O"] for tags in y]), epochs=1)
    known = {token for token in made.model._data.reader.vocabulary.tokens_ if token.startswith("word")}
    assert len(known) == 80
    assert not known & {f"word{k}" for k in made.numbers}
    assert made.judgement.unseen_accuracy > 0, "each test sentence has a word of its own"


def test_every_test_token_has_its_row(trial):
    frame, answers = trial.frame(), trial.judgement.answers
    assert frame.columns.tolist() == ["sequence", "step", "token", "tag", "said", "probability", "simple"]
    assert (frame.tag == frame.said).mean() == pytest.approx(trial.judgement.accuracy(answers.said))
    assert (frame.tag == frame.simple).mean() == pytest.approx(trial.judgement.accuracy(answers.simple))
    X, y = some(100)
    for number, rows in frame.groupby("sequence"):
        assert rows.token.tolist() == X[number]
        assert rows.tag.tolist() == y[number]
    assert frame.probability.between(0, 1).all()


def test_examples_show_the_surest_mistakes(trial):
    assert trial.wrong
    for one in trial.wrong:
        assert one.inspection.said[one.step] != one.wanted[one.step]
    assert all(one.inspection.said == one.wanted for one in trial.right)
    frame = trial.frame()
    missed = frame[frame.tag != frame.said]
    surest = missed.loc[missed.probability.idxmax()]
    assert (trial.wrong[0].number, trial.wrong[0].step) == (surest.sequence, surest.step)


def test_a_file_of_its_own_judges():
    made = tried(SequenceTagger(**QUICK), some(40), some(10, first=200), epochs=1)
    assert made.numbers.tolist() == list(range(10))
    assert made.to_dict()["parameters"] == made.model.n_parameters_
    assert made.clocks().keys() == {"fit_seconds", "simple_fit_seconds"}


def test_tags_that_training_does_not_hold_count_as_wrong_and_are_told():
    test = Tagged([["Marton", "sleeps", "."]], [["B-ship", "O", "O"]])
    made = tried(SequenceTagger(**QUICK), some(40), test, epochs=1)
    assert made.notes == ["1 test tokens have a tag that training does not hold (B-ship): none can be right."]
    assert "B-ship" in made.judgement.classes
    assert made.judgement.score(made.judgement.answers.said) < 1


def test_what_is_on_both_sides_is_said():
    (note,) = tried(SequenceTagger(**QUICK), some(30), some(3), epochs=1).notes
    assert note.startswith("3 of 3 test sequences are among those learned from too, word for word")


@pytest.mark.parametrize(("settings", "name"), [({}, "lstm with a chain of tags"), ({"output": "softmax"}, "lstm")])
def test_a_tagger_is_called_by_its_design(settings, name):
    assert tried(SequenceTagger(**QUICK, **settings), some(20), epochs=1).judgement.name == name


class Unfitted(SequenceTagger):
    """Must be refused before it would learn anything."""

    def fit(self, X, y, **settings):
        raise AssertionError("training began")


@pytest.mark.parametrize(
    ("given", "test", "said"),
    [
        (Tagged([["a"]], [["x"]]), None, "too few sentences to set a fifth"),
        (Tagged([["a"]], None), None, "X holds no tags"),
        (Tagged([np.ones((2, 1))], [["x", "y"]]), None, "X holds values, not tokens"),
        (some(10), Tagged([["a"]], [["x", "y"]]), "sequence 0 of the test has 2 tags for 1 tokens"),
        (some(10), Tagged([["a"]], None), "the test holds no tags"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_training(given, test, said):
    with pytest.raises(DataError, match=said):
        tried(Unfitted(), given, test)


def test_tokens_that_are_their_own_tags_are_said():
    X, _ = some(40)
    assert "tokens are their own tags" in tried(SequenceTagger(**QUICK), Tagged(X, X), epochs=1).notes[0]


def test_a_mistyped_tag_is_named_where_it_changes_what_is_judged():
    X, y = some(40)
    slipped = [list(tags) for tags in y]
    slipped[3][0] = "E-town"
    notes = tried(SequenceTagger(**QUICK), Tagged(X, slipped), epochs=1).notes
    assert (
        "1 tag is neither O, B-X nor I-X (the first 'E-town' in sentence 3, counted from 0), so that tokens" in notes[0]
    )
    assert tried(SequenceTagger(**QUICK), Tagged(X, y), epochs=1).notes == []


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ([["O", "B-x"] * 50], "there is one sentence of 100 tokens, .* Leave an empty line after each"),
        ([["O"] * 10] * 10, "all 100 tags are 'O'; .* Give sequences of two tags at least"),
    ],
)
def test_sentences_that_are_not_told_apart_and_tags_that_are_one(tags, said):
    with pytest.raises(DataError, match=said):
        tried(SequenceTagger(**QUICK), Tagged([["a"] * len(own) for own in tags], tags), epochs=1)
