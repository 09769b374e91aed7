import numpy as np
import pytest
from scipy.stats import binom

from tidegate.scoring.bleu import bleu
from tidegate.tasks.translation.judging import Judgement, fitting_measure, measured, right

WANTED = [f"the tide gate opens at {k} in the morning" for k in range(40)]
WORSE = [one.replace("opens", "shuts") if k % 2 else one for k, one in enumerate(WANTED)]


def judged(said, simple, *, measure="bleu", wanted=WANTED):
    return Judgement("the gru translator with attention", "a dictionary", measure, wanted, said, simple, False, 0)


def test_what_is_right_as_a_whole():
    assert right(["a  b", "A b", ["a"]], ["a b", "a b", ["a"]], lowercase=False).tolist() == [True, False, True]
    assert right(["A b", ["A"]], ["a b", ["a"]], lowercase=True).all()
    assert measured(["a", "b"], ["a", "c"], "exact", lowercase=False) == 50
    assert measured(WORSE, WANTED, "bleu", lowercase=False) == bleu(WORSE, WANTED).score


def test_short_targets_are_judged_as_a_whole():
    assert fitting_measure(["one two", "three"]) == fitting_measure([["a", "b", "c"]]) == "exact"
    assert fitting_measure(["one two three four", "a", "and so on and on"]) == "bleu"


@pytest.mark.parametrize(
    ("said", "simple", "verdict", "words"),
    [
        (WANTED, WORSE, "better", "The gru translator with attention is better than a dictionary, which reaches BLEU"),
        (WORSE, WANTED, "worse", "which reaches BLEU 100.0 (p < 0.001, n = 40): use that one."),
        (WORSE, WORSE, "no evidence of a difference", "There is no evidence of a difference between the gru"),
    ],
)
def test_the_words_follow_the_test(said, simple, verdict, words):
    made = judged(said, simple)
    assert made.verdict == verdict
    assert words in made.sentences()[0]
    assert "right word for word" in made.sentences()[1]
    assert made.to_dict()["score"] == pytest.approx(bleu(said, WANTED).score)


def test_a_difference_in_one_of_many_is_no_evidence():
    almost = [WANTED[0].replace("opens", "shuts"), *WANTED[1:]]
    assert judged(WANTED, almost).p_value > 0.05
    assert judged(WANTED, WORSE).p_value < 0.01
    assert judged(WORSE, WORSE).p_value == 1


def test_the_interval_holds_the_score():
    low, high = judged(WORSE, WANTED).interval()
    assert low < judged(WORSE, WANTED).score < high < 100
    assert judged(WORSE, WANTED).interval() == (low, high)


def test_exact_matches_are_tested_by_where_the_two_disagree():
    wanted = list("abcdefghijklmnopqrst")
    ours, simple = [*wanted[:15], *"?????"], [*wanted[:3], *"?" * 12, wanted[15], *"????"]
    made = judged(ours, simple, measure="exact", wanted=wanted)
    assert made.p_value == pytest.approx(2 * binom.cdf(1, 13, 0.5))
    assert (made.score, made.simple_score, made.verdict) == (75, 20, "better")
    low, high = made.interval()
    assert 50 < low < 75 < high < 90
    assert "75.0 % exact matches" in made.sentences()[1]
    assert np.array_equal(made.right, [True] * 15 + [False] * 5)
