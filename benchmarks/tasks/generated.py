"""Tasks on generated data, each beside a simple model on the same split: films named and captioned, stories, matches.

A fifth of the sequences is the test part, drawn by the seed; the rest is learned from. Scores are in percent: films
named are right, captions, answers and summaries are exactly right, word for word.

Usage: python -m benchmarks.tasks.generated [--seeds 3] [--only named,captioned,questions,matches]
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from tidegate import SequenceClassifier, SequenceTranslator
from tidegate.data.films import films
from tidegate.data.paired import parallel_example
from tidegate.tasks.simple import linear_on_summaries
from tidegate.tasks.translation.simple import Dictionary, Nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FILMS, _EPOCHS = 1_000, 30
_OF_WORDS = {"unit": "words", "hidden_size": 64, "embedding": 64, "measure": "exact"}


class Row(NamedTuple):
    """Scores in percent, of ours and of the simple model, and our seconds of one thread."""

    ours: float
    simple: float
    seconds: float


def named(seed: int) -> Row:
    """Return how often films are given their right name."""
    made = films(_FILMS, seed=seed)
    learned, test = _parted(_FILMS, seed)
    shown, y = made.frames, np.array(made.names)
    started = time.process_time()
    model = SequenceClassifier(seed=seed).fit(_of(shown, learned), y[learned])
    seconds = time.process_time() - started
    simple = linear_on_summaries().fit(_of(shown, learned), y[learned])
    return Row(100 * model.score(_of(shown, test), y[test]), 100 * simple.score(_of(shown, test), y[test]), seconds)


def captioned(seed: int) -> Row:
    """Return how often captions are right; the simple one is that of the film with the nearest first and last frame."""
    made = films(_FILMS, seed=seed)
    ends = np.stack([np.concatenate([one[0].ravel(), one[-1].ravel()]) for one in made.frames])

    def nearest(learned: Sequence[int], test: Sequence[int]) -> Sequence[str]:
        return KNeighborsClassifier(1).fit(ends[learned], _of(made.captions, learned)).predict(ends[test]).tolist()

    return _translated((made.frames, made.captions), seed, nearest)


def told(name: str) -> Callable[[int], Row]:
    """Return what judges an example of pairs of texts; the simple model is the better of two on the test part."""
    sources, targets = parallel_example(name)

    def judged(seed: int) -> Row:
        def simple(learned: Sequence[int], test: Sequence[int]) -> Sequence[str]:
            pairs = _of(sources, learned), _of(targets, learned)
            found = [one.fit(*pairs).predict(_of(sources, test)) for one in (Dictionary(), Nearest())]
            return max(found, key=lambda said: _right(said, _of(targets, test)))

        return _translated((sources, targets), seed, simple)

    return judged


def _translated(
    pairs: tuple[list, list], seed: int, simple: Callable[[Sequence[int], Sequence[int]], Sequence[str]]
) -> Row:
    sources, targets = pairs
    learned, test = _parted(len(sources), seed)
    started = time.process_time()
    model = SequenceTranslator(seed=seed, **_OF_WORDS).fit(_of(sources, learned), _of(targets, learned), epochs=_EPOCHS)
    seconds = time.process_time() - started
    wanted = _of(targets, test)
    return Row(_right(model.predict(_of(sources, test)), wanted), _right(simple(learned, test), wanted), seconds)


def _parted(n: int, seed: int) -> list[list[int]]:
    return [part.tolist() for part in train_test_split(np.arange(n), test_size=0.2, random_state=seed)]


def _of(items: Sequence, chosen: Sequence[int]) -> list:
    return [items[k] for k in chosen]


def _right(said: Sequence[str], wanted: Sequence[str]) -> float:
    return 100 * float(np.mean([one == other for one, other in zip(said, wanted, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="named,captioned,questions,matches")
    options = parser.parse_args()
    ways = {"named": named, "captioned": captioned, "questions": told("questions"), "matches": told("matches")}
    for name in options.only.split(","):
        found = np.array([ways[name](seed) for seed in range(options.seeds)])
        ours, simple, seconds = found.mean(axis=0)
        low, high = found[:, 0].min(), found[:, 0].max()
        print(f"{name:10} {ours:5.1f} ({low:.1f} to {high:.1f})  simple {simple:5.1f}  {seconds:4.0f} s", flush=True)


if __name__ == "__main__":
    main()
