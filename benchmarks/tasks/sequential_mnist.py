"""Handwritten digits read pixel by pixel, 784 steps of one number each: the sequence classifier beside a linear rule.

The network reads each image once, from its first pixel to its last, in one direction. Settings were chosen on images of
the training part (see the results; --validate judges on 5,000 of them); the test part is read for the figures alone.
Published: GRU 96.2, LSTM 87.2, RNN 21.5, TCN 99.0 (Bai, Kolter & Koltun 2018, arXiv:1803.01271, table 1).

Usage: python -m benchmarks.tasks.sequential_mnist FOLDER [--cell gru] [--epochs 10] [--images 60000] [--validate]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.accuracy.__main__ import pairs
from sklearn.linear_model import LogisticRegression

from tidegate import SequenceClassifier
from tidegate.training.settings import Training

SETTINGS: dict[str, Any] = {
    "hidden_size": 64,
    "bidirectional": False,
    "pooling": "mean-max",
    "memory": 56,
    "dropout": 0.0,
}
RATE, BATCH = 0.01, 64
HELD_OUT = 5_000
LINEAR_IMAGES = 10_000


def images(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images as sequences of pixels in [0, 1], shape (N, 784, 1), and their digits."""
    found = np.load(folder / f"images/mnist_{part}.npz")
    return found["x"].reshape(len(found["x"]), -1, 1) / 255, found["y"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, help="learn from so many; all unless told otherwise")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--batch-size", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--validate", action="store_true", help="judge on 5,000 images of the training part")
    options = parser.parse_args()
    x, y = images(options.folder, "train")
    order = np.random.default_rng(0).permutation(len(y))
    learned = order[HELD_OUT:][: options.images] if options.validate else order[: options.images]
    others, wanted = (x[order[:HELD_OUT]], y[order[:HELD_OUT]]) if options.validate else images(options.folder, "test")
    settings = SETTINGS | pairs(options.set) | {"training": Training(learning_rate=options.rate, held_out_fraction=0.0)}
    started = time.perf_counter()
    model = SequenceClassifier(cell=options.cell, seed=options.seed, **settings)
    model.fit(x[learned], y[learned], epochs=options.epochs, batch_size=options.batch_size, validation=None)
    seconds = time.perf_counter() - started
    print(f"{model!r}\n{len(learned):,} images, {options.epochs} epochs of batches of {options.batch_size}")
    print("loss by epoch: " + " ".join(f"{loss:.3f}" for loss in model.history_["loss"][1:]))
    print(f"{options.cell}: {100 * model.score(others, wanted):.2f} % of {len(wanted):,} images, {seconds:.0f} s")
    few = learned[:LINEAR_IMAGES]
    rule = LogisticRegression(C=0.1, max_iter=200).fit(x[few, :, 0], y[few])
    print(f"linear rule on all pixels at once, {len(few):,} images: {100 * rule.score(others[..., 0], wanted):.2f} %")


if __name__ == "__main__":
    main()
