import numpy as np
import pytest

from tidegate.tasks.judging_tags import Answers, TagJudgement

BIO, PLAIN = np.array(["B-a", "B-b", "I-a", "O"]), np.array(["N", "V"])


def judged(wanted, said, simple, classes=BIO, unseen=None):
    sides = [[np.array(one.split()) for one in side] for side in (wanted, said, simple)]
    new = unseen or [np.zeros(len(one), dtype=bool) for one in sides[0]]
    usual = [np.full(len(one), classes[-1]) for one in sides[0]]
    return TagJudgement("lstm", "a linear rule", classes, Answers(*sides, usual, new))


def test_entities_count_where_tags_mark_some_else_tokens():
    spans = judged(["B-a I-a O B-b"], ["B-a O O B-b"], ["O O O O"])
    assert spans.entities
    assert spans.score(spans.answers.said) == pytest.approx(2 * 1 / (2 + 2))
    assert spans.accuracy(spans.answers.said) == 0.75
    tags = judged(["N V N V"], ["N V V V"], ["N N N N"], PLAIN)
    assert not tags.entities
    assert tags.score(tags.answers.said) == tags.accuracy(tags.answers.said) == 0.75


def test_sentences_that_differ_to_one_side_prove_it():
    """With 12 sentences of which one side has all right and the other none, chance does it twice in 4,096."""
    made = judged(["N V"] * 12, ["N V"] * 12, ["V N"] * 12, PLAIN)
    assert made.p_value == pytest.approx(2 / 4096, rel=1)
    assert made.verdict == "better"
    assert judged(["N V"] * 12, ["V N"] * 12, ["N V"] * 12, PLAIN).verdict == "worse"


def test_sentences_that_differ_to_both_sides_prove_nothing():
    made = judged(["N V"] * 12, ["N V", "V N"] * 6, ["V N", "N V"] * 6, PLAIN)
    assert made.p_value > 0.5
    assert made.verdict == "no evidence of a difference"


def test_a_sentence_counts_once_however_long_it_is():
    """One long sentence is one draw: a hundred tokens of it are no evidence."""
    made = judged([" ".join(["N"] * 100), "V"], [" ".join(["N"] * 100), "V"], [" ".join(["V"] * 100), "V"], PLAIN)
    assert made.p_value == 1
    assert judged(["N N"], ["N N"], ["V V"], PLAIN).p_value == 1


def test_the_test_of_f1_rejects_true_nulls_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low = 0
    for _ in range(30):
        wanted, said, simple = ([str(rng.choice(["B-a O", "O O", "O B-b"])) for _ in range(15)] for _ in range(3))
        low += judged(wanted, said, simple).p_value < 0.1
    assert low <= 8, "of 30, 3 are expected"


@pytest.mark.parametrize(
    ("said", "simple", "words"),
    [("N V", "V N", "is better than"), ("V N", "N V", "Use the simple one"), ("N V", "N V", "is not shown to differ")],
)
def test_the_verdict_comes_first_in_words(said, simple, words):
    told = judged(["N V"] * 12, [said] * 12, [simple] * 12, PLAIN).sentences()
    assert words in " ".join(told[:2])
    assert "n = 12 sentences" in told[0]
    assert told[-1].startswith("Of 24 test tokens ")


def test_words_that_training_does_not_hold_are_scored_by_themselves():
    new = [np.array([True, False, True, False])]
    made = judged(["N V N V"], ["N V V V"], ["N V N V"], PLAIN, unseen=new)
    assert made.unseen_accuracy == 0.5
    assert "of words that training does not hold, 50.0 %" in made.sentences()[-1]
    assert judged(["N V"], ["N V"], ["N V"], PLAIN).unseen_accuracy is None


def test_scores_by_kind_and_by_tag():
    made = judged(["B-a I-a O", "B-b O O"], ["B-a I-a O", "O B-b O"], ["O O O"] * 2)
    kinds = {row["label"]: row for row in made.by_kind()}
    assert (kinds["a"]["F1"], kinds["b"]["F1"], kinds["b"]["entities"]) == (1, 0, 1)
    tags = {row["label"]: row for row in made.by_tag()}
    assert (tags["O"]["tokens"], tags["O"]["recall"]) == (3, pytest.approx(2 / 3))
    assert made.confusion().sum() == 6
    assert made.to_dict()["score"] == pytest.approx(0.5)
    assert judged(["N"], ["N"], ["N"], PLAIN).by_kind() == []


def test_a_tagger_that_finds_nothing_is_said_to():
    made = judged(["B-a I-a O B-b"], ["O O O O"], ["B-a O O O"])
    assert "It found no entity at all; there are 2." in made.sentences()
