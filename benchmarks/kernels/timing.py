"""Clocks: medians of interleaved repeats, the rate of a matrix product, and what others take of the processors."""

from __future__ import annotations

import gc
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.kernels.sides import Side

SECONDS, LEAST_REPEATS, MOST_REPEATS = 0.5, 5, 101
SGEMM_SIZES, SGEMM_REPEATS, SGEMM_EVERY = (256, 512, 1024), 7, 20.0
DISTURBED, TICKS = 0.1, 0.03
STAT = Path("/proc/stat")


class Timed(NamedTuple):
    """Median seconds of each side, from how many repeats, and how many processors others kept busy meanwhile."""

    seconds: dict[str, float]
    repeats: int
    others: float | None


def interleaved(sides: Mapping[str, Side]) -> Timed:
    """Time the sides in turn (ours, theirs, ours, theirs ...), as often as fits into half a second.

    At least 5 times and at most 101; one step each goes before, to warm up and to learn how long it takes. Garbage is
    not collected meanwhile. What a side must do before each step (`Side.clear`) is not timed; what its step frees is.
    """
    started = time.perf_counter()
    lap(sides)
    fit = int(SECONDS / (time.perf_counter() - started))
    repeats = min(max(fit, LEAST_REPEATS), MOST_REPEATS) | 1
    gc.collect()
    gc.disable()
    try:
        began, total, own = time.perf_counter(), _busy(), time.process_time()
        laps = [lap(sides) for _ in range(repeats)]
        wall, busy = time.perf_counter() - began, _busy()
        own = time.process_time() - own
    finally:
        gc.enable()
    others = None if total is None or busy is None else max(0.0, busy - total - own - TICKS) / wall
    return Timed({name: statistics.median(one[name] for one in laps) for name in sides}, repeats, others)


def lap(sides: Mapping[str, Side]) -> dict[str, float]:
    """Return the seconds of one step of each side."""
    seconds = {}
    for name, side in sides.items():
        side.clear()
        started = time.perf_counter()
        side.step()
        seconds[name] = time.perf_counter() - started
    return seconds


def _busy() -> float | None:
    """Return the seconds that all processors have worked, for whomever, or were taken away; None if nobody counts."""
    if not STAT.exists():
        return None
    user, nice, system, _idle, _waiting, *rest = map(int, STAT.read_text("utf-8").split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


class Sgemm:
    """The rate of a product of square matrices in GFLOP/s: the best of some sizes, each the median of repeats."""

    def __init__(self) -> None:
        self._latest: dict[int, tuple[float, float]] = {}

    def rate(self, threads: int) -> float:
        """Return a rate that is at most 20 seconds old; `threads` is what torch is set to."""
        at, rate = self._latest.get(threads, (float("-inf"), 0.0))
        if time.monotonic() - at > SGEMM_EVERY:
            rate = max(map(_product_rate, SGEMM_SIZES))
            self._latest[threads] = time.monotonic(), rate
        return rate


def _product_rate(size: int) -> float:
    left, right, out = (torch.rand(size, size) for _ in range(3))
    seconds = []
    for _ in range(SGEMM_REPEATS + 2):
        started = time.perf_counter()
        torch.mm(left, right, out=out)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[2:]) / 1e9
