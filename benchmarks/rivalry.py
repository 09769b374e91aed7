"""The experiments behind `benchmarks.claims`: each measures pairs on independent units and returns the differences.

Networks are the package's own with its defaults, except that one network is trained where both sides are networks. A
unit is a panel of series that no other unit holds (or one series, or one seed of a synthetic problem); its error is the
mean scaled error (MASE) over its series and the seeds. Test parts are those of the public sets.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from benchmarks.accuracy.sets import SETS, load

from tidegate.evaluation.advice.figures import relative
from tidegate.evaluation.cells import matched
from tidegate.forecasters import registry
from tidegate.scoring.folds import Folds
from tidegate.scoring.scaling import seasonal_scales
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

CELLS = ("gru", "lstm")
SIMPLE = ("seasonal-naive", "theta", "ets", "linear")
FEW, SHORT_VALUES, NOISE, GAPS = 10, 60, 0.5, 0.2
HOURLY_WINDOW, HOURLY_UPDATES, HOURLY_SERIES = 168, 200, 5
LENGTHS = (100, 200)
_TIMED = {"m3-yearly": 12, "m3-monthly": 48, "m4-hourly": 168}
_UNITS_TIMED = (16, 32, 64, 128)

Differences = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """Where the data are and how much to do: seeds of each fit, and a factor on units and synthetic training steps."""

    folder: Path
    seeds: int
    size: float = 1.0

    def units(self, usual: int) -> int:
        """Return how many units to take where the full run takes `usual`."""
        return max(round(usual * self.size), 3)


class Unit(NamedTuple):
    """One panel and what came after it: actual values (N, F) and scales of the errors (N,)."""

    panel: Panel
    actual: np.ndarray
    scales: np.ndarray

    def error(self, model: Forecaster, learned: Panel | None = None) -> float:
        """Return the mean scaled error of `model`, fitted to `learned` in place of the panel."""
        mean = model.fit(learned or self.panel, horizon=self.actual.shape[1]).forecast().mean
        return float(np.nanmean(np.nanmean(np.abs(self.actual - mean), axis=1) / self.scales))


def units(plan: Plan, name: str, count: int, n_series: int, *, below: int | None = None) -> Iterator[Unit]:
    """Yield disjoint panels of `n_series` series of a set, drawn by a fixed seed, of fewer than `below` values."""
    loaded = load(plan.folder, name, known_seasons=True, validate=False)
    horizon, season = loaded.actual.shape[1], SETS[name].season
    lengths = loaded.panel.lengths
    scales = seasonal_scales([loaded.panel.series(n) for n in range(len(lengths))], season).absolute
    able = (scales > 0) & np.isfinite(loaded.actual).all(axis=1) & (lengths >= 2 * horizon + max(2 * season, 6))
    able &= lengths < (below or np.inf)
    drawn = np.random.default_rng(2026).permutation(np.flatnonzero(able))
    for k in range(min(count, len(drawn) // n_series)):
        part = np.sort(drawn[k * n_series : (k + 1) * n_series])
        yield Unit(loaded.panel.take(part), loaded.actual[part], scales[part])


def spread(plan: Plan, sets: dict[str, int], n_series: int, *, below: int | None = None) -> list[Unit]:
    """Return units from several sets, so many of each."""
    return [one for name, count in sets.items() for one in units(plan, name, plan.units(count), n_series, below=below)]


def alike(one: Unit, settings: dict[str, Any]) -> dict[str, Forecaster]:
    """Return a GRU and an LSTM with about as many parameters for the panel of a unit."""
    models = matched(CELLS, one.panel, Folds(horizon=one.actual.shape[1], count=1), match="parameters")
    return {model.name: model.set_params(**settings) for model in models}


def seeded(one: Unit, model: Forecaster, n_seeds: int, learned: Panel | None = None) -> float:
    """Return the mean error over seeds."""
    return float(np.mean([one.error(model.set_params(seed=seed), learned) for seed in range(n_seeds)]))


def training_speed(plan: Plan) -> Differences:
    """Return how much longer the LSTM trains than the GRU for the same updates and hidden units, in processor time."""
    found = []
    for name, window in _TIMED.items():
        one = next(units(plan, name, 1, FEW))
        for hidden in _UNITS_TIMED:
            seconds = {cell: min(_seconds(cell, one, window, hidden) for _ in range(2)) for cell in CELLS}
            found.append(float(relative(np.array(seconds["lstm"]), np.array(seconds["gru"]))))
    return {"gru-trains-faster": found}


def _seconds(cell: str, one: Unit, window: int, hidden: int, *, n_updates: int = 60) -> float:
    training = Training(n_updates=n_updates, n_checks=1, held_out_fraction=0.0)
    settings = {"window": window, "hidden_size": hidden, "n_members": 1, "training": training}
    model = registry.entry(cell).build(settings)
    started = time.process_time()
    model.fit(one.panel, horizon=one.actual.shape[1])
    return time.process_time() - started


def pace(plan: Plan) -> dict[str, float]:
    """Return processor seconds of an update and of a step of its windows, by a line through three lengths."""
    made = []
    for name, window in _TIMED.items():
        one = next(units(plan, name, 1, FEW))
        few, many = (min(_seconds("gru", one, window, 64, n_updates=n) for _ in range(3)) for n in (20, 120))
        made.append((window, (many - few) / 100))
    step, update = np.polyfit(*np.array(made).T, 1)
    return {"update": round(max(float(update), 0.0), 5), "step": round(float(step), 7)}


def parameters(_: Plan) -> Differences:
    """Return by how much the LSTM's layer outweighs the GRU's at several sizes: counted, not measured."""
    from tidegate.nn.cells.catalogue import CELLS as KINDS
    from tidegate.nn.cells.cell import Sizes, n_parameters

    sizes = [Sizes(inputs, hidden) for inputs in (1, 8, 32) for hidden in _UNITS_TIMED]
    counted = {cell: np.array([n_parameters(KINDS[cell](), size) for size in sizes], float) for cell in CELLS}
    return {"gru-smaller": relative(counted["lstm"], counted["gru"]).tolist()}


def small_panels(plan: Plan) -> Differences:
    """Return the cells on few series, and how their errors grow with noise and with gaps in what they learn from."""
    found: Differences = {"gru-on-few-series": [], "lstm-under-noise": [], "lstm-under-gaps": []}
    rng = np.random.default_rng(7)
    for one in spread(plan, dict.fromkeys(("m3-yearly", "m3-quarterly", "m3-monthly", "tourism-quarterly"), 3), FEW):
        models = alike(one, {"n_members": 1})
        spoilt = {"lstm-under-noise": noisy(one, rng), "lstm-under-gaps": gappy(one, rng)}
        clean = {cell: seeded(one, model, plan.seeds) for cell, model in models.items()}
        found["gru-on-few-series"].append(_apart(clean["lstm"], clean["gru"]))
        for claim, panel in spoilt.items():
            growth = {cell: _apart(seeded(one, models[cell], plan.seeds, panel), clean[cell]) for cell in CELLS}
            found[claim].append(growth["gru"] - growth["lstm"])
    return found


def noisy(one: Unit, rng: np.random.Generator) -> Panel:
    """Return the panel with normal noise on its values, whose deviation is half the scale of each series."""
    each = np.repeat(NOISE * one.scales, one.panel.lengths)
    return replace(one.panel, values=one.panel.values + rng.normal(size=len(each)) * each)


def gappy(one: Unit, rng: np.random.Generator) -> Panel:
    """Return the panel without a fifth of its values, kept as gaps."""
    lost = rng.random(len(one.panel.values)) < GAPS
    return replace(one.panel, values=np.where(lost, np.nan, one.panel.values), fill="keep")


def single_series(plan: Plan) -> Differences:
    """Return the cells on one short series alone, and simple models against the GRU there."""
    found: Differences = {"gru-on-one-series": [], **{f"{name}-on-one-series": [] for name in SIMPLE}}
    for one in spread(plan, {"m3-yearly": 8, "m3-quarterly": 8, "tourism-quarterly": 4}, 1, below=SHORT_VALUES):
        errors = {cell: seeded(one, model, plan.seeds) for cell, model in alike(one, {}).items()}
        found["gru-on-one-series"].append(_apart(errors["lstm"], errors["gru"]))
        for name in SIMPLE:
            found[f"{name}-on-one-series"].append(_apart(errors["gru"], one.error(registry.forecaster(name))))
    return found


def short_windows(plan: Plan) -> Differences:
    """Return the cells on windows of twelve steps."""
    found = []
    for one in units(plan, "m3-yearly", plan.units(10), 2 * FEW):
        errors = {cell: seeded(one, model, plan.seeds) for cell, model in alike(one, {"n_members": 1}).items()}
        found.append(_apart(errors["lstm"], errors["gru"]))
    return {"gru-on-short-windows": found}


def long_windows(plan: Plan) -> Differences:
    """Return the cells on windows of a week of hours, for a fixed number of updates."""
    found = []
    settings = {"n_members": 1, "window": HOURLY_WINDOW, "training": Training(n_updates=HOURLY_UPDATES)}
    for one in units(plan, "m4-hourly", plan.units(5), HOURLY_SERIES):
        errors = {cell: seeded(one, model, plan.seeds) for cell, model in alike(one, settings).items()}
        found.append(_apart(errors["gru"], errors["lstm"]))
    return {"lstm-on-long-windows": found}


def adding(plan: Plan) -> Differences:
    """Return the cells on the adding problem; the LSTM also with gates that start open (chrono)."""
    found: Differences = {}
    for length in LENGTHS:
        scores = _recalled(f"adding-{length}", (*CELLS, "lstm-chrono"), plan, steps=600, gru_units=37)
        found[f"lstm-on-adding-{length}"] = relative(scores["gru"], scores["lstm"]).tolist()
        if length == LENGTHS[-1]:
            found["open-lstm-on-adding"] = relative(scores["lstm"], scores["lstm-chrono"]).tolist()
    return found


def copying(plan: Plan) -> Differences:
    """Return the cells on the copy memory."""
    scores = _recalled("copy-50", CELLS, plan, steps=1_000, gru_units=38)
    return {"lstm-on-copying": relative(scores["gru"], scores["lstm"]).tolist()}


def _recalled(task: str, cells: Sequence[str], plan: Plan, *, steps: int, gru_units: int) -> dict[str, np.ndarray]:
    """Return the errors of each cell, one per seed; an LSTM has 32 units, the GRU so many that parameters are alike."""
    from benchmarks.long_range.tasks import TRAINED
    from benchmarks.long_range.training import Run, Settings, done

    found = {}
    for cell in cells:
        settings = Settings(round(steps * min(plan.size, 1)), 32, gru_units if cell == "gru" else 32)
        runs = [Run(task, cell, seed, settings, 0.01) for seed in range(1, 2 * plan.seeds + 1)]
        found[cell] = np.array([done(run, plan.folder)["scores"][TRAINED] for run in runs])
    return found


def many_series(plan: Plan) -> Differences:
    """Return one GRU over a hundred related series against simple models on the same."""
    made = spread(plan, {"m3-monthly": 4, "m3-quarterly": 4, "tourism-quarterly": 2}, 10 * FEW)
    return _beaten(plan, made, "gru-over-many-beats-")


def many_hourly(plan: Plan) -> Differences:
    """Return one GRU over fifty long hourly series against simple models on the same."""
    return _beaten(plan, units(plan, "m4-hourly", plan.units(4), 5 * FEW), "gru-over-hourly-beats-")


def _beaten(plan: Plan, made: Iterable[Unit], prefix: str) -> Differences:
    found: Differences = {f"{prefix}{name}": [] for name in SIMPLE}
    for one in made:
        error = seeded(one, registry.forecaster("gru"), plan.seeds)
        for name in SIMPLE:
            found[f"{prefix}{name}"].append(_apart(one.error(registry.forecaster(name)), error))
    return found


def costs(plan: Plan) -> dict[str, dict[str, float]]:
    """Return memory and latency of each model, each in a process of its own that loads nothing else."""
    found = {}
    for name in (*SIMPLE, *CELLS):
        words = f"from benchmarks.rivalry import cost; cost({name!r}, {str(plan.folder)!r})"
        done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
        found[name] = json.loads(done.stdout)
    return found


def cost(name: str, folder: str) -> None:
    """Print the most memory of this process in megabytes and the milliseconds of a forecast, for one monthly series."""
    model = registry.forecaster(name)
    one = next(units(Plan(Path(folder), 1), "m3-monthly", 1, 1))
    model.fit(one.panel, horizon=one.actual.shape[1]).forecast()
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        model.forecast()
        taken.append(1_000 * (time.perf_counter() - started))
    peak = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"memory": round(int(peak.split()[1]) / 1_000), "latency": round(float(np.median(taken)), 2)}))


def _apart(other: float, favoured: float) -> float:
    return float(relative(np.array(other), np.array(favoured)))


TIMED: tuple[Callable[[Plan], Any], ...] = (training_speed, costs, pace)
"""Experiments with a clock, which run alone."""

UNTIMED: tuple[Callable[[Plan], Differences], ...] = (
    small_panels,
    many_hourly,
    long_windows,
    single_series,
    adding,
    many_series,
    copying,
    short_windows,
    parameters,
)
"""The others, the longest first; they may run side by side."""
