"""The sequence translator on Multi30k, German to English, beside simple models and the published figures.

BLEU of lower-cased plain text against the reference in lower case, cut by sacrebleu's 13a (`scoring.bleu`; the
published rows are of lower-cased tokens). Training is stopped by the validation part, and settings were chosen on it
(--validate judges there alone); test2016 is read for the figures alone. --throughput times updates of the same network
with our layers and with torch.nn.GRU in their place, by turns.

Usage: python -m benchmarks.tasks.translate --data FOLDER [--seeds 1] [--set hidden_size=512] [--epochs 10]
       [--budget 1400] [--pairs 29000] [--save model] [--validate] [--throughput]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from benchmarks.accuracy.__main__ import pairs
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate import SequenceTranslator, read_parallel
from tidegate.scoring.bleu import bleu
from tidegate.tasks.translation.network import Surprise
from tidegate.tasks.translation.pairs import Pairs
from tidegate.tasks.translation.simple import Dictionary, Nearest
from tidegate.tasks.translation.translator import TRAINING

SETTINGS: dict[str, Any] = {"lowercase": True, "n_tokens": 5_000}
PUBLISHED = """published on test2016: GRU encoder-decoder 20.6, GRU with attention 28.3 (lower-cased tokens)"""


class Parts(NamedTuple):
    """Pairs to learn from, to stop by, and to judge by."""

    train: Any
    val: Any
    test2016: Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--budget", type=float, help="seconds of training")
    parser.add_argument("--pairs", type=int, help="learn from the first pairs alone")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--validate", action="store_true", help="judge on the validation part alone")
    parser.add_argument("--alone", action="store_true", help="leave the simple models out")
    parser.add_argument("--throughput", action="store_true", help="time updates beside torch.nn.GRU, and no more")
    options = parser.parse_args()
    parts = read(options)
    if options.throughput:
        throughput(parts, options)
        return
    for simple in () if options.alone else (Dictionary(lowercase=True), Nearest(lowercase=True)):
        simple.fit(parts.train.sources, parts.train.targets)
        print(f"{type(simple).__name__}: {shown(parts, simple.predict, options)}", flush=True)
    for seed in range(options.seeds):
        translated(parts, options, seed)
    print(PUBLISHED)


def read(options: argparse.Namespace) -> Parts:
    """Return the three parts."""
    stem = options.data / "text" / "multi30k_en_de_{}.{}.gz"
    parts = Parts(*(read_parallel(*(str(stem).format(part, side) for side in ("de", "en"))) for part in Parts._fields))
    return parts._replace(train=parts.train.first(options.pairs)) if options.pairs else parts


def translated(parts: Parts, options: argparse.Namespace, seed: int) -> None:
    """Fit once, and say how it went."""
    training = TRAINING._replace(**pairs(options.training), budget=options.budget)
    model = SequenceTranslator(seed=seed, training=training, **SETTINGS | pairs(options.set))
    started = time.perf_counter()
    model.fit(*parts.train, epochs=options.epochs, batch_size=options.batch_size, validation=tuple(parts.val))
    seconds = time.perf_counter() - started
    if options.save:
        model.save(options.save)
    course = " ".join(f"{value:.3f}" for value in model.history_["val_loss"])
    told = shown(parts, lambda sources: model.predict(sources, beam=options.beam), options)
    n_updates = model.losses_.updates[-1]
    epochs = n_updates / -(-len(parts.train.sources) // options.batch_size)
    print(
        f"translator, seed {seed}: {told}; {model.n_parameters_:,} parameters, {seconds:.0f} s, {n_updates:,} updates "
        f"({epochs:.1f} epochs), held-out losses {course}, of which number {model.losses_.best} was kept",
        flush=True,
    )


def shown(parts: Parts, predict: Any, options: argparse.Namespace) -> str:
    """Return the BLEU on the validation part and, unless settings are being chosen, on the test part."""
    judges = {"val": parts.val} if options.validate else {"val": parts.val, "test2016": parts.test2016}
    scores = {name: bleu(predict(one.sources), one.targets, lowercase=True).score for name, one in judges.items()}
    return ", ".join(f"BLEU {score:.2f} on {name}" for name, score in scores.items())


class Plain(torch.nn.Module):
    """torch's own GRU in the place of our layers."""

    def __init__(self, layers: Any) -> None:
        super().__init__()
        both = layers.bidirectional
        self.gru = torch.nn.GRU(layers.input_size, layers.hidden_size, layers.num_layers, bidirectional=both)
        self.bidirectional = both

    def forward(self, inputs: torch.Tensor, hx: Any = None, *, lengths: Any = None) -> Any:
        """Return outputs and final state, as our layers do."""
        if lengths is None:
            return self.gru(inputs, hx)
        outputs, state = self.gru(pack_padded_sequence(inputs, lengths, enforce_sorted=False), hx)
        return pad_packed_sequence(outputs)[0], state


def throughput(parts: Parts, options: argparse.Namespace) -> None:
    """Print target tokens a second of CPU time of our network and of one with torch's layers, dropout and loss."""
    torch.set_num_threads(1)
    model = SequenceTranslator(**SETTINGS | pairs(options.set))
    data, known = model._read(Pairs.of(*parts.train.first(2_000)))  # noqa: SLF001 (its own benchmark)
    ours, plain = (model._drawn(data, torch.Generator().manual_seed(0)) for _ in range(2))  # noqa: SLF001 (the same)
    plain.encoder.layers = Plain(plain.encoder.layers)
    plain.decoder.lower, plain.decoder.upper = Plain(plain.decoder.lower), Plain(plain.decoder.upper)
    plain.encoder.layers.output_size = ours.encoder.layers.output_size
    plain.decoder.lower.cell = ours.decoder.lower.cell
    plain.encoder.dropout = plain.decoder.dropout = torch.nn.Dropout(model.dropout)
    losses = Surprise(known.mean_length, model.smoothing)
    order = np.argsort(known.lengths, kind="stable")
    cut = [order[k : k + options.batch_size] for k in range(0, len(order), options.batch_size)]
    networks = {"ours": ours, "torch.nn.GRU": plain}
    steps = {name: torch.optim.AdamW(one.parameters(), lr=1e-3, fused=True) for name, one in networks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for chosen in cut:
        batch, target = known.batch(chosen.tolist())
        for name, network in networks.items():
            started = time.thread_time()
            steps[name].zero_grad()
            made = network(batch)
            if network is ours:
                loss = losses(made, target).mean()
            else:
                loss = cross_entropy(made, target[target >= 0], label_smoothing=model.smoothing)
            loss.backward()
            steps[name].step()
            seconds[name].append((time.thread_time() - started) / int((target >= 0).sum()))
    rates = {name: 1 / float(np.median(one[2:])) for name, one in seconds.items()}
    told = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
    print(f"target tokens a second, one thread: {told}; ratio {rates['ours'] / rates['torch.nn.GRU']:.2f}")


if __name__ == "__main__":
    main()
