"""What the squashed update costs: c_t = sigma(f * c + i * c~) against the LSTM's own c_t = f * c + i * c~.

Two measurements of the same cells from the same weights, five seeds each. Before training: how much of a gradient at
the last cell state is left at the cell state k steps earlier, through all paths. After training: the first of T inputs
is a bit, +1 or -1, the others are noise, and the network says at the end which it was; share of right answers on new
sequences after a fixed number of updates, where guessing gives 50 %.
Usage: python benchmarks/squashed_update.py [--updates N] [--save]
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch.func import vmap

from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.unroll import unroll

CELLS = {"standard": Lstm(), "squashed": Lstm(squashed=True)}
SEEDS, HIDDEN, BATCH, RATE, NOISE = 5, 16, 64, 0.01, 0.1
OPEN = 3.0
DISTANCES, LENGTHS = (1, 5, 10, 25, 50), (5, 10, 25, 50)


def parameters(cell: Lstm) -> dict[str, torch.Tensor]:
    """Return the weights of all seeds, first axis the seed: the same for both cells, the forget gate open (bias 3)."""
    drawn = []
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        shapes = {**cell.shapes(Sizes(1, HIDDEN)), "out": (1, HIDDEN), "out_bias": (1,)}
        one = {role: (2 * torch.rand(shape, generator=generator) - 1) / HIDDEN**0.5 for role, shape in shapes.items()}
        one["input_bias"][HIDDEN : 2 * HIDDEN] = OPEN
        drawn.append(one)
    return {role: torch.stack([one[role] for one in drawn]).requires_grad_() for role in drawn[0]}


def answers(cell: Lstm, weights: dict[str, torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
    """Return the log odds of +1, shape (B,), from inputs of shape (T, B, 1)."""
    start = inputs.new_zeros(inputs.shape[1], HIDDEN)
    hidden = unroll(cell, weights, inputs, state=(start, start)).state[0]
    return torch.nn.functional.linear(hidden, weights["out"], weights["out_bias"])[:, 0]


def sequences(steps: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw inputs of shape (T, B, 1) and the bits, shape (B,)."""
    bits = torch.randint(2, (BATCH,), generator=generator).float()
    inputs = NOISE * torch.randn(steps, BATCH, 1, generator=generator)
    inputs[0, :, 0] = 2 * bits - 1
    return inputs, bits


def trained(cell: Lstm, steps: int, updates: int) -> list[float]:
    """Return the share of right answers of each seed after training."""
    weights, generator = parameters(cell), torch.Generator().manual_seed(1)
    optimiser = torch.optim.Adam(weights.values(), lr=RATE)
    run = vmap(lambda own, inputs: answers(cell, own, inputs), (0, None))
    for _ in range(updates):
        inputs, bits = sequences(steps, generator)
        odds = run(weights, inputs)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, bits.expand_as(odds), reduction="none")
        optimiser.zero_grad()
        loss.mean(1).sum().backward()
        optimiser.step()
    with torch.no_grad():
        drawn = [sequences(steps, generator) for _ in range(16)]
        right = torch.stack([(run(weights, inputs) > 0) == (bits > 0.5) for inputs, bits in drawn]).float()
    return right.mean((0, 2)).tolist()


def gradient_left(cell: Lstm, steps: int) -> list[float]:
    """Return the gradient's norm at the first cell state for one of norm 1 at the last, by seed, as a power of 10."""
    weights = {role: weight.detach().double() for role, weight in parameters(cell).items()}
    generator, found = torch.Generator().manual_seed(1), []
    for seed in range(SEEDS):
        own = {role: weight[seed] for role, weight in weights.items()}
        inputs = NOISE * torch.randn(steps, BATCH, 1, generator=generator, dtype=torch.float64)
        start = torch.zeros(BATCH, HIDDEN, dtype=torch.float64, requires_grad=True)
        end = unroll(cell, own, inputs, state=(torch.zeros_like(start), start)).state[1]
        (gradient,) = torch.autograd.grad(end, start, torch.full_like(end, HIDDEN**-0.5))
        found.append(float(gradient.norm(dim=1).mean().log10()))
    return found


def report(updates: int) -> list[str]:
    """Return the table, line by line."""
    lines = [
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, torch {torch.__version__}, "
        f"one thread; {SEEDS} seeds, {HIDDEN} hidden units, forget bias {OPEN:g}",
        "",
        "gradient left after k steps, power of 10 (median of the seeds)",
        f"{'k':>10} {'standard':>10} {'squashed':>10} {'4^-k':>10}",
    ]
    for steps in DISTANCES:
        standard, squashed = (statistics.median(gradient_left(cell, steps)) for cell in CELLS.values())
        lines.append(f"{steps:>10} {standard:>10.1f} {squashed:>10.1f} {-steps * math.log10(4):>10.1f}")
    lines += ["", f"a bit kept for T steps, right answers after {updates} updates (mean; lowest to highest seed)"]
    lines.append(f"{'T':>10} {'standard':>26} {'squashed':>26}")
    for steps in LENGTHS:
        shown = []
        for cell in CELLS.values():
            shares = [100 * share for share in trained(cell, steps, updates)]
            shown.append(f"{statistics.mean(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f})")
        lines.append(f"{steps:>10} {shown[0]:>26} {shown[1]:>26}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--save", action="store_true", help="keep the table under benchmarks/results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = "\n".join(report(options.updates))
    print(table)
    if options.save:
        kept = Path(__file__).parent / "results" / f"squashed_update-{datetime.now(UTC):%Y-%m-%d}.txt"
        kept.write_text(f"python benchmarks/squashed_update.py --updates {options.updates}: {table}\n")
        print(f"kept in {kept.name}")


if __name__ == "__main__":
    main()
