import numpy as np
import pytest

from tidegate.tasks.transcription.edits import NONE, Edits, counted, edits, matched, of_all


@pytest.mark.parametrize(
    ("wanted", "said", "found"),
    [
        ("42", "42", (0, 0, 0, 2)),
        ("42", "", (0, 2, 0, 2)),
        ("", "42", (0, 0, 2, 0)),
        ("abcd", "abxd", (1, 0, 0, 4)),
        ("abcd", "abd", (0, 1, 0, 4)),
        ("abcd", "abxcd", (0, 0, 1, 4)),
        ("intention", "execution", (3, 1, 1, 9)),
        (["four", "two"], ["four", "too"], (1, 0, 0, 2)),
    ],
)
def test_edits(wanted, said, found):
    assert edits(wanted, said) == Edits(*found)


def slow(wanted, said):
    if not wanted or not said:
        return len(wanted) + len(said)
    return min(
        slow(wanted[1:], said[1:]) + (wanted[0] != said[0]), slow(wanted[1:], said) + 1, slow(wanted, said[1:]) + 1
    )


def test_as_few_as_there_can_be():
    rng = np.random.default_rng(0)
    for _ in range(60):
        wanted, said = ("".join(rng.choice(list("abc"), rng.integers(0, 6))) for _ in range(2))
        made = edits(wanted, said)
        assert made.total == slow(wanted, said)
        assert len(wanted) - made.deletions + made.insertions == len(said)


def test_of_many():
    made = of_all(["ab", "", "c"], ["ab", "x", "d"])
    assert made == Edits(1, 0, 1, 3)
    assert made.rate == pytest.approx(2 / 3)
    assert np.isnan(NONE.rate)


def test_pairs_spell_both_and_are_counted():
    rng = np.random.default_rng(1)
    for _ in range(60):
        wanted, said = (list(rng.choice(list("abc"), rng.integers(0, 7))) for _ in range(2))
        pairs = matched(wanted, said)
        assert [one for one, _ in pairs if one] == wanted
        assert [other for _, other in pairs if other] == said
        assert counted(pairs) == edits(wanted, said)


@pytest.mark.parametrize(
    ("wanted", "said", "found"),
    [
        ("79912", "7912", [("7", "7"), ("9", "9"), ("9", ""), ("1", "1"), ("2", "2")]),
        ("ab", "ba", [("", "b"), ("a", "a"), ("b", "")]),
        ("a", "b", [("a", "b")]),
        ("", "", []),
    ],
)
def test_what_stands_beside_what(wanted, said, found):
    """Among as few edits those with the fewest substitutions: of "ab" and "ba" two of the other kinds."""
    assert matched(wanted, said) == found
