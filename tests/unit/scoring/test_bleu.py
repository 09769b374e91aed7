import math

import numpy as np
import pytest

from tidegate.scoring.bleu import bleu, counts, of_counts, tokens


def test_the_worked_example():
    """Papineni et al., section 2: modified precision counts no word more often than the reference has it."""
    found = counts(["the the the the the the the"], ["The cat is on the mat."], lowercase=True)[0]
    assert found.tolist() == [2, 0, 0, 0, 7, 6, 5, 4, 7, 7]


def test_by_hand():
    """6 of 6 words, 4 of 5 pairs, 3 of 4 and 2 of 3 runs; 6 tokens for 7 wanted."""
    found = bleu(["the tide gate opens at noon"], ["the tide gate slowly opens at noon"])
    precisions = (6 / 6, 4 / 5, 2 / 4, 0.5 / 3)
    assert found.precisions == pytest.approx([100 * one for one in precisions])
    assert found.brevity == pytest.approx(math.exp(1 - 7 / 6))
    assert found.score == pytest.approx(100 * found.brevity * math.prod(precisions) ** 0.25)


def test_three_lines_by_hand():
    said = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    wanted = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
    assert counts(said, wanted).sum(0).tolist() == [12, 6, 4, 3, 17, 14, 11, 8, 17, 17]
    assert bleu(said, wanted).score == pytest.approx(100 * (12 / 17 * 6 / 14 * 4 / 11 * 3 / 8) ** 0.25)
    assert bleu(wanted, wanted).score == pytest.approx(100)


def test_what_sacrebleu_says_of_the_same_counts():
    """Its README: BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)."""
    found = of_counts(np.array([14, 7, 5, 3, 17, 14, 11, 8, 17, 18]))
    assert round(found.score, 2) == 48.53
    assert [round(one, 1) for one in found.precisions] == [82.4, 50.0, 45.5, 37.5]
    assert round(found.brevity, 3) == 0.943


def test_all_texts_are_counted_together():
    said, wanted = ["a b c d e", "f g h i j"], ["a b c d x", "f g y i j"]
    each = counts(said, wanted)
    assert bleu(said, wanted).score == of_counts(each.sum(0)).score
    assert of_counts(each[0]).score != of_counts(each[1]).score


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello, world!", ["Hello", ",", "world", "!"]),
        ("It is 3.5 or 1,000.", ["It", "is", "3.5", "or", "1,000", "."]),
        ("a-b 5-6", ["a-b", "5", "-", "6"]),
        ("&quot;x&quot; &amp; y", ['"', "x", '"', "&", "y"]),
        ("don't (ever)", ["don't", "(", "ever", ")"]),
    ],
)
def test_texts_are_cut_as_the_wmt_cuts_them(text, wanted):
    assert tokens(text) == wanted


def test_case_counts_unless_it_is_not_to():
    assert bleu(["A b c d"], ["a b c d"]).score < 100
    assert bleu(["A b c d"], ["a B c d"], lowercase=True).score == pytest.approx(100)
    assert bleu([["A", "b", "c", "d"]], [["a", "b", "c", "d"]], lowercase=True).score == pytest.approx(100)


def test_lists_of_tokens_are_not_cut():
    assert counts([["a.b", "c"]], [["a.b", "d"]])[0].tolist() == [1, 0, 0, 0, 2, 1, 0, 0, 2, 2]


def test_nothing_right_is_nothing_and_short_texts_have_no_runs_of_four():
    assert bleu(["a b c d"], ["e f g h"]).score == 0
    assert bleu(["a b"], ["a b"]).score == 0
    assert bleu([""], ["a b"]).score == 0


def test_unequal_numbers_are_refused():
    with pytest.raises(ValueError, match="zip"):
        bleu(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="nothing to compare"):
        bleu([], [])


def test_drawn_anew_as_sums_of_rows():
    said, wanted = ["a b c d e", "f g h i j"], ["a b c d x", "f g y i j"]
    each = counts(said, wanted)
    twice = bleu([said[0]] * 2, [wanted[0]] * 2)
    assert of_counts(np.array([2, 0]) @ each) == twice
