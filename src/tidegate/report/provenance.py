"""How a result was made: the facts of run.json, and of the last section of the report."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.evaluation.work import peak_memory
from tidegate.forecasters import storage
from tidegate.report import axes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.evaluation.backtest import Backtest
    from tidegate.evaluation.study import Study

_PACKAGES = (
    "tidegate", "torch", "numpy", "scipy", "pandas", "polars", "scikit-learn", "statsforecast", "statsmodels",
    "xgboost-cpu", "xgboost", "pyarrow", "altair", "vl-convert-python",
)  # fmt: skip


@dataclass(frozen=True)
class Occasion:
    """When and how a study was run.

    Parameters
    ----------
    name
        What was forecast: the file or example, without folders.
    command
        The exact command, or the call that did the same.
    started
        Local time.
    seconds
        Wall-clock time of the whole.
    settings
        Options worth repeating, name to value.
    """

    name: str
    command: str
    started: datetime
    seconds: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def facts(self, *, seed: int | None = None) -> dict[str, Any]:
        """Return what run.json holds of every command.

        Parameters
        ----------
        seed
            What every random choice came from; None where there was none.

        Returns
        -------
        dict
            ``name``, ``command``, ``seed`` if there is one, ``settings``, ``started`` (ISO 8601), ``seconds``,
            ``peak_memory_bytes`` (None where the system does not say), ``machine``, ``versions``.
        """
        return {
            "name": self.name,
            "command": self.command,
            **({} if seed is None else {"seed": seed}),
            "settings": dict(self.settings),
            "started": self.started.isoformat(timespec="seconds", sep=" "),
            "seconds": round(self.seconds, 3),
            "peak_memory_bytes": peak_memory() or None,
            "machine": machine(),
            "versions": versions(),
        }


def run_facts(study: Study, occasion: Occasion, *, seed: int) -> dict[str, Any]:
    """Return what run.json holds.

    Parameters
    ----------
    study
        The finished study.
    occasion
        When and how it was run.
    seed
        What every random choice came from.

    Returns
    -------
    dict
        That of every command (`Occasion.facts`), ``fingerprint`` of the data, ``fit_ranges`` (first and last time of
        the fits of each fold and of the final one), ``models`` (per model: seconds to fit and to forecast over all
        folds, peak memory in bytes).
    """
    return {
        **occasion.facts(seed=seed),
        "fingerprint": storage.fingerprint(study.backtest.panel),
        "fit_ranges": fit_ranges(study.backtest),
        "models": _costs(study.backtest),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide results, those that are installed."""
    return {"Python": platform.python_version(), **storage.versions(_PACKAGES)}


def machine() -> str:
    """Return system, processor architecture and the number of processors in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"


def fit_ranges(backtest: Backtest) -> list[dict[str, str]]:
    """Return, oldest fold first, the first and last time that any series of the fold's fits was given."""
    panel = backtest.panel
    made = []
    for k, ends in enumerate(backtest.ends):
        starts = panel.offsets[:-1]
        if backtest.folds.window is not None:
            starts = np.maximum(starts, starts + ends - backtest.folds.window)
        first, last = panel.times[starts].min(), backtest.cutoffs[k].max()
        made.append(_range(f"fold {k + 1}", axes.moments(np.array([first, last]), panel)))
    ends_of_all = np.array([panel.times.min(), panel.times.max()])
    return [*made, _range("final", axes.moments(ends_of_all, panel))]


def _range(name: str, ends: list[str]) -> dict[str, str]:
    return {"fit": name, "from": ends[0], "to": ends[1]}


def _costs(backtest: Backtest) -> dict[str, dict[str, float | None]]:
    made: dict[str, dict[str, float | None]] = {}
    for name, result in backtest.results.items():
        memory = {"peak_memory_bytes": float(result.peak_memory) or None}
        spent = {"fit_seconds": result.fit_seconds, "predict_seconds": result.predict_seconds}
        made[name] = {**{key: round(float(np.sum(value)), 6) for key, value in spent.items()}, **memory}
    return made
