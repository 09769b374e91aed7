import pytest

from tidegate.features.vocabulary import words
from tidegate.tasks.generation.spacing import continued, joined


@pytest.mark.parametrize("text", ["well, she said (twice).", "is it? yes!", "a [b] c; d: e", "don't go"])
def test_words_are_set_as_people_set_them(text):
    assert joined(words(text), "words") == text


def test_characters_stand_side_by_side():
    assert joined(list("to be."), "characters") == "to be."


@pytest.mark.parametrize(
    ("text", "tokens", "wanted"),
    [
        ("I  Grew", ["up", "."], "I  Grew up."),
        ("I Grew ", ["up"], "I Grew up"),
        ("Well , she", [",", "it", "seems"], "Well , she, it seems"),
        ("Well ", [","], "Well ,"),
        ("She said (", ["twice", ")"], "She said (twice)"),
        ("", ["so", "it", "is"], "so it is"),
        ("As  is", [], "As  is"),
        ("A line\n", ["and", "one"], "A line\nand one"),
    ],
)
def test_a_text_that_goes_on_stays_as_it_is(text, tokens, wanted):
    assert continued(text, tokens, "words") == wanted


def test_a_text_goes_on_letter_by_letter():
    assert continued("To  be ", list(" or"), "characters") == "To  be  or"
