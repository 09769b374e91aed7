"""DNA promoters, each of 106 sequences judged by what the other 105 taught, beside linear models and published counts.

The sequences are aligned, so a letter is read together with its place. Settings were chosen by cross-validation within
one half of the sequences (see the results). Rows: the classifier, the same without the linear rule on runs of letters
beside it, and logistic regression on runs of letters anywhere and at their places.

Usage: python -m benchmarks.tasks.promoters FOLDER [--seeds 3] [--set n_members=1] [--epochs 50]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from benchmarks.accuracy.__main__ import pairs

from tidegate import SequenceClassifier
from tidegate.tasks.simple import linear_on_words
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS: dict[str, Any] = {
    "unit": "characters",
    "embedding": 16,
    "hidden_size": 16,
    "pooling": "mean",
    "n_members": 5,
    "counted": 0.5,
    "training": Training(learning_rate=0.01, held_out_fraction=0.0),
}
BATCH = 16
PUBLISHED = "KBANN 4, backpropagation 8, O'Neill 12, nearest neighbour 13, ID3 19 (Towell, Shavlik & Noordewier 1990)"


class Sequences(NamedTuple):
    """DNA as lists of letters, or of letters with their places, and whether each is a promoter."""

    items: list[list[str]]
    labels: np.ndarray


def placed(letters: list[str]) -> list[str]:
    """Return each letter together with its place: a, c becomes 0a, 1c."""
    return [f"{place}{letter}" for place, letter in enumerate(letters)]


def mistakes(given: Sequences, fit: Callable[[Sequences], Any]) -> np.ndarray:
    """Return which sequences each of several rules mistakes that learned all others, shape (N, rules).

    Parameters
    ----------
    given
        The sequences.
    fit
        From those learned from to a function from one sequence to its classes' probabilities by each rule.
    """
    wrong = []
    for k, item in enumerate(given.items):
        others = Sequences(given.items[:k] + given.items[k + 1 :], np.delete(given.labels, k))
        told = fit(others)(item)
        wrong.append([np.unique(others.labels)[one.argmax()] != given.labels[k] for one in told])
    return np.array(wrong)


def linear(learned: Sequences) -> Callable[[list[str]], list[np.ndarray]]:
    """Return logistic regression on runs of up to four letters."""
    rule = linear_on_words("characters").fit(learned.items, learned.labels)
    return lambda item: [rule.predict_proba([item])[0]]


def ours(settings: dict[str, Any], epochs: int, seed: int) -> Callable[[Sequences], Any]:
    """Return what fits the classifier, which tells by itself and without the linear rule that has a share in it."""

    def fit(learned: Sequences) -> Callable[[list[str]], list[np.ndarray]]:
        model = SequenceClassifier(seed=seed, **settings)
        model.fit(learned.items, learned.labels, epochs=epochs, batch_size=BATCH, validation=None)
        rule = linear(learned)

        def told(item: list[str]) -> list[np.ndarray]:
            said = model.predict_proba([item])[0]
            return [said, said - model.counted * rule(item)[0]]

        return told

    return fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--set", nargs="*", default=[])
    options = parser.parse_args()
    frame = pd.read_csv(options.folder / "dna/promoters.csv")
    plain = Sequences([list(text) for text in frame.sequence], frame.label.to_numpy())
    aligned = Sequences([placed(item) for item in plain.items], plain.labels)
    print(f"published: {PUBLISHED}")
    for what, given in (("anywhere", plain), ("at their places", aligned)):
        print(f"linear, runs of letters {what:17} {mistakes(given, linear).sum():3d} of {len(given.items)}", flush=True)
    for seed in range(options.seeds):
        started = time.perf_counter()
        whole, alone = mistakes(aligned, ours(SETTINGS | pairs(options.set), options.epochs, seed)).sum(axis=0)
        seconds = time.perf_counter() - started
        print(f"classifier, seed {seed}: {whole}, its network alone: {alone}  ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
