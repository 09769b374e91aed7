"""The textbook's sentences on GRU, LSTM and simple models, each tested on public data: holds, fails, no evidence.

Each claim is a paired t-test over independent units (`benchmarks.rivalry`), corrected by Holm for all claims. What is
finished is kept line by line, and a further run goes on from there. With --save the runs, the table for people, that of
docs/advise.md and the figures that `tidegate advise` cites are written where they belong; none is edited by hand.

The folder holds the data sets as benchmarks.accuracy reads them.

Usage: python -m benchmarks.claims FOLDER [--claims gru-smaller,...] [--seeds 5] [--size 1] [--processes 2]
       [--output FILE] [--save]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks import rivalry
from benchmarks.long_range.setting import setting

from tidegate.analysis.wording import percent
from tidegate.evaluation.advice.figures import TABLE, Figures, Measurement, concluded, of_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "advise.md"
_MACHINERY = ("costs", "pace")


class Claim(NamedTuple):
    """A sentence, the data it is tested on, and what one unit is; counted: arithmetic, without a test."""

    sentence: str
    conditions: str
    unit: str
    counted: bool = False


_FEW = "M3 and tourism, 10 series a panel, parameters alike"
_ONE = "M3 and tourism, each series of fewer than 60 values alone"
_MANY = "M3 and tourism, one network over 100 series, each model as shipped"
_RECALL = "parameters alike, one learning rate, mean squared error on fresh sequences"
_PANELS, _SERIES, _SEEDS = "panels", "series", "pairs of seeds"

CLAIMS: dict[str, Claim] = {
    "gru-smaller": Claim(
        "A GRU has fewer parameters than an LSTM of the same width.", "layers of 1 to 32 inputs and 16 to 128 units",
        "sizes", counted=True,
    ),
    "gru-trains-faster": Claim(
        "A GRU trains faster than an LSTM of the same width.",
        "processor time of 60 updates, 16 to 128 units, windows of 12, 48 and 168 steps", "settings",
    ),
    "gru-on-few-series": Claim("A GRU is more accurate than an LSTM on few short series.", _FEW, _PANELS),
    "gru-on-one-series": Claim(
        "A GRU is more accurate than an LSTM on one short series.", f"{_ONE}, parameters alike", _SERIES
    ),
    "gru-on-short-windows": Claim(
        "A GRU is more accurate than an LSTM on short sequences.",
        "yearly M3, windows of 12 steps, 20 series a panel, parameters alike", _PANELS,
    ),
    "lstm-on-long-windows": Claim(
        "An LSTM is more accurate than a GRU on long sequences.",
        "hourly M4, windows of 168 steps, 200 updates, 5 series a panel, parameters alike", _PANELS,
    ),
    **{
        f"lstm-on-adding-{length}": Claim(
            f"An LSTM learns dependencies over {length} steps better than a GRU.", f"adding problem, {_RECALL}", _SEEDS
        )
        for length in rivalry.LENGTHS
    },
    "lstm-on-copying": Claim(
        "An LSTM repeats what it read 50 steps ago better than a GRU.", "copy memory, parameters alike", _SEEDS
    ),
    "open-lstm-on-adding": Claim(
        "An LSTM whose gates start open learns long dependencies better than one with the usual start.",
        "adding problem of 200 steps, chrono initialisation against torch's", _SEEDS,
    ),
    "lstm-under-noise": Claim(
        "An LSTM loses less accuracy to noise than a GRU.",
        f"{_FEW}; noise of half the usual seasonal change on all that is learned from", _PANELS,
    ),
    "lstm-under-gaps": Claim(
        "An LSTM loses less accuracy to gaps than a GRU.", f"{_FEW}; a fifth of the values removed and kept as gaps",
        _PANELS,
    ),
    **{
        f"{name}-on-one-series": Claim(f"On one short series {name} is more accurate than a GRU.", _ONE, _SERIES)
        for name in rivalry.SIMPLE
    },
    **{
        f"gru-over-hourly-beats-{name}": Claim(
            f"A GRU over many long hourly series is more accurate than {name}.",
            "hourly M4, one network over 50 series, each model as shipped", _PANELS,
        )
        for name in rivalry.SIMPLE
    },
    **{
        f"gru-over-many-beats-{name}": Claim(
            f"A GRU over many related series is more accurate than {name}.", _MANY, _PANELS
        )
        for name in rivalry.SIMPLE
    },
}  # fmt: skip


def kept(path: Path) -> list[dict[str, Any]]:
    """Return the finished experiments: their name, what decides them, and what they measured."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def run(plan: rivalry.Plan, path: Path, names: Sequence[str], processes: int) -> list[dict[str, Any]]:
    """Do the experiments on `names` that `path` does not hold yet, keep each as soon as it is finished, return all."""
    done = {one["experiment"] for one in finished(plan, path)}
    timed, untimed = (
        [job for job in jobs if job.__name__ not in done and _wanted(job.__name__, names)]
        for jobs in (rivalry.TIMED, rivalry.UNTIMED)
    )
    for job in timed:
        keep(path, measured(job, plan))
    if untimed:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            for future in as_completed([pool.submit(measured, job, plan) for job in untimed]):
                keep(path, future.result())
    return finished(plan, path)


def measured(job: Callable[[rivalry.Plan], Any], plan: rivalry.Plan) -> dict[str, Any]:
    """Return what an experiment found, with what decides it and how long it took."""
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    found = job(plan)
    seconds = round(time.perf_counter() - started)
    return {
        "experiment": job.__name__,
        "seeds": plan.seeds,
        "size": plan.size,
        "found": found,
        "seconds": seconds,
        "setting": setting(ROOT),
    }


