"""Reading 5 million rows of CSV into a Panel, against pyarrow's own reader plus a sort.

Prints two ratios, each from fresh processes: time against `pyarrow.csv.read_csv` followed by `sort_by` (target: at
most 2), and peak memory against the bytes of the Panel (target: below 4; all memory of the process counts, and beside
it what is left after the interpreter and the imports). This process stays small, as children inherit its peak.
Usage: python benchmarks/read_csv.py [rows] [series]
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

MEASURE = """
import json, resource, sys, time
import numpy
{imports}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started, busy = time.perf_counter(), time.process_time()
{work}
seconds, busy = time.perf_counter() - started, time.process_time() - busy
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = {{"seconds": seconds, "busy": busy, "peak": peak * 1024, "before": before * 1024, "size": int({size})}}
print(json.dumps(found))
"""
WRITE = """
import sys
import numpy as np, pyarrow as pa
from pyarrow import csv
path, rows, series, order = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
steps = rows // series
ids, days = np.repeat(np.arange(series), steps), np.tile(np.arange(steps), series)
generator = np.random.default_rng(0)
taken = {"sorted": np.arange(len(ids)), "by time": np.lexsort((ids, days)), "shuffled": generator.permutation(len(ids))}
names = pa.array([f"shop-{number:06d}" for number in range(series)])
stamps = (np.datetime64("2015-01-01") + days[taken[order]].astype("m8[D]")).astype("M8[s]")
values = np.round(generator.gamma(2.0, 50.0, len(ids)), 3)
table = pa.table({"unique_id": names.take(pa.array(ids[taken[order]])), "ds": stamps, "y": values})
csv.write_csv(table, path, csv.WriteOptions(quoting_style="none"))
"""
PANEL = {
    "imports": "from tidegate.data.reading import read",
    "work": "panel = read(sys.argv[1])",
    "size": "panel.times.nbytes + panel.values.nbytes + panel.offsets.nbytes + panel.ids.nbytes "
    "+ sum(map(sys.getsizeof, panel.ids))",
}
ARROW = {
    "imports": "from pyarrow import csv",
    "work": "table = csv.read_csv(sys.argv[1]).sort_by([('unique_id', 'ascending'), ('ds', 'ascending')])",
    "size": "table.nbytes",
}
ORDERS = ("sorted", "by time", "shuffled")
REPEATS = 3


def measured(path: Path, what: dict[str, str]) -> dict[str, float]:
    runs = []
    for _ in range(REPEATS):
        command = [sys.executable, "-c", MEASURE.format(**what), str(path)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    least = {name: min(run[name] for run in runs) for name in runs[0]}
    return least | {"peak": max(run["peak"] for run in runs)}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for series in [int(sys.argv[2])] if len(sys.argv) > 2 else [1_000, 100_000]:
        for order in ORDERS:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "data.csv")
                arguments = [str(path), str(rows), str(series), order]
                subprocess.run([sys.executable, "-c", WRITE, *arguments], check=True)
                ours, theirs = measured(path, PANEL), measured(path, ARROW)
            ratio, peak = ours["seconds"] / theirs["seconds"], ours["peak"] / ours["size"]
            net = (ours["peak"] - ours["before"]) / ours["size"]
            print(
                f"{rows:,} rows, {series:,} series, {order}: time {ours['seconds']:.2f} s against "
                f"{theirs['seconds']:.2f} s, ratio {ratio:.2f} (processor {ours['busy']:.2f} s "
                f"against {theirs['busy']:.2f} s); peak {ours['peak'] / 1e6:.0f} MB, {peak:.1f} times the "
                f"Panel's {ours['size'] / 1e6:.0f} MB ({net:.1f} without interpreter and imports)"
            )


if __name__ == "__main__":
    main()
