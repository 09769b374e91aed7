"""The sequence transcriber on spoken digits, digit strings and pen strokes, beside simple models on the same split.

Digits: the Free Spoken Digit Dataset, takes 0 to 4 of each speaker and digit to judge by, the rest to learn from.
Classified: the same by the sequence classifier on the same frames. Strings: 3 to 7 recordings of one speaker one after
another with pauses, those of the test made of test recordings alone. Strokes: generated handwriting. Speed: updates in
a second beside the same network of torch.nn. Settings were chosen with --validate, which judges on takes 5 to 9 and
learns from the later ones. Every row is the mean over seeds, never the best.

Usage: python -m benchmarks.tasks.transcribe [PART,PART] --data FOLDER [--seeds 5] [--set stacked=3] [--validate]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from benchmarks.accuracy.__main__ import pairs

from tidegate import SequenceClassifier, SequenceTranscriber
from tidegate.data.strokes import strokes
from tidegate.features.spectrogram import Spectrogram
from tidegate.tasks import fitting
from tidegate.tasks.transcription.simple import PieceByPiece

PAUSES = (0.0, 0.3)
LEARNED, JUDGED = 4_000, 400
PUBLISHED = {
    "digits": "support vector machine on pooled spectrograms 99.0 % right (measured)",
    "classified": "support vector machine on pooled spectrograms 99.0 % right (measured)",
}
PARTS = ("digits", "classified", "strings", "strokes", "speed")


class Split(NamedTuple):
    """Sequences to learn from and to judge by, what each says, and samples per second of recordings."""

    X: list[Any]
    y: list[str]
    others: list[Any]
    wanted: list[str]
    rate: int | None


class Digits(NamedTuple):
    """Recordings, what each says, and who says it."""

    waves: list[Any]
    digit: np.ndarray
    speaker: np.ndarray


def digits(folder: Path, *, validate: bool) -> tuple[Digits, Digits, int]:
    """Return what to learn from, what to judge by, and the rate."""
    held = np.load(folder / "speech" / "fsdd.npz")
    waves = np.split(held["samples"].astype(np.float64), np.cumsum(held["lengths"])[:-1])
    take = held["take"]
    first = 5 if validate else 0
    sides = (take >= first + 5, (take >= first) & (take < first + 5))
    made = [
        Digits([waves[k] for k in np.flatnonzero(side)], held["digit"][side], held["speaker"][side]) for side in sides
    ]
    return made[0], made[1], int(held["rate"])


def strings(given: Digits, n: int, seed: int) -> tuple[list[Any], list[str]]:
    """Return recordings of one speaker each, 3 to 7 one after another, with pauses as loud as their quietest parts."""
    rng = np.random.default_rng(seed)
    waves, words = [], []
    for _ in range(n):
        own = np.flatnonzero(given.speaker == rng.choice(np.unique(given.speaker)))
        chosen = rng.choice(own, rng.integers(3, 8))
        pieces = []
        for k in chosen:
            wave = given.waves[k]
            quiet = np.sort(np.abs(wave))[: max(len(wave) // 10, 1)].max()
            pieces += [wave, rng.normal(0, 1 + quiet, int(8_000 * rng.uniform(*PAUSES)))]
        waves.append(np.concatenate(pieces))
        words.append("".join(str(given.digit[k]) for k in chosen))
    return waves, words


def split_of(part: str, options: argparse.Namespace) -> Split:
    """Return the data of a part."""
    if part == "strokes":
        first = 2 if options.validate else 1
        learned, judge = strokes(options.learned, seed=0), strokes(JUDGED, seed=first)
        return Split(learned.sequences, learned.transcripts, judge.sequences, judge.transcripts, None)
    given, test, rate = digits(options.data, validate=options.validate)
    if part in ("strings", "speed"):
        return Split(*strings(given, options.learned, 1), *strings(test, JUDGED, 2), rate)
    return Split(given.waves, given.digit.astype(str).tolist(), test.waves, test.digit.astype(str).tolist(), rate)


def transcribed(split: Split, options: argparse.Namespace, seed: int) -> tuple[float, float]:
    """Fit once, say how it went, and return the sequences that are right as a whole and the wrong tokens, in %."""
    training = fitting.TRAINING._replace(**pairs(options.training))
    started = time.perf_counter()
    model = SequenceTranscriber(rate=split.rate, seed=seed, training=training, **pairs(options.set))
    model.fit(split.X, split.y, epochs=options.epochs, batch_size=options.batch_size, validation=None)
    seconds = time.perf_counter() - started
    told = {beam: shares(split.wanted, model, split.others, beam) for beam in (1, 8)}
    for beam, (right, rate) in told.items():
        print(f"  seed {seed}, beam {beam}: {right:.2f} % right, {rate:.2f} % of tokens wrong", end="")
    print(f"  ({model.n_parameters_:,} parameters, {seconds:.0f} s, loss {model.history_['loss'][-1]:.4f})", flush=True)
    return told[8]


def shares(wanted: list[str], model: SequenceTranscriber, sequences: list[Any], beam: int) -> tuple[float, float]:
    """Return the share of sequences that are right as a whole, and that of tokens that are wrong, in percent."""
    said = model.predict(sequences, beam=beam)
    right = np.mean([one == other for one, other in zip(said, wanted, strict=True)])
    return 100 * float(right), 100 * model.errors(sequences, wanted, beam=beam).rate


def classified(split: Split, options: argparse.Namespace, seed: int) -> tuple[float, float]:
    """Fit the classifier on the same frames, and return its accuracy and errors in percent."""
    frames = [[Spectrogram(split.rate or 1).log_mel(one) for one in side] for side in (split.X, split.others)]
    started = time.perf_counter()
    settings = {"convolution": "beside"} | pairs(options.set)
    model = SequenceClassifier(seed=seed, **settings).fit(
        frames[0], split.y, epochs=options.epochs, batch_size=options.batch_size, validation=None
    )
    right = 100 * model.score(frames[1], split.wanted)
    print(f"  seed {seed}: {right:.2f} % right  ({time.perf_counter() - started:.0f} s)", flush=True)
    return right, 100 - right


class Plain(torch.nn.Module):
    """The transcriber's network of torch's own layers: two bidirectional layers of 128 units, and a score a token."""

    def __init__(self, n_inputs: int, n_tokens: int) -> None:
        super().__init__()
        self.layers = torch.nn.GRU(n_inputs, 128, 2, bidirectional=True, dropout=0.3)
        self.output = torch.nn.Linear(256, 1 + n_tokens)

    def forward(self, steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return log-probabilities of a padded batch."""
        packed = torch.nn.utils.rnn.pack_padded_sequence(steps, lengths, enforce_sorted=False)
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(self.layers(packed)[0])
        return self.output(states).log_softmax(2)