def keep(path: Path, record: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(record)}\n")
    print(f"{record['experiment']}: {record['seconds']} s", flush=True)


def finished(plan: rivalry.Plan, path: Path) -> list[dict[str, Any]]:
    """Return what `path` holds of this plan: of each experiment the run of the most units, if those are enough."""
    largest: dict[str, dict[str, Any]] = {}
    for one in kept(path):
        if one["seeds"] == plan.seeds and one["size"] >= plan.size:
            before = largest.get(one["experiment"])
            largest[one["experiment"]] = one if before is None or one["size"] >= before["size"] else before
    return list(largest.values())


def _wanted(experiment: str, claims: Sequence[str]) -> bool:
    """Return whether an experiment measures one of these claims; without any, all are wanted."""
    return not claims or any(BY_CLAIM[name] == experiment for name in claims)


BY_CLAIM = {
    "gru-smaller": "parameters",
    "gru-trains-faster": "training_speed",
    "gru-on-few-series": "small_panels",
    "lstm-under-noise": "small_panels",
    "lstm-under-gaps": "small_panels",
    "gru-on-short-windows": "short_windows",
    "lstm-on-long-windows": "long_windows",
    "lstm-on-copying": "copying",
    "open-lstm-on-adding": "adding",
    **{f"lstm-on-adding-{length}": "adding" for length in rivalry.LENGTHS},
    **dict.fromkeys(("gru-on-one-series", *(f"{name}-on-one-series" for name in rivalry.SIMPLE)), "single_series"),
    **{f"gru-over-many-beats-{name}": "many_series" for name in rivalry.SIMPLE},
    **{f"gru-over-hourly-beats-{name}": "many_hourly" for name in rivalry.SIMPLE},
}
"""Which experiment measures a claim."""


def measurements(records: Sequence[dict[str, Any]]) -> list[Measurement]:
    """Return what the finished experiments measured, in the order of the claims."""
    parts = [one["found"] for one in records if one["experiment"] not in _MACHINERY]
    found = {name: values for part in parts for name, values in part.items()}
    return [
        Measurement(name, claim.sentence, claim.conditions, claim.unit, tuple(found[name]), counted=claim.counted)
        for name, claim in CLAIMS.items()
        if name in found
    ]


def table(records: Sequence[dict[str, Any]], file: str) -> Figures:
    """Return everything that `tidegate advise` cites."""
    done = {one["experiment"]: one["found"] for one in records}
    made = {one.claim: vars(one) for one in concluded(measurements(records))}
    source = {"file": file, **records[-1]["setting"], "seeds": str(records[-1]["seeds"])}
    return of_table({"claims": made, "costs": done["costs"], "pace": done["pace"], "source": source})


def report(records: Sequence[dict[str, Any]]) -> str:
    """Return the table for people."""
    here, seeds = records[-1]["setting"], records[-1]["seeds"]
    lines = [
        "The textbook's sentences, tested. Effect: mean relative difference over the units, (other - favoured) over",
        "the mean of both; positive speaks for the sentence. p: paired t-test, two-sided, after Holm's correction over",
        f"all tested claims. A unit's error is MASE, the mean over its series and {seeds} seeds, with all test values.",
        f"{here['machine']}; {here['versions']}; {here['commit']}",
        "",
    ]
    found = concluded(measurements(records))
    width = max((len(one.claim) for one in found), default=0)
    for one in found:
        p = one.certainty
        interval = f"{percent(one.lower)} to {percent(one.upper)}"
        cells = f"{one.verdict:12}effect {percent(one.effect):12}({interval})"
        lines.append(f"{one.claim:{width}}  {cells:54}{p:12}n = {one.n} {one.unit}")
    lines += ["", *(f"{one.claim}: {one.sentence} [{one.conditions}]" for one in found), ""]
    lines += [f"{one['experiment']}: {one['seconds']} s" for one in records]
    return "\n".join(lines)


def page(text: str, records: Sequence[dict[str, Any]]) -> str:
    """Return the page of the documentation with the table of the claims in place of its own."""
    head = "| sentence | verdict | figures | measured on |\n|---|---|---|---|\n"
    found = concluded(measurements(records))
    rows = [f"| {one.sentence.rstrip('.')} | {one.verdict} | {one.cited} | {one.conditions} |\n" for one in found]
    before, _, rest = text.partition(head)
    after = rest.partition("\n\n")[2] if rest.startswith("|") else rest.lstrip("\n")
    return "".join([before, head, *rows, "\n", after])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--claims", default="", help=f"of {', '.join(CLAIMS)}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--size", type=float, default=1.0, help="factor on the number of units")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=Path(tempfile.gettempdir(), "tidegate-claims.jsonl"))
    parser.add_argument("--save", action="store_true", help="keep the results and the table that advise cites")
    options = parser.parse_args()
    names = [name for name in options.claims.split(",") if name]
    unknown = sorted(set(names) - set(CLAIMS))
    if unknown:
        parser.error(f"there is no claim {unknown[0]}; they are: {', '.join(CLAIMS)}")
    records = run(rivalry.Plan(options.folder, options.seeds, options.size), options.output, names, options.processes)
    print(report(records))
    if options.save:
        base = ROOT / "benchmarks" / "results" / f"claims-{datetime.now(UTC):%Y-%m-%d}"
        base.with_suffix(".jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records), "utf-8")
        base.with_suffix(".txt").write_text(f"{report(records)}\n", encoding="utf-8")
        PAGE.write_text(page(PAGE.read_text("utf-8"), records), encoding="utf-8")
        TABLE.write_text(table(records, f"benchmarks/results/{base.name}.jsonl").text(), encoding="utf-8")


if __name__ == "__main__":
    main()
