"""Made-up tagged sentences to try a tagger on: names that only the rest of the sentence tells persons from places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.naming import named
from tidegate.data.tagged import Tagged

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES: dict[str, str] = {
    "journeys": "Made-up sentences on travellers: a name is of a person or of a place by how the sentence began"
}

_FIRST, _SECOND = (
    ("Mar", "Tol", "Ves", "Hal", "Bren", "Cor", "Lin", "Sar"),
    ("ton", "wick", "ley", "den", "mar", "ford"),
)
_PERSONS = ("The sisters", "Our guests", "The sailors", "Both of the pilots")
_PLACES = ("The harbours of", "The towns of", "The lighthouses of", "Both of the ports of")
_ENDINGS = ("were mentioned first", "could be heard at night", "are known to all", "were missed on Sunday")
_ARRIVED, _FROM = (
    ("arrived in", "wrote from", "remembered", "sailed past"),
    ("in spring", "at noon", "last year", "alone"),
)
_UNTOLD, _TWO_WORDS, _N_SENTENCES, _SEED = 0.05, 0.3, 1_200, 11


def tagged_example(name: str) -> Tagged:
    """Return an example of tagged sentences, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    named(name, EXAMPLES)
    rng = np.random.default_rng(_SEED)
    made = [list(_sentence(rng)) for _ in range(_N_SENTENCES)]
    return Tagged([[token for token, _ in one] for one in made], [[tag for _, tag in one] for one in made])


def _sentence(rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Yield tokens and their tags: names of one kind, or a person and a place; of a few nothing says the kind."""
    if rng.random() < _UNTOLD:
        yield from _name("person" if rng.random() < 0.5 else "place", rng)
        yield from _plain(str(rng.choice(_ENDINGS)))
    elif rng.random() < 0.5:
        kind, begun = ("person", _PERSONS) if rng.random() < 0.5 else ("place", _PLACES)
        yield from _plain(str(rng.choice(begun)))
        for k in range(n_names := int(rng.integers(2, 5))):
            if k:
                yield ("and" if k == n_names - 1 else ","), "O"
            yield from _name(kind, rng)
        yield from _plain(str(rng.choice(_ENDINGS)))
    else:
        yield from _name("person", rng)
        yield from _plain(str(rng.choice(_ARRIVED)))
        yield from _name("place", rng)
        yield from _plain(str(rng.choice(_FROM)))
    yield ".", "O"


def _plain(words: str) -> Iterator[tuple[str, str]]:
    return ((word, "O") for word in words.split())


def _name(kind: str, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Yield a name of one word or two, which may be of either kind."""
    yield _word(rng), f"B-{kind}"
    if rng.random() < _TWO_WORDS:
        yield _word(rng), f"I-{kind}"


def _word(rng: np.random.Generator) -> str:
    return f"{rng.choice(_FIRST)}{rng.choice(_SECOND)}"
