import numpy as np
import pytest

from tidegate.tasks.entities import Span, entity_scores, first_broken, forbidden, is_bio, scores_by_kind, spans


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O O", []),
        ("B-a I-a O B-b", [("a", 0, 2), ("b", 3, 4)]),
        ("B-a B-a I-a", [("a", 0, 1), ("a", 1, 3)]),
        ("B-a I-b", [("a", 0, 1), ("b", 1, 2)]),
        ("I-a I-a O I-a", [("a", 0, 2), ("a", 3, 4)]),
        ("S-a B-b E-b E-b", [("a", 0, 1), ("b", 1, 3), ("b", 3, 4)]),
        ("B I O", [("", 0, 2)]),
        ("B-a-b I-a-b", [("a-b", 0, 2)]),
        ("", []),
    ],
)
def test_entities_of_a_sentence(tags, found):
    assert spans(tags.split()) == [Span(*one) for one in found]


def test_an_entity_is_right_as_a_whole_or_not_at_all():
    """Of three, one is found whole, one too short, one of another kind; and one is found where none is."""
    actual = ["B-a I-a O B-b I-b", "B-c O O"]
    found = ["B-a I-a O B-b O", "B-d O B-a"]
    scores = entity_scores(*([one.split() for one in each] for each in (actual, found)))
    assert scores[3:] == (3, 4, 1)
    assert scores[:3] == pytest.approx((1 / 4, 1 / 3, 2 / 7))


def test_scores_of_each_kind_add_up():
    actual = ["B-a I-a O B-b I-b", "B-c O O"]
    found = ["B-a I-a O B-b O", "B-d O B-a"]
    sides = [[one.split() for one in each] for each in (actual, found)]
    made = scores_by_kind(*sides)
    assert list(made) == ["a", "b", "c", "d"]
    assert made["a"] == (0.5, 1.0, pytest.approx(2 / 3), 1, 2, 1)
    assert (made["c"].n_actual, made["c"].n_found, made["d"].n_actual) == (1, 0, 0)
    assert sum(one.n_right for one in made.values()) == entity_scores(*sides).n_right


def test_sentences_without_entities_count_nothing():
    assert entity_scores([["O"]], [["O"]]) == (0, 0, 0, 0, 0, 0)


def test_as_many_tags_as_tokens():
    with pytest.raises(ValueError, match="1 tags were predicted for 2 tokens"):
        entity_scores([["O", "O"]], [["O"]])


def test_what_may_not_follow():
    tags = ["B-a", "B-b", "I-a", "I-b", "O"]
    never = forbidden(tags)
    assert never.shape == (6, 5)
    may = {(one, other) for k, one in enumerate([*tags, "start"]) for j, other in enumerate(tags) if not never[k, j]}
    assert {pair for pair in may if pair[1] == "I-a"} == {("B-a", "I-a"), ("I-a", "I-a")}
    assert {pair for pair in may if pair[1] == "I-b"} == {("B-b", "I-b"), ("I-b", "I-b")}
    assert len(may) == 6 * 3 + 4


@pytest.mark.parametrize("tags", [["NOUN", "VERB"], ["B-a", "E-a", "O"], ["I-a", "O"], ["O"], ["B-", "O"]])
def test_other_tags_forbid_nothing(tags):
    assert forbidden(tags) is None


def test_the_first_token_that_breaks_the_rule():
    tags = ["B-a", "I-a", "O"]
    never = forbidden(tags)
    assert first_broken(np.array([0, 1, 2, 1]), never) == 3
    assert first_broken(np.array([1, 2]), never) == 0
    assert first_broken(np.array([2, 0, 1, 1]), never) is None


def test_tags_of_bio():
    assert [is_bio(tag) for tag in ("O", "B-a", "I-a", "E-a", "B", "o", "")] == [True] * 3 + [False] * 4
