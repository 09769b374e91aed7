"""What the audit finds about released libraries, as they are shipped, and about our own network.

Each network is fitted once to the airline passengers, with its library's defaults but for the horizon, what Darts asks
for, and the number of updates; then its function predict(history, horizon) is audited. The blind spots of a decoder are
there before the first update and after the last, so few updates do; the skill in what is said of echoes is that of a
hardly trained network. A backtest, neuralforecast's own cross_validation, trains on each of some twenty calls, by a
tenth of the updates. Its local scalers matter where the network does not scale its windows anew, so that is tried too.

Usage: python -m benchmarks.audit_peers [--steps 100] [--save], with benchmarks/requirements.txt installed; a library
that is not is named with the line that installs it, and left out.
"""

from __future__ import annotations

import argparse
import logging
import platform
import re
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tidegate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

HORIZON, WINDOW, FREQUENCY = 12, 36, "MS"


def subjects(frame: pd.DataFrame, steps: int) -> list[tuple[str, str, Callable[[], Any]]]:
    """Return library, what is audited, and how to make it; a library is imported only then."""
    few = {"max_steps": steps}

    def neural(name: str, **settings: Any) -> Any:
        from benchmarks.peers import of_neuralforecast

        return of_neuralforecast.predictor(name, frame, HORIZON, FREQUENCY, settings=few | settings)

    def darts(name: str, **settings: Any) -> Any:
        from benchmarks.peers import of_darts

        return of_darts.predictor(name, frame, FREQUENCY, settings={"model": "GRU", **settings}, steps=steps)

    def judged(scaler: str | None, **settings: Any) -> Any:
        from benchmarks.peers import of_neuralforecast

        few = {"max_steps": max(steps // 10, 1)} | settings
        return of_neuralforecast.backtester("GRU", FREQUENCY, settings=few, scaler=scaler)

    block = {"input_chunk_length": WINDOW, "output_chunk_length": HORIZON}
    return [
        ("neuralforecast", "GRU", lambda: neural("GRU")),
        ("neuralforecast", "LSTM", lambda: neural("LSTM")),
        ("neuralforecast", "RNN", lambda: neural("RNN")),
        ("neuralforecast", "GRU, recurrent=True", lambda: neural("GRU", recurrent=True)),
        ("neuralforecast", "cross_validation of GRU", lambda: judged(None)),
        (
            "neuralforecast",
            'cross_validation of GRU, scaler_type="identity", local_scaler_type="standard"',
            lambda: judged("standard", scaler_type="identity"),
        ),
        ("darts", "BlockRNNModel, GRU", lambda: darts("BlockRNNModel", **block)),
        (
            "darts",
            "RNNModel, GRU",
            lambda: darts("RNNModel", input_chunk_length=WINDOW, training_length=WINDOW + HORIZON),
        ),
        ("tidegate", "gru", lambda: "gru"),
    ]


def absent() -> dict[str, str]:
    """Return the libraries that are not installed, each with the line that installs it."""
    lines = (Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8").splitlines()
    audited = ("neuralforecast", "darts")
    wanted = {re.split(r"[\[<>=]", line)[0]: line for line in lines if line and not line.startswith("#")}
    return {name: f"pip install '{wanted[name]}'" for name in audited if find_spec(name) is None}


def told(found: tidegate.Audit) -> list[str]:
    """Return the verdict of every check, and how many of the newest values each step does not see."""
    lines = [f"  {one.check:<12} {one.outcome:<10} {one.statement}" for one in found.findings]
    unseen = ", ".join(str(one) for one in found.blindness.unseen)
    return [*lines, f"  newest values not seen by step 1 to {HORIZON}: {unseen}"]


def main() -> None:
    """Audit every subject and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100, help="updates of each network of another library")
    parser.add_argument("--save", action="store_true", help="write it to benchmarks/results as well")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "pytorch_lightning", "lightning.fabric", "darts"):
        logging.getLogger(name).setLevel(logging.ERROR)
    frame = tidegate.example("air-passengers").assign(unique_id="air-passengers")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = [
        f"What the audit finds about released libraries: python -m benchmarks.audit_peers --steps {asked.steps}, {day}",
        f"Airline passengers (144 months), {HORIZON} ahead. {asked.steps} updates (backtests a tenth of them), else as "
        "shipped but for the settings named; ours with its defaults.",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, torch {version('torch')}.",
        "Hardly trained: what is said of echoes and skill is no judgement of the libraries.",
    ]
    missing = absent()
    lines += [f"{library} is not installed and left out: {line}" for library, line in missing.items()]
    print("\n".join(lines), flush=True)
    for library, what, make in subjects(frame, asked.steps):
        if library in missing:
            continue
        found = tidegate.audit(make(), frame, horizon=HORIZON)
        released = f" {version(library)}" if library != "tidegate" else ""
        more = ["", f"{library}{released}: {what}: {'passed' if found.passed else 'FAILED'}", *told(found)]
        print("\n".join(more), flush=True)
        lines += more
    if asked.save:
        path = Path(__file__).parent / "results" / f"audit-peers-{day}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
