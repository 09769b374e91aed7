import pytest

from tidegate.tasks.translation import simple
from tidegate.tasks.translation.simple import Dictionary, Nearest

X = ["das haus", "das buch", "ein buch", "ein haus ist ein haus"]
Y = ["the house", "the book", "a book", "a house is a house"]


def test_a_dictionary_learns_which_word_comes_of_which():
    """The example by which model 1 is taught: no sentence says alone that das is the."""
    made = Dictionary().fit(X, Y)
    assert {word.strip(): other.strip() for word, other in made.words_.items()} == {
        "das": "the", "haus": "house", "buch": "book", "ein": "a", "ist": "is",
    }  # fmt: skip
    assert made.predict(["das haus ist ein buch!"]) == ["the house is a book!"]


def test_one_round_of_em_by_hand():
    """das haus / the house and das buch / the book: of the, das has 1/2 twice (with haus or buch), after one round."""
    links = linked([["das", "haus"], ["das", "buch"]], [["the", "house"], ["the", "book"]])
    assert links["das", "the"] == pytest.approx(0.5)
    assert links["das", "house"] == links["das", "book"] == pytest.approx(0.25)
    assert links["haus", "the"] == links["haus", "house"] == pytest.approx(0.5)


def linked(sources, targets):
    (asked, words), (wanted, others) = (simple._numbered(side) for side in (sources, targets))
    links = simple._Links(asked, wanted, len(others))
    found = links.probabilities(1)
    keys = zip(links.source, links.target, found, strict=True)
    return {(words[one], others[other]): float(p) for one, other, p in keys}


def test_lists_of_tokens_and_case():
    tokens = [[one.split() for one in side] for side in (X, Y)]
    assert Dictionary().fit(*tokens).predict([["ein", "buch", "?"]]) == [["a", "book", "?"]]
    assert Dictionary(lowercase=True).fit(["Das Haus"], ["The House"]).predict(["DAS NEUE"])[0].endswith(" neue")
    assert Nearest(lowercase=True).fit(["Das Haus"], ["The House"]).predict(["x"]) == ["the house"]


def test_no_more_is_learned_from_than_fits(monkeypatch):
    monkeypatch.setattr(simple, "_MOST_LINKS", 10)
    made = Dictionary().fit(X, Y)
    assert " ein" not in made.words_
    assert " das" in made.words_


def test_the_nearest_source_gives_its_target():
    made = Nearest().fit(X, Y)
    assert made.predict(["ist", "Das Buch?", "unbekannt"])[:2] == ["a house is a house", "the book"]
    assert Nearest().fit([one.split() for one in X], Y).predict([["ein", "buch"]]) == ["a book"]
