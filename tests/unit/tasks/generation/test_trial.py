import json

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
    assert "among those learned from too" in trial.sentences()[-1]
    told = json.loads(json.dumps(trial.to_dict()))
    X = [pairs(300)[k] for k in trial.numbers]
    assert told["bits"] == pytest.approx(trial.model.bits(X))
    assert told["steps"] == 120
    assert set(trial.clocks()) == {"fit_seconds", "simple_fit_seconds"}
    assert trial.right[0].bits == trial.frame()["bits"].min()
    assert trial.wrong[0].bits == trial.frame()["bits"].max()
    worst = trial.wrong[0]
    assert "".join(worst.tokens) == pairs(300)[worst.number]
    assert len(worst.surprise) == 4
    assert len(trial.written) == 3


def test_a_long_text_is_judged_by_blocks_of_its_end(quick):
    text = "".join(np.random.default_rng(0).choice(list("abcd "), 4_000))
    trial = tried(quick(), Corpus(text, None), epochs=1, batch_size=4)
    assert trial.judgement.block == "block"
    assert len(trial.frame()) == 20
    assert trial.frame()["steps"].sum() == 400
    assert (
        "".join("".join(one.tokens) for one in sorted(trial.right + trial.wrong)) in text[-400:]
        or len(trial.right) == 4
    )
    assert trial.notes == []


def test_keys_are_judged_beside_a_linear_rule(quick, chords):
    trial = tried(quick(), Corpus(chords(40), None), Corpus(chords(10, seed=1), None), epochs=2)
    assert trial.judgement.simple_name == "logistic regression on the last steps"
    assert trial.judgement.verdict == "worse"
    assert trial.numbers.tolist() == list(range(10))
    assert trial.right[0].values.shape[1] == 8
    assert trial.written[0].shape[1] == 8


def test_conditions_go_with_their_texts(quick, pairs):
    X = pairs(200)
    trial = tried(quick(), Corpus(X, np.array([one[1] for one in X])), epochs=20)
    assert trial.judgement.verdict == "better"
    assert all(one[1:2] == X[trial.numbers[0]][1] for one in trial.written)


def test_what_cannot_be_judged_is_refused(quick):
    with pytest.raises(DataError, match="too few sequences to set a tenth aside"):
        tried(quick(), Corpus(["ab", "ba"], None))
    with pytest.raises(DataError, match="too short to set its last tenth aside"):
        tried(quick(), Corpus("a", None))
    with pytest.raises(DataError, match="steps of values have no simple model here"):
        tried(quick(), Corpus([np.full(5, 0.5)] * 20, None))
