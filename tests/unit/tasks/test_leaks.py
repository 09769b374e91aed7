import numpy as np
import pytest

from tidegate.tasks.labels import Known
from tidegate.tasks.leaks import copied, leaks
from tidegate.tasks.sequences import taken
from tidegate.tasks.tags import Tagged


def told(X, y, unit="words"):
    return leaks(Known.of(taken(X, unit, frames=True), np.array(y)), unit)


def test_texts_that_hold_their_own_label(texts):
    X, y = texts(60)
    leaking = [f"{text} {label.upper()}" for text, label in zip(X, y, strict=True)]
    (said,) = told(leaking, y)
    assert said.startswith("Each text ('bad', 'good') holds its own label, which no text of another class does")
    assert told([*leaking, "no label"], [*y, "good"]) == [said.replace("Each", "Nearly each")]
    assert told(leaking, y, "characters") == [said]
    assert told([text.split() for text in leaking], y) == [said]
    assert told(X, y) == []


def test_names_of_several_words_and_numbers(texts):
    X, y = texts(60)
    for names in ({"good": "very good", "bad": "not good"}, {"good": 1, "bad": 0}):
        labels = [names[one] for one in y]
        (said,) = told([f"{text} {label}" for text, label in zip(X, labels, strict=True)], labels)
        assert "holds its own label" in said


def test_one_class_of_two_is_enough(texts):
    X, y = texts(60)
    (said,) = told([text + (" bad" if label == "bad" else "") for text, label in zip(X, y, strict=True)], y)
    assert said.startswith("Each text of 'bad' holds its own label")


def test_a_name_that_many_texts_hold_is_no_leak(texts):
    X, y = texts(60)
    assert told([f"{text} good bad" for text in X], y) == []
    half = [f"{text} {label}" if k % 2 else text for k, (text, label) in enumerate(zip(X, y, strict=True))]
    assert told(half, y) == []


def test_a_token_that_tells_every_label(texts):
    X, y = texts(120)
    marked = [f"{text} {'#7' if label == 'good' else '#8'}" for text, label in zip(X, y, strict=True)]
    (said,) = told(marked, y)
    assert said.startswith("Each text holds a token that no text of another class does ('8' of 'bad', '7' of 'good')")
    assert told([*marked, "#7 fine"], [*y, "bad"]) == []


def test_simple_examples_are_no_leaks(texts):
    assert told(["the tide turns", "the gate stays shut"] * 20, ["a", "b"] * 20) == []
    assert told(["pos tide", "neg gate"] * 2, ["pos", "neg"] * 2) == []
    rng = np.random.default_rng(0)
    assert told([rng.normal(k % 2, 0.1, (5, 2)) for k in range(40)], [k % 2 for k in range(40)]) == []
    assert told([np.full((4, 2), k % 2) for k in range(40)], [k % 2 for k in range(40)]) == []
    assert told([np.array([[k % 2, k]]) for k in range(40)], [k % 2 for k in range(40)]) == []


def test_a_channel_that_is_the_label(waves):
    X, y = waves(40)
    leaking = [np.column_stack([one, np.full(len(one), 3.0 + label)]) for one, label in zip(X, y, strict=True)]
    (said,) = told(leaking, y)
    assert said.startswith("Channel 2, counted from 0, never changes within a sequence, and its value alone tells")
    assert told(X, y) == []
    assert told([np.column_stack([one, np.full(len(one), 1.0)]) for one in X], y) == []
    assert told([np.column_stack([one, np.full(len(one), float(k))]) for k, one in enumerate(X)], y) == []
    assert told([np.column_stack([one, np.full(len(one), k % 3)]) for k, one in enumerate(X)], y) == []


def test_bundled_examples_do_not_leak():
    from tidegate.data.sentences import labelled_example

    for name in ("reviews", "waves", "films"):
        found = labelled_example(name)
        assert told(found.sequences, found.labels) == []


@pytest.mark.parametrize(("tags", "leaks_"), [(["Ada", "sleeps"], True), (["B-person", "O"], False)])
def test_tokens_that_are_their_own_tags(tags, leaks_):
    found = copied(Tagged.of(taken([["Ada", "sleeps"]] * 3, None), [tags] * 3))
    assert [one.split(":")[0] for one in found] == (["6 of 6 tokens are their own tags"] if leaks_ else [])
