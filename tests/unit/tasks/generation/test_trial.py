import json
import math

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.generation.trial import tried


def test_texts_are_judged_beside_n_grams_on_the_same_ones(quick, pairs):
    trial = tried(quick(), Corpus(pairs(300), None), epochs=3)
    assert len(trial.frame()) == 30
    assert list(trial.frame().columns) == ["sequence", "steps", "bits", "simple_bits"]
    assert "5-gram model of characters" in trial.sentences()[0]
    assert "30 of 30 test sequences are among those learned from too" in trial.notes[0]
    told = json.loads(json.dumps(trial.to_dict()))
    X = [pairs(300)[k] for k in trial.numbers]
    assert told["score"] == pytest.approx(trial.model.bits(X))
    assert told["steps"] == 120
    assert set(trial.clocks()) == {"fit_seconds", "simple_fit_seconds"}
    assert trial.right[0].score == trial.frame()["bits"].min()
    assert trial.wrong[0].score == trial.frame()["bits"].max()
    worst = trial.wrong[0]
    assert "".join(worst.inspection.steps) == pairs(300)[worst.number]
    assert len(worst.surprise) == 4
    assert worst.surprise.mean() == pytest.approx(worst.score)
    assert [one.temperature for one in trial.written] == [0.5, 1.0]
    assert [len(one.sequences) for one in trial.written] == [4, 4]


def test_a_long_text_is_judged_by_blocks_of_its_end(quick):
    text = "".join(np.random.default_rng(0).choice(list("abcd "), 4_000))
    trial = tried(quick(), Corpus(text, None), epochs=1, batch_size=4)
    assert trial.judgement.block == "block"
    assert len(trial.frame()) == 20
    assert trial.frame()["steps"].sum() == 400
    for one in trial.right + trial.wrong:
        assert "".join(one.inspection.steps) == text[-400:][20 * one.number :][:20]
        assert one.inspection.surprise / math.log(2) == pytest.approx(one.surprise, rel=1e-4)
    assert [len(one.sequences) for one in trial.written] == [1, 1]
    assert trial.notes == []


def test_keys_are_judged_beside_a_linear_rule(quick, chords):
    trial = tried(quick(), Corpus(chords(40), None), Corpus(chords(10, seed=1), None), epochs=1)
    assert trial.judgement.simple_name == "logistic regression on the last steps and the keys below"
    assert trial.judgement.verdict == "worse"
    assert trial.numbers.tolist() == list(range(10))
    assert list(trial.frame().columns) == ["sequence", "steps", "nats", "simple_nats"]
    assert trial.right[0].inspection.steps.shape[1] == 8
    assert trial.written[0].sequences[0].shape[1] == 8


def test_conditions_go_with_their_texts(quick, pairs):
    X = pairs(200)
    trial = tried(quick(), Corpus(X, np.array([one[1] for one in X])), epochs=20)
    assert trial.judgement.verdict == "better"
    sample = trial.written[0]
    assert len(sample.conditions) == len(sample.sequences) == 4
    assert all(one[1:2] == vowel for one, vowel in zip(sample.sequences, sample.conditions, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_a_rare_label_is_learned_whatever_the_seed(quick, pairs, seed):
    labels = np.array(["common"] * 22 + ["rare"] * 2)
    trial = tried(quick(seed=seed), Corpus(pairs(24), labels), epochs=1)
    assert trial.model.conditions_.tolist() == ["common", "rare"]
    assert trial.numbers.max() < 22


def test_what_cannot_be_judged_is_refused(quick):
    with pytest.raises(DataError, match="too few sequences to set a tenth of them aside"):
        tried(quick(), Corpus(["ab", "ba"], None))
    with pytest.raises(DataError, match="too few sequences of a label to set a tenth of them aside"):
        tried(quick(), Corpus(["ab", "ba"] * 10, np.arange(20)))
    with pytest.raises(DataError, match="too few characters to set the last tenth of the text aside"):
        tried(quick(), Corpus("a", None))
    with pytest.raises(DataError, match="steps of values have no simple model here"):
        tried(quick(), Corpus([np.full(5, 0.5)] * 20, None))
    with pytest.raises(DataError, match="steps of values have no simple model here"):
        tried(quick(), Corpus([*[np.eye(3)] * 19, np.full((5, 3), 0.5)], None))


@pytest.mark.parametrize(
    ("given", "test", "said"),
    [
        (Corpus("one text" * 20, None), Corpus(["ab"], None), "the test holds many sequences, the data one long text"),
        (Corpus(["ab"] * 9, None), Corpus([np.ones((3, 2))], None), "the sequences of the test hold values"),
        (Corpus(["ab"] * 9, None), Corpus(["ab"], np.array(["x"])), "the data has no labels to write for"),
        (
            Corpus([np.eye(3)] * 9, None),
            Corpus([np.eye(3), np.eye(3) / 2], None),
            "sequence 1 has 0.5 for key 0 at step 0",
        ),
        (Corpus(["ab"] * 2, np.array(["x", "y"])), Corpus(["ab"], np.array(["z"])), "'z'"),
    ],
)
def test_a_test_unlike_the_data_is_refused_before_any_work(quick, given, test, said):
    model = quick()
    with pytest.raises(DataError, match=said):
        tried(model, given, test)
    assert not hasattr(model, "history_")
