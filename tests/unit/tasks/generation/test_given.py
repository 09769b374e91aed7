from collections import Counter

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.given import Given


def test_one_text_is_long_and_has_no_end():
    made = Given.of("to be", None, "characters")
    assert made.long
    assert made.sequences.items == [list("to be")]
    first, second = made.parted(0.4, 0)
    assert first.sequences.items[0] + second.sequences.items[0] == list("to be")
    assert second.sequences.items == [list("be")]


def test_many_are_parted_by_seed_with_their_conditions():
    texts = [chr(97 + k) * 3 for k in range(20)]
    made = Given.of(texts, np.arange(20)[:, None], "characters")
    first, second = made.parted(0.25, 3)
    assert len(second.sequences.items) == 5
    for side in (first, second):
        assert ["".join(one) for one in side.sequences.items] == [texts[k] for k in side.numbers]
        assert side.numbers.tolist() == side.conditions[:, 0].tolist()
    assert made.parted(0.25, 4)[1].numbers.tolist() != second.numbers.tolist()
    assert made.parted(0.01, 3) == (made, None)


@pytest.mark.parametrize("seed", range(12))
def test_each_label_has_its_share_of_what_is_held_out_and_stays_in_what_is_learned_from(seed):
    labels = ["often"] * 60 + ["seldom"] * 20 + ["twice"] * 2 + ["once"]
    first, second = Given.of(["text"] * 83, labels, "characters").parted(0.1, seed)
    assert Counter(second.conditions.tolist()) == {"often": 6, "seldom": 2}
    assert sorted([*first.numbers, *second.numbers]) == list(range(83))
    most = Given.of(["text"] * 83, labels, "characters").parted(0.99, seed)[0]
    assert Counter(most.conditions.tolist()) == {"often": 1, "seldom": 1, "twice": 1, "once": 1}


def test_of_many_small_labels_some_are_held_out_and_of_single_ones_none():
    made = Given.of(["text"] * 80, [k // 4 for k in range(80)], "characters")
    assert len(set(made.parted(0.1, 0)[1].conditions.tolist())) == 8
    alone = Given.of(["text"] * 20, list(range(20)), "characters")
    assert alone.parted(0.1, 0) == (alone, None)


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (["ab"], "tokens"),
        ([np.eye(2), np.ones((1, 2))], "notes"),
        ([np.eye(2), np.full((1, 2), 0.5)], "values"),
    ],
)
def test_what_steps_are(X, kind):
    assert Given.of(X, None, "characters").kind == kind


def test_tokens_and_arrays_are_no_texts():
    assert not Given.of([["a", "b"]], None, "words").texts
    assert not Given.of([np.eye(3)], None, "words").texts
    assert Given.of(["a b"], None, "words").texts


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ("", None, "X is an empty text"),
        (["sea", ""], None, "sequence 1 of X is an empty text"),
        ([], None, "X holds no sequences"),
        ("to be\0or", None, "X holds bytes that are no text at character 5"),
        (["sea", "caf\ufffd"], None, "sequence 1 of X holds the mark of a character that was lost at character 3"),
        ("a\udce9", None, "X holds half a character at character 1: its codings are mixed"),
        ("to be", ["a"], "one long text has no conditions"),
        (["a", "b"], ["x"], "y has 1 labels for 2 sequences"),
        ([np.array([0.0, np.nan])], None, "sequence 0 of X holds nan at step 1"),
        (b"bytes", None, "X is a bytes, not sequences"),
        (["sea", ["a", "b"]], None, "sequence 1 of X holds tokens, the first holds text"),
    ],
)
def test_what_cannot_be_used_is_refused(X, y, said):
    with pytest.raises(DataError, match=said):
        Given.of(X, y, "characters")
