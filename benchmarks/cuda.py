"""Our recurrent layers on a CUDA device beside torch.nn's there and ours on the CPU: milliseconds of a training step.

A step goes forwards and backwards from a given gradient of the outputs, in float32 from the same weights and data, and
ends when the device has nothing left to do. Times are medians of repeats in turn; results on the device are compared
before. TF32 is as torch has it by default, and the head of the table says how that is.

Usage: python -m benchmarks.cuda
"""

from __future__ import annotations

import copy
import sys
from itertools import product

import torch
from benchmarks.kernels.cases import CELLS, Case
from benchmarks.kernels.sides import TOLERANCE, Data, Side, data, difference, layers, ours, torchs
from benchmarks.kernels.table import aligned, milliseconds
from benchmarks.kernels.timing import interleaved, lap

from tidegate import nn

SIZES = ((128, 96, 8, 64), (512, 96, 8, 128), (128, 336, 8, 256))
"""B, T, I and H."""

WARM_UP = 3
HEAD = ["cell", "batch", "time", "inputs", "hidden", "ours ms", "torch ms", "CPU ms", "torch/ours", "CPU/ours", ""]


def synchronised(side: Side) -> Side:
    """Return `side` with steps that end when the device has done them."""

    def step() -> None:
        side.step()
        torch.cuda.synchronize()

    def clear() -> None:
        side.clear()
        torch.cuda.synchronize()

    return Side(step, clear, side.results)


def sides(case: Case) -> dict[str, Side]:
    """Return our layer and torch's on the device, and ours on the CPU."""
    here, drawn = layers(case), data(case)
    mine, theirs = (copy.deepcopy(layer).to("cuda") for layer in here)
    moved = Data(drawn.inputs.to("cuda"), drawn.gradient.to("cuda"), None)
    return {
        "ours": synchronised(ours(case, mine, moved)),
        "torch": synchronised(torchs(case, theirs, moved)),
        "cpu": ours(case, here[0], drawn),
    }


def row(case: Case) -> list[str]:
    """Measure one case."""
    found = sides(case)
    gap = difference(found["ours"].results(), found["torch"].results())
    for _ in range(WARM_UP):
        lap(found)
    cpu = found.pop("cpu")  # apart: the device would rest, and slow down, while the CPU computes
    seconds = {**interleaved(found).seconds, **interleaved({"cpu": cpu}).seconds}
    ratios = [f"{seconds[name] / seconds['ours']:.2f}" for name in ("torch", "cpu")]
    wrong = f"WRONG: results differ by {gap:.1e}" if gap > TOLERANCE else ""
    return [case.cell, *map(str, case[3:7]), *map(milliseconds, seconds.values()), *ratios, wrong]


def main() -> None:
    if not torch.cuda.is_available():
        print("there is no CUDA device: nothing is measured")
        return
    threads = torch.get_num_threads()
    switched = "with" if torch.backends.cudnn.allow_tf32 else "without"
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}")
    print(f"cuDNN {switched} TF32; on the CPU {threads} threads, {nn.backend(nn.LSTM(1, 1))}")
    rows = [HEAD]
    for size, cell in product(SIZES, CELLS):
        rows.append(row(Case("grid", cell, "training", *size, threads)))
        print(f"{len(rows) - 1}/{len(SIZES) * len(CELLS)}", file=sys.stderr)
    print(aligned(rows))
    if any(one[-1] for one in rows):
        sys.exit("results differ: see WRONG above")


if __name__ == "__main__":
    main()
