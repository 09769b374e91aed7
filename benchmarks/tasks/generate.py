"""The sequence generator on public sets, beside a simple model on the same split and the published figures.

Tiny Shakespeare: bits per character of the last 10 %, each given all before it in that part. Names: bits per character,
ends counted, of a tenth drawn by seed 0. JSB chorales and Nottingham: nats per step, summed over the 88 keys, on the
split of Boulanger-Lewandowski et al. (2012), every step of every piece counted, the first too; beside it without the
first steps, which Bai et al. leave out. The keys of a step are judged together; --set joint=False takes each by itself,
as the published GRU and LSTM do. Settings were chosen on the end of the training part (text), on another tenth (names)
or on the validation part (music): --validate judges there alone. For the figures, text and names are then learned from
with that part too, for a fixed number of epochs; music is stopped by it. The test part is read for the figures alone.
Every row is the mean over seeds.

Usage: python -m benchmarks.tasks.generate --data FOLDER [SET,SET] [--seeds 1] [--cells gru,lstm] [--set dropout=0.3]
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.accuracy.__main__ import pairs

from tidegate import SequenceGenerator
from tidegate.tasks import fitting
from tidegate.tasks.generation.keys import LogisticKeys
from tidegate.tasks.generation.ngrams import NGrams

KEYS, LOWEST = 88, 21
HELD_OUT = 0.05


class Parts(NamedTuple):
    """What to learn from, to stop by, and to judge by."""

    train: Any
    dev: Any
    test: Any


class Set(NamedTuple):
    """A set: its file, what its score is, settings of the generator and of `fit`, and what others reached."""

    file: str
    unit: str
    settings: dict[str, Any]
    epochs: int
    batch_size: int
    learning_rate: float
    published: str


SETS = {
    "shakespeare": Set(
        "text/tiny_shakespeare.txt.gz", "bits",
        {"hidden_size": 384, "dropout": 0.2, "truncate": 50, "n_members": 2}, 9, 32, 0.004, "none stated",
    ),
    "names": Set("text/names.txt", "bits", {"hidden_size": 256, "dropout": 0.3}, 8, 64, 0.002, "none stated"),
    "jsb": Set(
        "music/jsb_chorales.json.gz", "nats", {"hidden_size": 200, "dropout": 0.5}, 30, 2, 0.006,
        "together: RNN-NADE 5.56 (Boulanger-Lewandowski et al. 2012); each key by itself: "
        "tanh 9.10, GRU 8.54, LSTM 8.67 (Chung et al. 2014); GRU 8.43, LSTM 8.45 (Bai et al. 2018)",
    ),
    "nottingham": Set(
        "music/nottingham.json.gz", "nats", {"hidden_size": 200, "dropout": 0.3, "truncate": 50}, 14, 8, 0.005,
        "together: RNN-NADE 2.31 (Boulanger-Lewandowski et al. 2012); each key by itself: "
        "tanh 3.13, GRU 3.23, LSTM 3.20 (Chung et al. 2014); GRU 3.46, LSTM 3.29 (Bai et al. 2018)",
    ),
}  # fmt: skip


def parts_of(name: str, folder: Path) -> Parts:
    """Return the parts of a set."""
    file = folder / SETS[name].file
    if name == "shakespeare":
        text = unpacked(file)
        end = int(0.9 * len(text))
        start = int((1 - HELD_OUT) * end)
        return Parts(text[:start], text[start:end], text[end:])
    if name == "names":
        names = np.array(file.read_text("utf-8").split())
        train, dev, test = np.split(
            names[np.random.default_rng(0).permutation(len(names))], [8 * len(names) // 10, 9 * len(names) // 10]
        )
        return Parts(train.tolist(), dev.tolist(), test.tolist())
    pieces = json.loads(unpacked(file))
    return Parts(*([roll(one) for one in pieces[part]] for part in ("train", "valid", "test")))


def unpacked(file: Path) -> str:
    """Return the text of a packed file."""
    return gzip.decompress(file.read_bytes()).decode("utf-8")


def roll(piece: list[list[int]]) -> Any:
    """Return the steps of a piece as keys, shape (T, 88)."""
    made = np.zeros((len(piece), KEYS), dtype=np.int8)
    for step, notes in enumerate(piece):
        made[step, np.array(notes, dtype=int) - LOWEST] = 1
    return made


def judged(one: Set, model: Any, part: Any) -> tuple[float, float]:
    """Return bits per character, or nats per step, of all steps and without the first of each sequence."""
    found = model.surprises(part)
    unit = math.log(2) if one.unit == "bits" else 1.0
    whole, rest = (float(np.concatenate([each[skipped:] for each in found]).mean()) for skipped in (0, 1))
    return whole / unit, rest / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="?", default="")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cells", default="gru")
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--alike", type=int, help="about so many parameters for every cell, each key by itself")
    parser.add_argument("--validate", action="store_true", help="judge on the part that stops training")
    parser.add_argument("--alone", action="store_true", help="leave the simple models out")
    parser.add_argument("--simple", action="store_true", help="only the simple models")
    options = parser.parse_args()
    for name in options.sets.split(",") if options.sets else SETS:
        one, parts = SETS[name], parts_of(name, options.data)
        if not options.alone:
            for simple in (NGrams(order=5),) if one.unit == "bits" else (LogisticKeys(), LogisticKeys(joint=True)):
                started = time.perf_counter()
                simple.fit(given(one, parts, options)[0])
                told = shown(one, parts, simple, options)
                print(f"{name} {simple.name}: {told}, {time.perf_counter() - started:.0f} s", flush=True)
        for cell in () if options.simple else options.cells.split(","):
            scores = [written(name, parts, options, cell=cell, seed=seed) for seed in range(options.seeds)]
            print(f"{name} {cell}, mean of {len(scores)} seeds: {np.mean(scores):.3f}  published: {one.published}")


def given(one: Set, parts: Parts, options: argparse.Namespace) -> tuple[Any, tuple[Any, None] | None]:
    """Return what to learn from, and what stops training, if anything."""
    if one.unit == "nats" or options.validate:
        return parts.train, (parts.dev, None)
    return parts.train + parts.dev, None


def shown(one: Set, parts: Parts, model: Any, options: argparse.Namespace) -> str:
    """Return the score where settings are chosen, or on the test part and where training was stopped."""
    judges = {"test": parts.test} if one.unit == "bits" else {"dev": parts.dev, "test": parts.test}
    judges = {"dev": parts.dev} if options.validate else judges
    told = {part: judged(one, model, judge) for part, judge in judges.items()}
    return ", ".join(
        f"{whole:.3f} {one.unit} on {part}" + (f" ({rest:.3f} without first steps)" if one.unit == "nats" else "")
        for part, (whole, rest) in told.items()
    )


def written(name: str, parts: Parts, options: argparse.Namespace, *, cell: str, seed: int) -> float:
    """Fit once, say how it went, and return the score that counts."""
    one = SETS[name]
    settings = one.settings | pairs(options.set)
    if options.alike:
        settings |= {"hidden_size": hidden_size(cell, options.alike, parts.train[0].shape[1]), "joint": False}
    training = fitting.TRAINING._replace(learning_rate=one.learning_rate, patience=15)._replace(
        **pairs(options.training)
    )
    model = SequenceGenerator(cell=cell, training=training, seed=seed, **settings)
    started = time.perf_counter()
    epochs, batch_size = options.epochs or one.epochs, options.batch_size or one.batch_size
    learned, stop = given(one, parts, options)
    model.fit(learned, epochs=epochs, batch_size=batch_size, validation=stop)
    seconds = time.perf_counter() - started
    n_updates = f"{model.losses_.updates[-1]:,} updates"
    best, lost = model.losses_.best, model.history_["loss"]
    course = (
        f"{model.n_parameters_:,} parameters, {n_updates}, {seconds:.0f} s, best check {best} of {epochs}, "
        f"training loss {lost[best]:.3f} there and {lost[-1]:.3f} at the end"
    )
    print(f"{name} {cell} seed {seed}: {shown(one, parts, model, options)}; {course}", flush=True)
    return judged(one, model, parts.dev if options.validate else parts.test)[0]


def hidden_size(cell: str, n_parameters: int, width: int) -> int:
    """Return the hidden units with which a network of music has about so many parameters."""
    groups = {"elman": 1, "gru": 3, "lstm": 4}[cell]
    sizes = np.arange(8, 1000)
    counts = groups * sizes * (sizes + width + 2) + width * (sizes + 1)
    return int(sizes[np.abs(counts - n_parameters).argmin()])


if __name__ == "__main__":
    main()
