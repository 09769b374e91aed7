"""Our recurrent layers beside torch.nn's: time, memory, and how near they come to the machine's matrix product.

Parts: "grid", times of training and inference over sizes, threads and sequences of unequal length; "peers", Keras and
JAX where they are installed; "memory", the peak of a training step; "streaming", a step for one series and for many.
Times are medians of repeats in turn (ours, torch's, ours, torch's ...) from the same weights and data, float32; results
are compared before. A finished case is kept beside the output at once: the same command goes on where it was stopped,
while machine, versions and the measured code are the same.

Usage: python -m benchmarks.kernels [--quick] [--report] [--again] [--parts grid,peers,memory,streaming]
       [--cells rnn,lstm,gru] [--threads 1,2]
       [--kinds training,inference,lengths-training,lengths-inference,packed-training,packed-inference]
       [--match "B128 .* H64"] [--output FILE]
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.kernels import cases as asked
from benchmarks.kernels.measuring import measured
from benchmarks.kernels.peers import installed
from benchmarks.kernels.records import here, keep, kept
from benchmarks.kernels.summary import sgemm_rates, summary
from benchmarks.kernels.table import disturbed, milliseconds, rows
from benchmarks.kernels.timing import SECONDS, Sgemm

if TYPE_CHECKING:
    from benchmarks.kernels.cases import Case

OUTPUT = Path(tempfile.gettempdir(), "tidegate-kernels", "table.txt")
AROUND, PASSES, SLOW_RATE, ELEMENT = 0.3, 8, 4e10, 400
PROCESSES, PEER = 20.0, 3.0


def chosen(options: argparse.Namespace) -> list[Case]:
    """Return the cases asked for; peers that are not installed are left out, aloud."""
    threads = tuple(sorted({int(one) for one in options.threads.split(",")}))
    cells, kinds = options.cells.split(","), [*options.kinds.split(","), "streaming"]
    found = [
        case for part in options.parts.split(",") for case in asked.cases(part, quick=options.quick, threads=threads)
    ]
    missing = {case.peer for case in found if case.part == "peers" and not installed(case.peer)}
    for peer in sorted(missing):
        print(f"{peer} is not installed and left out")
    return [
        case
        for case in found
        if case.cell in cells and case.kind in kinds and re.search(options.match, str(case))
        if case.part != "peers" or case.peer not in missing
    ]


def weight(case: Case) -> float:
    """Return about how many seconds a case takes: a budget, or passes of both sides at a slow rate."""
    if case.part == "memory":
        return PROCESSES
    n_steps = case.batch * case.steps
    work = case.operations(n_steps) + ELEMENT * n_steps * case.hidden * asked.GATES[case.cell]
    once = PASSES * work / SLOW_RATE / case.threads
    return AROUND + max(SECONDS, once) + (PEER if case.part == "peers" else 0)


def run_all(wanted: list[Case], path: Path, place: dict[str, str], *, again: bool) -> None:
    """Measure what is not yet kept in `path`, and with `again` also what was disturbed."""
    finished = kept(path, place, wanted)
    missing = [case for case in wanted if case not in finished or (again and disturbed(finished[case]))]
    ahead, done = sum(map(weight, missing)), 0.0
    print(f"{len(wanted) - len(missing)} of {len(wanted)} cases are in {path}; about {ahead / 60:.0f} minutes ahead")
    sgemm, started = Sgemm(), time.perf_counter()
    for number, case in enumerate(missing, 1):
        record = keep(path, case, measured(case, sgemm), place)
        done += weight(case)
        left = (time.perf_counter() - started) * (ahead - done) / done / 60
        print(f"{number}/{len(missing)} {case.part} {case}: {_told(record)}; about {left:.0f} minutes left", flush=True)


def _told(record: dict[str, Any]) -> str:
    if "bytes" in record:
        return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in record["bytes"].items())
    times = ", ".join(f"{name} {milliseconds(seconds)} ms" for name, seconds in record["seconds"].items())
    return times + (", disturbed" if disturbed(record) else "") + (", WRONG" if record["wrong"] else "")


def report(found: dict[Case, dict[str, Any]], n_wanted: int, place: dict[str, str]) -> str:
    """Return everything as text."""
    rates = sgemm_rates(found)
    lines = [
        f"{len(found)} of {n_wanted} cases; load average {os.getloadavg()[0]:.1f} when this was written",
        f"{place['machine']}; {place['versions']}; {place['commit']} (code {place['code']}); {place['kernels']}",
    ]
    for threads, values in rates.items():
        told = (
            f"median {statistics.median(values):.1f}, {values[0]:.1f} to {values[-1]:.1f} in {len(values)} measurements"
        )
        lines.append(f"sgemm on {threads} thread{'s' if threads > 1 else ''}, GFLOP/s: {told}")
    parts = ["\n".join(lines), summary(found)]
    medians = {threads: statistics.median(values) for threads, values in rates.items()}
    for part in asked.PARTS:
        of = {case: record for case, record in found.items() if case.part == part}
        if of:
            parts.append(f"{part}\n{rows(part, of, medians)}")
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two minutes: a sample of the sizes")
    parser.add_argument("--report", action="store_true", help="only print the tables of what is finished")
    parser.add_argument("--again", action="store_true", help="measure anew what other processes disturbed")
    parser.add_argument("--parts", default=",".join(asked.PARTS))
    parser.add_argument("--cells", default=",".join(asked.CELLS))
    parser.add_argument("--kinds", default=",".join(asked.KINDS))
    parser.add_argument("--threads", default=f"1,{asked.all_threads()}")
    parser.add_argument("--match", default="", help="a regular expression for the name of a case")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the table; its .jsonl keeps finished cases")
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    path, place, wanted = options.output.with_suffix(".jsonl"), here(), chosen(options)
    if not options.report:
        run_all(wanted, path, place, again=options.again)
    found = kept(path, place, wanted)
    if not found:
        sys.exit("nothing is finished yet")
    text = report(found, len(wanted), place)
    options.output.write_text(f"{text}\n", encoding="utf-8")
    print(f"\n{text}\n\nkept in {options.output}")
    if any(record.get("wrong") for record in found.values()):
        sys.exit("results differ: see WRONG above")


if __name__ == "__main__":
    main()
