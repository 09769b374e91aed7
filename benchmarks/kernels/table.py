"""Finished cases as text: a row each, one table per part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.kernels.timing import DISTURBED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.kernels.cases import Case

    Records = Mapping[Case, dict[str, Any]]

SIZES = ["cell", "kind", "batch", "time", "inputs", "hidden", "threads"]
MEGA = 1e6


def ratio(record: dict[str, Any], peer: str = "torch") -> float:
    """Return how many times as long the other side takes."""
    return float(record["seconds"][peer] / record["seconds"]["ours"])


def gigaflops(record: dict[str, Any]) -> float:
    """Return our rate in GFLOP/s, by the operations that the task needs at least."""
    return float(record["operations"] / record["seconds"]["ours"] / 1e9)


def disturbed(record: dict[str, Any]) -> bool:
    """Return whether other processes took a processor's time while this was measured."""
    return (record.get("others") or 0.0) > DISTURBED


def rows(part: str, records: Records, rates: Mapping[int, float]) -> str:
    """Return the table of `part`; `rates` are sgemm's by threads.

    A row that ends with "disturbed" was measured while others took processor time; "WRONG" tells that results differ.
    """
    head, row = _PARTS[part]
    order = sorted(records.items(), key=lambda item: item[0])
    marked = [[*row(case, record, rates), _marks(record)] for case, record in order]
    return aligned([[*head, ""], *marked])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return columns below their heads, those of numbers to the right."""
    made = []
    for column in zip(*lines, strict=True):
        to_side = str.rjust if all(entry[:1].isdigit() for entry in column[1:] if entry) else str.ljust
        width = max(map(len, column))
        made.append([to_side(entry, width) for entry in column])
    return "\n".join("  ".join(line).rstrip() for line in zip(*made, strict=True))


def milliseconds(seconds: float) -> str:
    """Return a time of three digits or more."""
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"


def _marks(record: dict[str, Any]) -> str:
    marks = [f"disturbed ({record['others']:.1f} processors)"] if disturbed(record) else []
    if record.get("wrong"):
        marks.append(f"WRONG: results differ by {record['difference']:.1e}")
    return ", ".join(marks)


def _sizes(case: Case) -> list[str]:
    return [str(part) for part in case[1:8]]


def _grid(case: Case, record: dict[str, Any], rates: Mapping[int, float]) -> list[str]:
    mine, theirs = record["seconds"]["ours"], record["seconds"]["torch"]
    rate = gigaflops(record)
    share = f"{100 * rate / rates[case.threads]:.0f} %"
    return [*_sizes(case), milliseconds(mine), milliseconds(theirs), f"{ratio(record):.2f}", f"{rate:.1f}", share]


def _peers(case: Case, record: dict[str, Any], _: Mapping[int, float]) -> list[str]:
    mine, theirs = record["seconds"]["ours"], record["seconds"][case.peer]
    figures = [milliseconds(mine), milliseconds(theirs), f"{ratio(record, case.peer):.2f}"]
    return [*_sizes(case), *figures, record["called"]]


def _memory(case: Case, record: dict[str, Any], _: Mapping[int, float]) -> list[str]:
    mine, theirs, less = (record["bytes"][name] for name in ("ours", "torch", "recompute"))
    shown = [f"{value / MEGA:.1f}" for value in (mine, theirs, less)]
    return [*_sizes(case), *shown, f"{mine / theirs:.2f}", f"{less / theirs:.2f}"]


def _streaming(case: Case, record: dict[str, Any], _: Mapping[int, float]) -> list[str]:
    seconds = [record["seconds"][name] for name in ("ours", "torch", "cell")]
    return [*_sizes(case), *(f"{1e6 * one:.1f}" for one in seconds), f"{ratio(record):.2f}"]


_PARTS: dict[str, tuple[list[str], Callable[..., list[str]]]] = {
    "grid": ([*SIZES, "ours ms", "torch ms", "ratio", "GFLOP/s", "of sgemm"], _grid),
    "peers": ([*SIZES, "ours ms", "peer ms", "ratio", "peer"], _peers),
    "memory": ([*SIZES, "ours MB", "torch MB", "recomputing MB", "ours/torch", "recomputing/torch"], _memory),
    "streaming": ([*SIZES, "ours us", "torch us", "torch cell us", "ratio"], _streaming),
}
