import numpy as np
import pytest
from scipy.stats import permutation_test

from tidegate.tasks.transcription.edits import Edits
from tidegate.tasks.transcription.judging import Judgement


def judged(wanted, said, simple):
    return Judgement(
        "the gru network", "a simple model", *([list(one) for one in side] for side in (wanted, said, simple))
    )


WANTED = ["12", "34", "56", "78"] * 5


def test_better():
    told = judged(WANTED, ["12", "34", "56", "7"] * 5, ["1", "3", "5", "7"] * 5)
    assert told.edits == Edits(0, 5, 0, 40)
    assert told.closer == (15, 0)
    assert told.p_value == pytest.approx(2 * 0.5**15)
    assert told.verdict == "better"
    assert told.right.sum() == 15
    first, second, third = told.sentences()
    assert first.startswith(
        "The gru network is better than a simple model: 12.5 % of the tokens are wrong instead of 50.0 %; fewer "
        "errors in 15 sequences, more in 0 (p"
    )
    assert second == "Of 40 tokens, 0 were heard as others, 5 left out, and 0 put in that were not said."
    assert third.startswith("15 of 20 test sequences are right as a whole (53.1 to 88.8 % with")


def test_worse():
    told = judged(WANTED, ["1", "3", "5", "7"] * 5, WANTED)
    assert (told.verdict, told.closer) == ("worse", (0, 20))
    assert told.sentences()[0].startswith("The gru network is worse than a simple model: 50.0 %")
    assert told.sentences()[0].endswith("Use that one.")


def test_no_evidence():
    told = judged(WANTED, ["12", "34", "56", "xx"] * 5, ["12", "34", "xx", "78"] * 5)
    assert told.verdict == "no evidence of a difference"
    assert told.p_value == 1
    assert told.sentences()[0].startswith(
        "No evidence of a difference between the gru network and a simple model, which"
    )
    same = judged(["1"], ["1"], ["1"])
    assert same.p_value == 1


def test_in_plain_numbers():
    told = judged(WANTED, ["12", "345", "5", "8"] * 5, WANTED).to_dict()
    assert told["edits"] == {"substitutions": 0, "deletions": 10, "insertions": 5, "tokens": 40}
    assert told["error_rate"] == pytest.approx(15 / 40)
    assert told["simple_error_rate"] == 0
    assert told["right"] == 0.25
    assert told["sentences"] == judged(WANTED, ["12", "345", "5", "8"] * 5, WANTED).sentences()
    assert np.isfinite(told["p_value"])


def test_the_test_exchanges_errors_within_sequences():
    """Among 2^8 exchanges, counted one by one by scipy."""
    rng = np.random.default_rng(0)
    said, simple = (["0" * int(n) for n in rng.integers(3, 6 + more, 8)] for more in (0, 3))
    told = judged(["000"] * 8, said, simple)
    found = permutation_test(
        (told.each[:, 0] - told.each[:, 1],), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    assert 0.01 < told.p_value < 0.9
    assert told.p_value == pytest.approx(found.pvalue)


def test_token_by_token():
    told = judged(["ab", "ba"], ["ac", "b"], ["", ""])
    assert told.tokens.tolist() == ["a", "b", "c"]
    assert told.by_token() == [
        {"label": "a", "tokens": 2, "precision": 1.0, "recall": 0.5, "F1": pytest.approx(2 / 3)},
        {"label": "b", "tokens": 2, "precision": 1.0, "recall": 0.5, "F1": pytest.approx(2 / 3)},
        {"label": "c", "tokens": 0, "precision": 0.0, "recall": None, "F1": None},
    ]
    assert told.confusion().tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert told.to_dict()["by_token"] == told.by_token()
    assert judged(["a"], ["a"], ["a"]).confusion().tolist() == [[1]]
