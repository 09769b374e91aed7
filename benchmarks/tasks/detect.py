"""The detector of anomalies on public recordings, beside PCA residuals, a moving z-score and the published figures.

NAB: the score of its standard profile, the network trained on the probation period of each file alone, one threshold
for all files: the one that scores best on them, as the benchmark itself chooses it for every detector (by the labels,
that is). A step only counts where its score is the highest of the newest 20, so that one change gives one alarm.

SKAB: F1 over steps, never adjusted, of the rows after the first 400 of each recording, which alone are learned from;
the threshold is that of a stated rate of false alarms. MSL: mean VUS-PR over the channels, with buffers up to 100
steps; the detector judges the telemetry, and reads the commands beside it.

Settings were chosen on part of each set, named in `CHOSEN_ON`; the rest of it is printed by itself.

Usage: python -m benchmarks.tasks.detect --data FOLDER [--only nab,skab,msl] [--set hidden_size=32] [--chosen]
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from benchmarks.accuracy.__main__ import pairs

from tidegate import AnomalyDetector
from tidegate.scoring.alarms import by_step
from tidegate.scoring.nab import Scored, nab_score, probation
from tidegate.scoring.volume import vus_pr
from tidegate.tasks.anomalies.simple import MovingDeviation, PrincipalResiduals

CHOSEN_ON = {
    "nab": "files outside realKnownCause",
    "skab": "recordings valve1_00 to valve1_03",
    "msl": "channels whose name begins with C, D, F or M-1 to M-3",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "nab": {"memory": 6_000, "relearn": 500, "joined": "mean", "window": 96, "lasting": (10, 50)},
    "skab": {"false_alarms": 0.03, "lasting": (10, 50)},
    "msl": {"judged": ("channel 0",), "lasting": (10, 50)},
}
SET_ASIDE = {"nab": 0.5, "skab": 0.3, "msl": 0.3}
PUBLISHED = {
    "nab": "on these files: ARTime 73.0, HTM 66.9, relative entropy 60.3, windowed Gaussian 30.0",
    "skab": "on the whole of SKAB: Conv-AE .78, T2+Q .76, LSTM-AE .74, LSTM .54, isolation forest .29",
    "msl": "LSTMAD .217 (TSB-AD)",
}
_NEWEST = 20
_NORMAL = 400


class Case(NamedTuple):
    """One recording: what to learn from, what to judge, and what is there."""

    name: str
    normal: np.ndarray
    watched: np.ndarray
    truth: np.ndarray
    chosen_on: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="nab,skab,msl")
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--validation", type=float, help="else that of SET_ASIDE")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--chosen", action="store_true", help="only the part that settings are chosen on")
    options = parser.parse_args()
    for name in options.only.split(","):
        cases = [one for one in READERS[name](options.data / "anomaly") if one.chosen_on or not options.chosen]
        rows = {} if options.chosen else {"moving z-score": MovingDeviation, "PCA residuals": PrincipalResiduals}
        for label, kind in rows.items():
            shown(name, label, cases, [simply(kind(), one, name) for one in cases])
        settings = SETTINGS[name] | pairs(options.set)
        for seed in range(options.seeds):
            started = time.perf_counter()
            made = [fitted(one, {"seed": seed, **settings}, options, name) for one in cases]
            shown(name, f"detector, seed {seed}, {time.perf_counter() - started:.0f} s", cases, made)
        print(f"{name} published: {PUBLISHED[name]}", flush=True)


def fitted(one: Case, settings: dict[str, Any], options: argparse.Namespace, name: str) -> Any:
    """Return the detector's scores of a recording, and what it says at its threshold."""
    validation = options.validation or SET_ASIDE[name]
    model = AnomalyDetector(**settings).fit(one.normal, epochs=options.epochs, validation=validation)
    return model.score_samples(one.watched), model.predict(one.watched)


def simply(model: Any, one: Case, name: str) -> Any:
    """Return the same of a simple detector."""
    model.fit(one.normal, false_alarms=SETTINGS[name].get("false_alarms", 0.001))
    return model.score_samples(one.watched), model.predict(one.watched)


def shown(name: str, label: str, cases: list[Case], made: list[Any]) -> None:
    """Print the score over all, over what settings were chosen on, and over the rest."""
    chosen = np.array([one.chosen_on for one in cases])
    parts = {"all": chosen | True, "chosen on": chosen, "the rest": ~chosen}
    told = []
    for part, kept in parts.items():
        rows = np.flatnonzero(kept)
        if len(rows):
            told.append(f"{part} {SCORES[name]([cases[k] for k in rows], [made[k] for k in rows]):.3f}")
    print(f"{name} {label}: {', '.join(told)}", flush=True)


def nab(folder: Path) -> list[Case]:
    place = folder if (folder / "nab_windows.json").exists() else folder / "nab"
    made = []
    for key, spans in json.loads((place / "nab_windows.json").read_text()).items():
        table = pd.read_csv(folder / "nab" / f"{key}.gz")
        stamps = pd.to_datetime(table["timestamp"]).tolist()
        windows = [[stamps.index(pd.Timestamp(end)) for end in span] for span in spans]
        values = table["value"].to_numpy(float)
        truth = np.array(windows, dtype=np.int64).reshape(-1, 2)
        made.append(Case(key, values[: probation(len(values))], values, truth, not key.startswith("realKnownCause")))
    return made


def skab(folder: Path) -> list[Case]:
    with gzip.open(folder / "skab.csv.gz") as file:
        table = pd.read_csv(file)
    channels = [name for name in table.select_dtypes("number") if name not in ("anomaly", "changepoint")]
    made = []
    for name, rows in table.groupby("source"):
        if name == "anomaly_free":
            continue
        values, truth = rows[channels].to_numpy(float), rows["anomaly"].to_numpy(int)
        made.append(Case(str(name), values[:_NORMAL], values, truth, str(name) <= "valve1_03"))
    return made


def msl(folder: Path) -> list[Case]:
    labels = pd.read_csv(folder / "msl_labels.csv")
    made = []
    with np.load(folder / "msl.npz") as held:
        for name in sorted(key.removeprefix("test_") for key in held if key.startswith("test_")):
            watched = held[f"test_{name}"].astype(float)
            truth = np.zeros(len(watched), dtype=int)
            for row in labels[labels["channel"] == name].itertuples():
                truth[row.start : row.end + 1] = 1
            chosen = name[0] in "CDF" or name in ("M-1", "M-2", "M-3")
            made.append(Case(name, held[f"train_{name}"].astype(float), watched, truth, chosen))
    return made


def nab_of(cases: list[Case], made: list[Any]) -> float:
    given = []
    for case, (scores, _) in zip(cases, made, strict=True):
        before = pd.Series(scores).rolling(_NEWEST, min_periods=1).max().shift(1, fill_value=0.0).to_numpy()
        given.append(Scored(np.where(scores > before, scores, 0.0), case.truth))
    return nab_score(given).score


def f1_of(cases: list[Case], made: list[Any]) -> float:
    truth = np.concatenate([one.truth[_NORMAL:] for one in cases])
    return by_step(truth, np.concatenate([said[_NORMAL:] for _, said in made])).f1


def volume_of(cases: list[Case], made: list[Any]) -> float:
    return float(np.mean([vus_pr(case.truth, scores) for case, (scores, _) in zip(cases, made, strict=True)]))


READERS = {"nab": nab, "skab": skab, "msl": msl}
SCORES = {"nab": nab_of, "skab": f1_of, "msl": volume_of}

if __name__ == "__main__":
    main()
