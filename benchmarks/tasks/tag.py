"""The sequence tagger on public sets, beside simple models on the same split and the published figures.

Parts of speech: UD English EWT, accuracy over tokens. Entities: WNUT-17, F1 over whole entities. Training is stopped by
the development part, and settings were chosen on it (--validate judges there); the test part is read for the figures
alone. Every row is the mean over seeds, never the best.

Usage: python -m benchmarks.tasks.tag FOLDER [SET,SET] [--seeds 3] [--set dropout=0.3] [--epochs 20] [--validate]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.accuracy.__main__ import pairs

from tidegate import SequenceTagger, Vocabulary, read_tagged
from tidegate.tasks import fitting
from tidegate.tasks.entities import entity_scores
from tidegate.tasks.simple import LinearOnNeighbours, MostFrequentTag


class Set(NamedTuple):
    """Where the parts of a set are, what is judged, its settings, and what others reached."""

    files: str
    score: str
    settings: dict[str, Any]
    published: str


class Parts(NamedTuple):
    """Tagged sentences to learn from, to stop by, and to judge by."""

    train: Any
    dev: Any
    test: Any


SETS = {
    "ud_ewt": Set("ud_ewt_{}.tsv.gz", "accuracy", {}, "BiLSTM over words and characters 95 to 96 (from memory)"),
    "wnut17": Set(
        "wnut17_{}.conll.gz",
        "F1",
        {"forgetting": 3.0, "n_members": 2},
        "best of the shared task 41.9; BiLSTM-CRF with vectors 37 to 40",
    ),
}


def judged(one: Set, actual: Any, said: Any) -> float:
    """Return the accuracy, or the F1 of entities, in percent."""
    if one.score == "F1":
        return 100 * entity_scores(actual, said).f1
    return 100 * float(np.mean(np.concatenate(actual) == np.concatenate(said)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="?", default="")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--validate", action="store_true", help="judge on the development part")
    parser.add_argument("--last", action="store_true", help="keep the last epoch, not the best by the development part")
    parser.add_argument("--alone", action="store_true", help="leave the simple models out")
    options = parser.parse_args()
    for name in options.sets.split(",") if options.sets else SETS:
        one = SETS[name]
        parts = Parts(*(read_tagged(options.folder / "text" / one.files.format(part)) for part in Parts._fields))
        for simple in () if options.alone else (MostFrequentTag(), LinearOnNeighbours()):
            simple.fit(*parts.train)
            print(f"{name} {type(simple).__name__}: {shown(one, parts, simple, options)}", flush=True)
        scores = [tagged(name, parts, options, seed) for seed in range(options.seeds)]
        if scores:
            print(f"{name} tagger, mean of {options.seeds} seeds: {np.mean(scores):.2f}  {one.published}", flush=True)


def shown(one: Set, parts: Parts, model: Any, options: argparse.Namespace) -> str:
    """Return the scores on the development part and, unless settings are being chosen, on the test part."""
    judges = {"dev": parts.dev} if options.validate else {"dev": parts.dev, "test": parts.test}
    scores = {part: judged(one, judge.tags, model.predict(judge.sequences)) for part, judge in judges.items()}
    return ", ".join(f"{one.score} {score:.2f} on {part}" for part, score in scores.items())


def tagged(name: str, parts: Parts, options: argparse.Namespace, seed: int) -> float:
    """Fit once, say how it went, and return the score that counts."""
    one = SETS[name]
    settings = one.settings | pairs(options.set)
    if "min_count" in settings:
        settings["vocabulary"] = Vocabulary(min_count=settings.pop("min_count"))
    training = fitting.TRAINING._replace(**pairs(options.training))
    started = time.perf_counter()
    model = SequenceTagger(seed=seed, training=training, **settings)
    held = None if options.last else tuple(parts.dev)
    model.fit(*parts.train, epochs=options.epochs, batch_size=options.batch_size, validation=held)
    seconds = time.perf_counter() - started
    course = f"{model.n_parameters_:,} parameters, {seconds:.0f} s, best epoch {model.losses_.best}"
    print(f"{name} seed {seed}: {shown(one, parts, model, options)}; {course}", flush=True)
    judge = parts.dev if options.validate else parts.test
    return judged(one, judge.tags, model.predict(judge.sequences))


if __name__ == "__main__":
    main()
