"""Made-up labelled sequences to try the sequence tasks on without data of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.films import films
from tidegate.data.labelled import Labelled
from tidegate.data.naming import named

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES: dict[str, str] = {
    "reviews": "Made-up sentences on films: what counts is the main clause, and whether it is turned around",
    "waves": "Made-up recordings of two channels and unequal length: one ahead of the other, behind it, or neither",
    "films": "Made-up films of 16 by 16 pixels: a disc, a square or a cross that goes left, right, up or down",
}

_NOUNS = ("plot", "acting", "music", "film", "ending", "dialogue", "pace", "photography", "cast", "story")
_GOOD = ("good", "great", "moving", "funny", "clever", "charming", "brilliant", "fresh")
_BAD = ("bad", "dull", "boring", "clumsy", "awful", "predictable", "tiresome", "flat")
_PLAIN = ("was", "seemed", "felt", "was really", "was quite", "was very")
_TURNED = ("was not", "was never", "was hardly", "was anything but")
_N_REVIEWS, _N_WAVES, _N_FILMS, _SEED = 1_500, 300, 600, 7


def labelled_example(name: str) -> Labelled:
    """Return an example of labelled sequences, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    makers: dict[str, Callable[[np.random.Generator], Labelled]] = {
        "reviews": _reviews,
        "waves": _waves,
        "films": _films,
    }
    return named(name, makers)(np.random.default_rng(_SEED))


def _reviews(rng: np.random.Generator) -> Labelled:
    made = [_review(rng) for _ in range(_N_REVIEWS)]
    return Labelled([text for text, _ in made], np.array([label for _, label in made]))


def _review(rng: np.random.Generator) -> tuple[str, str]:
    """Return a sentence and its label: of two clauses, the one that is not conceded says what the writer thinks."""
    (main, label), (other, _) = _clause(rng), _clause(rng)
    form = int(rng.integers(4))
    texts = (f"{main}", f"{other}, but {main}", f"although {other}, {main}", f"{main}, even though {other}")
    return f"{texts[form]}.".capitalize(), label


def _clause(rng: np.random.Generator) -> tuple[str, str]:
    """Return a clause, and what it says: its adjective, turned around or not."""
    good, turned = rng.random(2) < 0.5
    verb = rng.choice(_TURNED if turned else _PLAIN)
    text = f"the {rng.choice(_NOUNS)} {verb} {rng.choice(_GOOD if good else _BAD)}"
    return text, "good" if good is not turned else "bad"


def _waves(rng: np.random.Generator) -> Labelled:
    """Return recordings whose second channel follows the first, runs ahead of it, or has nothing to do with it."""
    labels = rng.permutation(np.repeat(["ahead", "behind", "neither"], _N_WAVES // 3))
    return Labelled([_wave(str(label), rng) for label in labels], labels)


def _films(rng: np.random.Generator) -> Labelled:
    made = films(_N_FILMS, seed=int(rng.integers(2**31)))
    return Labelled(list(made.frames), np.array(made.names))


def _wave(label: str, rng: np.random.Generator) -> np.ndarray:
    steps = np.arange(int(rng.integers(30, 90)))
    pace, start = rng.uniform(0.15, 0.5), rng.uniform(0, 2 * np.pi)
    first = np.sin(pace * steps + start)
    lag = {"ahead": 1.2, "behind": -1.2, "neither": 0.0}[label]
    second = np.sin(pace * steps + start + lag) if lag else np.sin(rng.uniform(0.15, 0.5) * steps + rng.uniform(0, 6))
    return np.stack([first, second], axis=1) + rng.normal(0, 0.3, size=(len(steps), 2))
