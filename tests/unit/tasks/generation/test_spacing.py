import pytest

from tidegate.features.vocabulary import words
from tidegate.tasks.generation.spacing import joined


@pytest.mark.parametrize("text", ["well, she said (twice).", "is it? yes!", "a [b] c; d: e", "don't go"])
def test_words_are_set_as_people_set_them(text):
    assert joined(words(text), "words") == text


def test_characters_stand_side_by_side():
    assert joined(list("to be."), "characters") == "to be."
