import numpy as np
import pytest

from tidegate import SequenceTranslator
from tidegate.data.films import films
from tidegate.data.parallel import Parallel
from tidegate.errors import DataError
from tidegate.tasks.translation.pairs import Pairs
from tidegate.tasks.translation.trial import simplest, tried
from tidegate.training.settings import Training

FAST = Training(learning_rate=0.02, patience=50, held_out_fraction=0.0)
QUICK = {"hidden_size": 16, "embedding": 16, "dropout": 0.0, "n_tokens": 60, "unit": "words", "training": FAST}


@pytest.fixture(scope="module")
def trial(backwards):
    return tried(SequenceTranslator(**QUICK), Parallel(*backwards(400)), epochs=15, batch_size=16)


def test_a_fifth_of_the_sources_is_set_aside_and_never_learned_from(backwards):
    X, y = backwards(50)
    names = [f"name{chr(97 + k // 10)}{chr(97 + k % 10)}" for k in range(50)]
    named = [f"{text} {name}" for text, name in zip(X, names, strict=True)]
    trial = tried(SequenceTranslator(**QUICK | {"n_tokens": 200}), Parallel(named, y), epochs=1)
    assert len(trial.judgement.wanted) == 10
    assert [named[k] for k in trial.numbers] == trial.sources
    known = {token for token in trial.model._data.source.tokens.tokens_ if token.startswith(" name")}
    assert known
    assert known <= {f" {name}" for k, name in enumerate(names) if k not in trial.numbers}


def test_it_is_judged_beside_the_better_simple_model(trial):
    assert trial.judgement.verdict == "better"
    assert trial.sentences()[0].startswith("The gru translator with attention is better than")
    assert trial.sentences() == trial.to_dict()["sentences"]
    assert trial.notes[-1].startswith("The simple model is")
    assert set(trial.clocks()) == {"fit_seconds", "simple_fit_seconds"}
    assert trial.to_dict()["parameters"] == trial.model.n_parameters_


def test_every_test_source_has_its_row(trial):
    frame = trial.frame()
    assert frame.columns.tolist() == ["sequence", "source", "target", "said", "probability", "simple"]
    assert 100 * (frame.target == frame.said).mean() == pytest.approx(trial.judgement.score)
    assert 100 * (frame.target == frame.simple).mean() == pytest.approx(trial.judgement.simple_score)
    assert frame.probability.between(0, 1).all()


def test_short_and_long_sources_are_judged_apart(trial):
    parts = trial.by_length()
    assert trial.to_dict()["lengths"] == parts
    assert sum(part["sequences"] for part in parts) == len(trial.sources)
    lengths = np.array([len(one.split()) for one in trial.sources])
    longest = lengths >= int(parts[-1]["label"].split()[0])
    assert parts[-1]["sequences"] == longest.sum()
    frame = trial.frame()[longest]
    assert parts[-1]["score"] == pytest.approx(100 * (frame.target == frame.said).mean())
    assert parts[-1]["simple_score"] == pytest.approx(100 * (frame.target == frame.simple).mean())
    assert len(parts) > 1


def test_examples_right_and_wrong_and_where_it_looked(trial):
    frame = trial.frame().set_index("sequence")
    assert len(trial.right) == 4
    assert all(one.said == one.wanted for one in trial.right)
    assert all(one.said != one.wanted for one in trial.wrong)
    for one in (*trial.right, *trial.wrong):
        assert one.alignment.target == one.said
        assert one.simple == frame.simple[one.number]
        assert one.alignment.weights.shape[1] == len(one.source.split())


def test_a_file_of_its_own_judges_and_what_is_on_both_sides_is_said(backwards):
    X, y = backwards(40)
    given, test = Parallel(X, y), Parallel([*X[:2], "tor tor tor tor tor tor"], [*y[:2], "gate"])
    trial = tried(SequenceTranslator(**QUICK), given, test, epochs=1)
    assert trial.numbers.tolist() == [0, 1, 2]
    assert trial.notes[0] == (
        "2 of 3 test sequences are among those learned from too, word for word: the scores may flatter by up to 2 of 3."
    )


def test_the_better_simple_model_is_chosen_on_what_is_held_out():
    rng = np.random.default_rng(0)
    X = [" ".join(rng.choice(["eins", "zwei", "drei", "vier", "tor"], 6)) for _ in range(100)]
    said = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four", "tor": "gate"}
    words = Pairs.of(X, [" ".join(said[word] for word in one.split()) for one in X])
    chosen, note = simplest(words, "bleu", 0, lowercase=False)
    assert type(chosen).__name__ == "Dictionary"
    assert note.startswith("The simple model is the better of two on a tenth of the training sources, held out: a dict")
    answers = Pairs.of(
        [f"where is {k % 5}{'?' * (k % 7)}" for k in range(60)], [f"it is by {k % 5} gates" for k in range(60)]
    )
    assert type(simplest(answers, "exact", 0, lowercase=False)[0]).__name__ == "Nearest"


def test_sources_that_are_all_the_same_cannot_be_set_aside():
    with pytest.raises(DataError, match="too few different sources to set a fifth"):
        tried(SequenceTranslator(**QUICK), Parallel(["a"] * 20, ["b"] * 20))


def test_arrays_have_no_simple_model_of_words():
    made = films(10, seed=0)
    with pytest.raises(DataError, match="the simple models here are of words"):
        tried(SequenceTranslator(), Parallel(made.frames, made.captions), epochs=1)
