"""Does a network remember the number of its subject? Sentences made by code, elman against gru at equal parameters.

"the boats near the harbour ... sail": a subject in the singular or the plural, 2 to 40 words that say nothing of it,
other nouns of either number among them, and a verb that agrees with the subject. Networks learn to write such sentences
word by word; judged is how often the verb in the right number is more probable than the other form, on sentences that
they never saw. A 3-gram model guesses beyond a distance of two words.

Usage: python -m benchmarks.tasks.agreement [--seeds 3] [--epochs 40] [--sentences 4000] [--parameters 20000]
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np

from tidegate import SequenceGenerator
from tidegate.tasks import fitting
from tidegate.tasks.generation.ngrams import NGrams

NOUNS = ("boat", "gull", "sailor", "pilot", "lamp", "buoy", "crane", "keel", "rope", "net")
VERBS = (("sails", "sail"), ("waits", "wait"), ("turns", "turn"), ("rests", "rest"))
BETWEEN = ("near the {}", "behind the {}", "with the {}", "under the {}", "of the {}")
PLAIN = ("very", "often", "still", "here", "there", "now", "slowly", "early", "late", "again")
DISTANCES = (2, 3, 5, 10, 20, 40)
WIDTH = 16


class Sentence(NamedTuple):
    """Its words up to the verb, the verb, and its other form."""

    words: list[str]
    verb: str
    other: str


def form(noun: str, *, plural: bool) -> str:
    """Return a noun in the singular or the plural."""
    return noun + ("s" if plural else "")


def sentence(rng: np.random.Generator, distance: int) -> Sentence:
    """Return a sentence with so many words between subject and verb."""
    plural = bool(rng.random() < 0.5)
    words = ["the", form(str(rng.choice(NOUNS)), plural=plural)]
    between: list[str] = []
    while len(between) < distance:
        room = distance - len(between)
        if room >= 3 and rng.random() < 0.4:
            noun = form(str(rng.choice(NOUNS)), plural=bool(rng.random() < 0.5))
            between += str(rng.choice(BETWEEN)).format(noun).split()
        else:
            between.append(str(rng.choice(PLAIN)))
    verbs = VERBS[rng.integers(len(VERBS))]
    return Sentence([*words, *between], verbs[plural], verbs[not plural])


def sentences(n: int, seed: int, distance: int | None = None) -> list[Sentence]:
    """Return sentences of one distance, or of any from 2 to 40."""
    rng = np.random.default_rng(seed)
    return [sentence(rng, int(rng.integers(2, 41)) if distance is None else distance) for _ in range(n)]


def texts(given: list[Sentence]) -> list[list[str]]:
    return [[*one.words, one.verb] for one in given]


def right(model: SequenceGenerator | NGrams, given: list[Sentence]) -> float:
    """Return the percentage of sentences that are more probable with the right form than with the other."""
    own, other = (
        model.surprises([[*one.words, verb] for one, verb in zip(given, verbs, strict=True)])
        for verbs in ([one.verb for one in given], [one.other for one in given])
    )
    return 100 * float(np.mean([a.sum() < b.sum() for a, b in zip(own, other, strict=True)]))


def hidden_size(cell: str, n_parameters: int, n_words: int) -> int:
    """Return the hidden units with which a network has about so many parameters."""
    groups = {"elman": 1, "gru": 3, "lstm": 4}[cell]
    sizes = np.arange(4, 500)
    counts = groups * sizes * (sizes + WIDTH + 2) + n_words * (sizes + 1 + WIDTH)
    return int(sizes[np.abs(counts - n_parameters).argmin()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--sentences", type=int, default=4_000)
    parser.add_argument("--parameters", type=int, default=20_000)
    parser.add_argument("--cells", default="elman,gru")
    parser.add_argument("--rates", default="0.001,0.005", help="of learning, for each cell")
    parser.add_argument("--validate", action="store_true", help="judge on other sentences, to choose settings by")
    options = parser.parse_args()
    learned = texts(sentences(options.sentences, seed=0))
    judges = {
        distance: sentences(300, (2_000 if options.validate else 1_000) + distance, distance) for distance in DISTANCES
    }
    n_words = len({word for one in learned for word in one}) + 2
    print(f"{'model':24}" + "".join(f"{distance:>8}" for distance in DISTANCES) + "   words between, % right")
    told("3-gram", [right(NGrams(order=3, unit="words").fit(learned), judges[d]) for d in DISTANCES])
    for cell, rate in zip(options.cells.split(","), map(float, options.rates.split(",")), strict=True):
        training = fitting.TRAINING._replace(learning_rate=rate, patience=options.epochs)
        rows = []
        started = time.perf_counter()
        for seed in range(options.seeds):
            units = hidden_size(cell, options.parameters, n_words)
            model = SequenceGenerator(
                cell=cell, hidden_size=units, embedding=WIDTH, dropout=0.0, training=training, seed=seed
            )
            model.fit(learned, epochs=options.epochs)
            rows.append([right(model, judges[d]) for d in DISTANCES])
        seconds = (time.perf_counter() - started) / options.seeds
        note = f"rate {rate}, {units} units, {model.n_parameters_:,} parameters, {seconds:.0f} s, {options.seeds} seeds"
        told(cell, np.mean(rows, axis=0).tolist(), note)


def told(name: str, shares: list[float], note: str = "") -> None:
    print(f"{name:24}" + "".join(f"{share:8.1f}" for share in shares) + f"   {note}", flush=True)


if __name__ == "__main__":
    main()
