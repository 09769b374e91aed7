"""Made-up sequences to write like: sentences whose last word depends on one far before it, and melodies over chords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.data.naming import named
from tidegate.tasks.generation.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES: dict[str, str] = {
    "origins": "Made-up sentences on where someone grew up and, some words later, which language they speak",
    "melodies": "Made-up melodies of twelve keys over four chords, in a bar of four steps each",
}

LANGUAGES = {
    "france": "french", "italy": "italian", "spain": "spanish", "poland": "polish", "japan": "japanese",
    "turkey": "turkish", "greece": "greek", "norway": "norwegian",
}  # fmt: skip
"""Countries of the sentences and what is spoken there."""

_PEOPLE = ("my aunt", "my neighbour", "the teacher", "her sister", "our captain")
_AGES = (18, 90)
_BETWEEN = (
    "and later moved to the coast",
    "where the winters were long",
    "and left when the harbour closed",
    "among many friends",
    "near an old mill",
)
_CHORDS = ((0, 4, 7), (5, 9, 0), (7, 11, 2), (9, 0, 4))
_NEXT = ((1, 2, 3), (0, 2), (0, 3), (1, 2))
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_BAR, _KEYS = 4, 24
_N_SENTENCES, _N_MELODIES, _SEED = 2_000, 120, 7


def corpus_example(name: str) -> Corpus:
    """Return an example to write like, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    makers: dict[str, Callable[[np.random.Generator], list[Any]]] = {"origins": _origins, "melodies": _melodies}
    return Corpus(named(name, makers)(np.random.default_rng(_SEED)), None)


def _origins(rng: np.random.Generator) -> list[str]:
    return [_origin(rng) for _ in range(_N_SENTENCES)]


def _origin(rng: np.random.Generator) -> str:
    """Return a sentence in which the country says which language follows, after none to two clauses."""
    country = str(rng.choice(list(LANGUAGES)))
    between = rng.choice(_BETWEEN, size=int(rng.integers(3)), replace=False).tolist()
    who = f"{rng.choice(_PEOPLE)}, now {rng.integers(*_AGES)}, grew up in {country}"
    clauses = [who, *between, f"and speaks fluent {LANGUAGES[country]}."]
    return " ".join(clauses)


def _melodies(rng: np.random.Generator) -> list[np.ndarray]:
    return [_melody(rng) for _ in range(_N_MELODIES)]


def _melody(rng: np.random.Generator) -> np.ndarray:
    """Return 8 to 16 bars of four steps: a chord in the lower twelve keys, in the upper twelve a voice that walks."""
    chord, place = 0, int(rng.integers(len(_SCALE)))
    steps = np.zeros((_BAR * int(rng.integers(8, 17)), _KEYS), dtype=np.int8)
    for step, row in enumerate(steps):
        if step % _BAR == 0:
            chord = int(rng.choice(_NEXT[chord])) if step else 0
        row[list(_CHORDS[chord])] = 1
        place = int(np.clip(place + rng.integers(-1, 2), 0, len(_SCALE) - 1))
        row[_KEYS // 2 + _SCALE[place]] = 1
    return steps
