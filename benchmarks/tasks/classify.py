"""The sequence classifier on public sets, beside a linear model on the same split and the published figures.

Texts: SST-2, TREC, movie reviews (ten folds) and a sample of IMDB. Numbers: eleven UCR/UEA sets. Settings are fixed
here, the same for all texts and for all numbers, and were chosen on parts of the training data (see the results).
Every row is the mean over seeds, never the best; validation parts come from training.

Usage: python -m benchmarks.tasks.classify FOLDER [SET,SET] [--seeds 5] [--set dropout=0.5] [--epochs 20] [--validate]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from benchmarks.accuracy.__main__ import pairs
from sklearn.model_selection import StratifiedKFold, train_test_split

from tidegate import SequenceClassifier, Vocabulary, read_labelled
from tidegate.tasks.occurrences import Occurrences
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.tasks.simple import linear_on_summaries, linear_on_words
from tidegate.training.settings import Training

FOLDS = 10
TEXT: dict[str, Any] = {"n_members": 3, "counted": "auto"}
NUMBERS: dict[str, Any] = {
    "convolution": "beside",
    "channels": 64,
    "counted": 0.75,
    "training": Training(learning_rate=0.003, held_out_fraction=0.0),
}
BATCH = {"text": 32, "numbers": 16}
PUBLISHED = {
    "sst2": "CNN-rand 82.7 to 83.5",
    "trec": "CNN-rand 88 to 91",
    "movie_reviews": "CNN-rand 76",
    "imdb": "TF-IDF with logistic regression 86.9",
}
INCEPTION_TIME = {
    "arrow_head": 86.3, "gun_point": 100, "italy_power_demand": 96.6, "ecg200": 91.0, "cbf": 99.9,
    "synthetic_control": 99.7, "acsf1": 91.0, "coffee": 100, "trace": 100, "basic_motions": 100,
}  # fmt: skip


class Split(NamedTuple):
    """Sequences to learn from and to judge by, with their labels."""

    X: list[Any]
    y: np.ndarray
    others: list[Any]
    wanted: np.ndarray


def texts(folder: Path, name: str) -> list[Split]:
    """Return the splits of a set of texts."""
    if name == "imdb":
        parts = [pd.read_json(folder / f"text/imdb_sample_{part}.jsonl.gz", lines=True) for part in ("train", "test")]
    elif name == "movie_reviews":
        sequences, labels = read_labelled(folder / "text/movie_reviews.tsv.gz")
        whole = pd.DataFrame({"text": sequences, "label": labels})
        parted = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(whole, whole.label)
        return [_split(whole.iloc[learned], whole.iloc[test]) for learned, test in parted]
    else:
        return [_pair(folder / f"text/{name}_train.tsv.gz", folder / f"text/{name}_test.tsv.gz")]
    return [_split(*parts)]


def _split(learned: pd.DataFrame, test: pd.DataFrame) -> Split:
    return Split(learned.text.tolist(), learned.label.to_numpy(), test.text.tolist(), test.label.to_numpy())


def _pair(learned: Path, test: Path) -> Split:
    return Split(*read_labelled(learned), *read_labelled(test))


def numbers(folder: Path, name: str) -> list[Split]:
    """Return the one split of a UCR/UEA set."""
    return [_pair(*(folder / f"classification/{name}_{part}.npz" for part in ("train", "test")))]


class Row(NamedTuple):
    """Accuracies of ours, its networks, what is counted of numbers and the linear model, each alone; share, seconds."""

    ours: float
    networks: float
    patterns: float
    linear: float
    share: float
    seconds: float


def judged(split: Split, kind: str, options: argparse.Namespace, seed: int) -> Row:
    """Return what came out of one run."""
    settings, size = (TEXT if kind == "text" else NUMBERS) | pairs(options.set), options.batch_size or BATCH[kind]
    epochs = options.epochs
    if "min_count" in settings:
        settings["vocabulary"] = Vocabulary(min_count=settings.pop("min_count"))
    started = time.perf_counter()
    ours = SequenceClassifier(seed=seed, **settings).fit(split.X, split.y, epochs=epochs, batch_size=size)
    said = ours.predict_proba(split.others)
    seconds = time.perf_counter() - started
    simple = (linear_on_words() if kind == "text" else linear_on_summaries()).fit(split.X, split.y)
    patterns = on_patterns(split, seed) if kind == "numbers" else np.full_like(said, np.nan)
    rows = [said, ours.networks_proba(split.others), patterns, simple.predict_proba(split.others)]
    right = [float(np.mean(ours.classes_[row.argmax(axis=1)] == split.wanted)) for row in rows]
    return Row(*right, ours.counted_, seconds)


def on_patterns(split: Split, seed: int) -> np.ndarray:
    """Return the probabilities of the linear rule on counted patterns alone, which stands beside the networks."""
    given, others = taken(split.X, None), taken(split.others, None)
    reader = Reader.learn(given, Vocabulary())
    targets = np.unique(split.y, return_inverse=True)[1]
    return Occurrences.learn(reader.read(given), targets, seed).probabilities(reader.read(others))


def held(split: Split, seed: int) -> Split:
    """Return a fifth of the training part as the test, for choosing settings."""
    kept, test = train_test_split(np.arange(len(split.y)), test_size=0.2, random_state=seed, stratify=split.y)
    return Split([split.X[k] for k in kept], split.y[kept], [split.X[k] for k in test], split.y[test])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="?", default="")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--validate", action="store_true", help="judge on a fifth of the training part")
    options = parser.parse_args()
    ucr = sorted(path.name.removesuffix("_train.npz") for path in options.folder.glob("classification/*_train.npz"))
    reached: dict[str, np.ndarray] = {}
    for name in options.sets.split(",") if options.sets else [*PUBLISHED, *ucr]:
        kind = "text" if name in PUBLISHED else "numbers"
        splits = texts(options.folder, name) if kind == "text" else numbers(options.folder, name)
        found = [
            judged(held(split, seed) if options.validate else split, kind, options, seed)
            for seed in range(options.first_seed, options.first_seed + options.seeds)
            for split in splits
        ]
        mean = Row(*np.mean(found, axis=0))
        low, high = (100 * of([one.ours for one in found]) for of in (min, max))
        counted = f"patterns {100 * mean.patterns:6.2f}  " if kind == "numbers" else ""
        print(
            f"{name:26} {100 * mean.ours:6.2f} ({low:.1f} to {high:.1f}, {len(found)} runs)  networks alone "
            f"{100 * mean.networks:6.2f}  {counted}linear {100 * mean.linear:6.2f}  share {mean.share:.2f}  "
            f"{mean.seconds:5.0f} s  {PUBLISHED.get(name, INCEPTION_TIME.get(name, ''))}",
            flush=True,
        )
        if name in INCEPTION_TIME:
            reached[name] = mean[:4]
    if len(reached) == len(INCEPTION_TIME):
        print(
            "mean of the ten sets: ours, networks, patterns, linear",
            *(f"{100 * mean:.2f}" for mean in np.mean(list(reached.values()), axis=0)),
            f"InceptionTime {np.mean(list(INCEPTION_TIME.values())):.2f}",
        )


if __name__ == "__main__":
    main()
