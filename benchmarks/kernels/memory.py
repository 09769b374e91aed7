"""Peak memory of a training step: each case and side in a process of its own, as the system counts its pages.

A process imports everything, draws weights, inputs and the outputs' gradient, and takes two small training steps (2
sequences of 3 steps), so that libraries are loaded and threads started. Then Linux forgets the peak so far, and two
training steps of full size follow, the first one's gradients forgotten before the second. What the peak lies above the
memory held before is the figure: outputs, what is kept for the way back, gradients of the parameters, and buffers that
stay from call to call, whoever allocated them. Inputs and the outputs' gradient are there before and do not count.
How an allocator's pieces fall differs from process to process, by up to a third: the least of three is the figure.

Usage: python -m benchmarks.kernels.memory CASE ours|torch|recompute, where CASE is a JSON list of `Case`
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from benchmarks.kernels.cases import Case, all_threads
from benchmarks.kernels.sides import Data, Side, data, layers, ours, torchs

from tidegate.nn.stack import Recurrent, Stack

SIDES = ("ours", "torch", "recompute")
REPEATS = 3
ROOT = Path(__file__).parents[2]
STATUS, FORGET, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"


def peaks(case: Case) -> dict[str, int]:
    """Return the bytes by which a training step raises the peak, for each side.

    Raises
    ------
    RuntimeError
        When a process fails.
    """
    with ThreadPoolExecutor(all_threads()) as pool:
        found = list(pool.map(lambda name: _in_process(case, name), SIDES * REPEATS))
    return {name: min(found[number :: len(SIDES)]) for number, name in enumerate(SIDES)}


def _in_process(case: Case, name: str) -> int:
    command = [sys.executable, "-m", "benchmarks.kernels.memory", json.dumps(case), name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"memory of {name}, {case}: {done.stderr.strip().splitlines()[-1]}")
    return int(done.stdout)


def peak(case: Case, name: str) -> int:
    """Return that figure for one side, of this process."""
    torch.set_num_threads(case.threads)
    whole = _side(case, name, data(case))
    small = case._replace(batch=2, steps=3)
    _trained(_side(small, name, data(small)))
    before = _status("VmRSS")
    FORGET.write_text(PEAK, "utf-8")
    _trained(whole)
    return _status("VmHWM") - before


def _trained(side: Side) -> None:
    for _ in range(2):
        side.clear()
        side.step()


def _side(case: Case, name: str, drawn: Data) -> Side:
    mine, theirs = layers(case)
    if name == "torch":
        return torchs(case, theirs, drawn)
    if name == "recompute":
        less = Recurrent(mine.cell, case.inputs, case.hidden, stack=Stack(recompute=True))
        less.load_state_dict(theirs.state_dict())
        return ours(case, less, drawn)
    return ours(case, mine, drawn)


def _status(name: str) -> int:
    """Return a figure of this process, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{STATUS} has no {name}: peak memory is measured on Linux alone")
    return 1024 * int(found[1])


if __name__ == "__main__":
    print(peak(Case(*json.loads(sys.argv[1])), sys.argv[2]))
