"""What the rows say together: geometric means beside the figures to reach, and the words that go with them.

On a busy machine no figure is called reached or missed: when other processes took processor time in more than a
twentieth of the cases, or the rate of the same matrix product varied by more than a tenth.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from benchmarks.kernels.cases import BATCHES, CELLS, KINDS, SCALING_BATCH
from benchmarks.kernels.table import aligned, disturbed, gigaflops, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.kernels.cases import Case
    from benchmarks.kernels.table import Records

    from tidegate.nn.layers import Kind

RATIOS: Mapping[str, Mapping[Kind, float]] = {
    "training": {"rnn": 4.0, "lstm": 2.0, "gru": 4.0},
    "inference": {"rnn": 3.0, "lstm": 1.3, "gru": 3.0},
    "lengths-training": dict.fromkeys(CELLS, 4.0),
    "lengths-inference": dict.fromkeys(CELLS, 4.0),
    "packed-training": dict.fromkeys(CELLS, 4.0),
    "packed-inference": dict.fromkeys(CELLS, 4.0),
}
LEAST, SHARE, SCALING, RECOMPUTED = 1.0, 0.6, 1.8, 0.5
STREAMING_SECONDS = {1: 50e-6, 10_000: 5e-3}
SHARE_HIDDEN, SHARE_BATCH = 64, 128
FEW, SPREAD = 0.05, 0.1


def sgemm_rates(records: Records) -> dict[int, list[float]]:
    """Return every measurement of sgemm's rate by threads, in GFLOP/s, each once."""
    found: dict[int, set[float]] = {}
    for case, record in records.items():
        if "sgemm" in record:
            found.setdefault(case.threads, set()).add(record["sgemm"])
    return {threads: sorted(rates) for threads, rates in sorted(found.items())}


def business(records: Records) -> str:
    """Return why nothing may be claimed; "" when nobody else was busy."""
    reasons = []
    timed = [record for record in records.values() if "others" in record]
    n_disturbed = sum(map(disturbed, timed))
    if n_disturbed > FEW * len(timed):
        reasons.append(f"other processes took processor time in {n_disturbed} of {len(timed)} cases")
    for threads, rates in sgemm_rates(records).items():
        spread = (rates[-1] - rates[0]) / statistics.median(rates)
        if spread > SPREAD:
            told = f"the rate of sgemm on {_named([threads])} varied from {rates[0]:.0f} to {rates[-1]:.0f} GFLOP/s"
            reasons.append(told)
    return "; ".join(reasons)


def summary(records: Records) -> str:
    """Return all lines that stand below the tables."""
    busy = business(records)
    timed = any("seconds" in record for record in records.values())
    head = f"NO CLAIM, the machine was busy: {busy}." if busy else "The machine was quiet." if timed else ""
    grid = {case: record for case, record in records.items() if case.part == "grid"}
    lines = [["figure", "cases", "mean", "to reach", "least", "to reach", "where least", ""]]
    lines += [*_ratios(grid), *_shares(grid), *_scaling(grid)]
    verdicts = [[*line[:-1], "" if busy else line[-1]] for line in lines]
    parts = [head, aligned(verdicts) if len(lines) > 1 else "", _bits(grid), _wrong(records)]
    parts += [_streaming(records, busy), _memory(records)]
    return "\n\n".join(part for part in parts if part)


def _ratios(grid: Records) -> list[list[str]]:
    """Return lines of torch's time over ours: all threads together, then each number of threads."""
    lines = []
    counts = sorted({case.threads for case in grid})
    for kind in KINDS:
        for cell in CELLS:
            for threads in (counts, *([[one] for one in counts] if len(counts) > 1 else [])):
                found = {
                    case: ratio(record)
                    for case, record in grid.items()
                    if (case.kind, case.cell) == (kind, cell) and case.threads in threads and case.batch in BATCHES
                }
                name = f"torch/ours {kind} {cell}, {_named(threads)}"
                least = LEAST if kind == "training" else None
                lines += _line(name, found, (RATIOS[kind][cell], least), geometric=True)
    return lines


def _shares(grid: Records) -> list[list[str]]:
    rates = {threads: statistics.median(found) for threads, found in sgemm_rates(grid).items()}
    lines = []
    for cell in CELLS:
        found = {
            case: gigaflops(record) / rates[case.threads]
            for case, record in grid.items()
            if (case.kind, case.cell) == ("training", cell)
            and case.hidden >= SHARE_HIDDEN
            and case.batch >= SHARE_BATCH
        }
        lines += _line(f"share of sgemm, training {cell}, B >= 128, H >= 64", found, (SHARE, SHARE), geometric=False)
    return lines