def plain_seconds(split: Split, options: argparse.Namespace) -> float:
    """Return the seconds of the epochs of a plain loop on the same frames, batches in order, without augmentation."""
    frames = [torch.from_numpy(Spectrogram(split.rate or 1).log_mel(one)).float() / 20 for one in split.X]
    frames = [one[: len(one) // 2 * 2].reshape(len(one) // 2, -1) for one in frames]
    network = Plain(80, 10)
    optimiser = torch.optim.AdamW(network.parameters(), 0.002)
    order = np.argsort([len(one) for one in frames])
    started = time.perf_counter()
    for _ in range(options.epochs or 1):
        for part in np.array_split(order, max(len(order) // options.batch_size, 1)):
            lengths = torch.tensor([len(frames[k]) for k in part])
            said = network(torch.nn.utils.rnn.pad_sequence([frames[k] for k in part]), lengths)
            wanted = [torch.tensor([1 + int(one) for one in split.y[k]]) for k in part]
            sizes = torch.tensor([len(one) for one in wanted])
            loss = torch.nn.functional.ctc_loss(said, torch.cat(wanted), lengths, sizes)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
    return time.perf_counter() - started


def speed(split: Split, options: argparse.Namespace) -> None:
    """Print how long epochs take, ours whole (frames, augmentation, checks) and the plain loop alone."""
    plain = plain_seconds(split, options)
    started = time.perf_counter()
    SequenceTranscriber(rate=split.rate).fit(
        split.X, split.y, epochs=options.epochs or 1, batch_size=options.batch_size, validation=None
    )
    ours = time.perf_counter() - started
    print(f"speed: ours {ours:.1f} s, plain torch.nn.GRU {plain:.1f} s: {plain / ours:.2f} times as fast", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="?", default="")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learned", type=int, default=LEARNED, help="strings or lines of handwriting to learn from")
    parser.add_argument("--validate", action="store_true", help="judge on takes 5 to 9, and learn from the later ones")
    options = parser.parse_args()
    for part in options.parts.split(",") if options.parts else PARTS:
        split = split_of(part, options)
        if part == "speed":
            speed(split, options)
            continue
        simple = PieceByPiece(rate=split.rate).fit(split.X, split.y)
        wrong = 100 - 100 * simple.score(split.others, split.wanted)
        print(f"{part}: {simple.called} {wrong:.2f} % of tokens wrong", flush=True)
        fit = classified if part == "classified" else transcribed
        found = [fit(split, options, seed) for seed in range(options.seeds)]
        right, rate = np.mean(found, axis=0)
        print(
            f"{part}: {right:.2f} % of sequences right, {rate:.2f} % of tokens wrong, mean of {options.seeds} seeds  "
            f"{PUBLISHED.get(part, '')}",
            flush=True,
        )


if __name__ == "__main__":
    main()