def _scaling(grid: Records) -> list[list[str]]:
    """Return lines of the time of 1 thread over the time of all."""
    lines = []
    most = max((case.threads for case in grid), default=1)
    for kind in KINDS if most > 1 else ():
        for cell in CELLS:
            found = {
                case: grid[case._replace(threads=1)]["seconds"]["ours"] / record["seconds"]["ours"]
                for case, record in grid.items()
                if (case.kind, case.cell, case.threads) == (kind, cell, most) and case.batch >= SCALING_BATCH
                if case._replace(threads=1) in grid
            }
            lines += _line(f"1 thread/{most} threads {kind} {cell}, B >= 64", found, (SCALING, SCALING), geometric=True)
    return lines


def _line(
    name: str, found: Mapping[Case, float], targets: tuple[float, float | None], *, geometric: bool
) -> list[list[str]]:
    """Return a line of mean and least value with what they should reach; none when there are no values."""
    if not found:
        return []
    mean = (statistics.geometric_mean if geometric else statistics.fmean)(found.values())
    where = min(found, key=lambda case: found[case])
    missed = mean < targets[0] or (targets[1] is not None and found[where] < targets[1])
    least = "" if targets[1] is None else f"{targets[1]:g}"
    shown = [f"{mean:.2f}", f"{targets[0]:g}", f"{found[where]:.2f}", least]
    return [[name, str(len(found)), *shown, str(where), "missed" if missed else "reached"]]


def _named(threads: list[int]) -> str:
    return "1 thread" if threads == [1] else f"{' and '.join(map(str, threads))} threads"


def _bits(grid: Records) -> str:
    """Say in how many cases results on one thread and on all threads are the same to the bit."""
    pairs = {
        case: record["bits"] == grid[case._replace(threads=1)]["bits"]
        for case, record in grid.items()
        if case.threads > 1 and case._replace(threads=1) in grid
    }
    if not pairs:
        return ""
    told = f"Bit-equal on 1 thread and on more: {sum(pairs.values())} of {len(pairs)}"
    unequal = [str(case) for case, equal in pairs.items() if not equal]
    return told + (f"; not {', '.join(unequal[:3])}{' ...' if len(unequal) > 3 else ''}" if unequal else "")


def _wrong(records: Records) -> str:
    wrong = [str(case) for case, record in records.items() if record.get("wrong")]
    found = [record["difference"] for record in records.values() if "difference" in record]
    told = f"Greatest relative difference of results: {max(found):.1e}" if found else ""
    return f"{told}\nWRONG RESULTS: {', '.join(wrong)}" if wrong else told


def _streaming(records: Records, busy: str) -> str:
    lines = []
    for series, limit in STREAMING_SECONDS.items():
        of = {case: record for case, record in records.items() if case.part == "streaming" and case.batch == series}
        if of:
            worst = max(of, key=lambda case: of[case]["seconds"]["ours"])
            slowest = of[worst]["seconds"]["ours"]
            verdict = "" if busy else f": {'reached' if slowest <= limit else 'missed'}"
            told = f"A streaming step for {series:,} series takes at most {1e6 * slowest:.1f} us ({worst.cell}, threads"
            lines.append(f"{told} {worst.threads}), to reach {1e6 * limit:.0f}{verdict}")
    return "\n".join(lines)


def _memory(records: Records) -> str:
    """Say how much memory a training step takes beside torch's; pages are counted, so a busy machine is no excuse."""
    bytes_by_case: dict[Case, dict[str, Any]] = {
        case: record["bytes"] for case, record in records.items() if case.part == "memory"
    }
    lines = []
    for name, limit in (("ours", 1.0), ("recompute", RECOMPUTED)) if bytes_by_case else ():
        shares = {case: found[name] / found["torch"] for case, found in bytes_by_case.items()}
        worst, mean = max(shares, key=lambda case: shares[case]), statistics.geometric_mean(shares.values())
        verdict = "reached" if shares[worst] <= limit else "missed"
        told = f"Memory of a training step over torch's, {name}: mean {mean:.2f}, most {shares[worst]:.2f} ({worst})"
        lines.append(f"{told}, to reach {limit:g}: {verdict}")
    return "\n".join(lines)
