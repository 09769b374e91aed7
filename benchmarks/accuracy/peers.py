"""The leading libraries and ours on the same data in one run: scores, seconds and peak memory.

Every model has its library's default settings, except what cannot be left out: the horizon, the frequency, the window
(ours for all of them) and, for Darts, which scales nothing by itself, a Scaler. Gaps are filled linearly beforehand
for every library but ours. Series too short for one of Darts' windows are left out of its training, not of the scores;
one too short to forecast from begins with its first value repeated. DeepAR is scored by the median of its samples,
which suits absolute errors. Hourly series without dates get the same invented start for GluonTS.

Each run has a process of its own: the seconds are fit and forecast without imports and reading, the memory is the peak
of the largest process. With --seconds, what trains with Lightning (the networks of the other libraries) stops after so
many seconds of training, wherever it stands: five times what ours takes shows whether ours is five times as fast to
the same accuracy. With --seeds a row is the mean over them, never the best. With --validate the last horizon of
the training part is the test. What the libraries are: benchmarks/requirements.txt.

Usage: python -m benchmarks.accuracy.peers FOLDER SET[,SET] [--models tidegate-gru,darts-rnn-gru] [--seeds 1]
       [--steps N] [--seconds S] [--minutes 12] [--threads N] [--validate]
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from benchmarks.accuracy.scoring import naive2, scores
from benchmarks.accuracy.sets import SETS, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from tidegate.panel import Panel

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
INVENTED_START = pd.Timestamp("2000-01-01")
TRAINER = {"accelerator": "cpu", "devices": 1, "logger": False, "enable_progress_bar": False}
QUIET = TRAINER | {"enable_model_summary": False}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
SECONDS_TO_END = 10
ENDLESS = 10**7
LOADED_LATE = {"tidegate": "tidegate.forecasters.recurrent"}
"""Where importing a library does not import what it computes with, as it does in the others."""
COLUMNS = ("sMAPE", "MASE", "MAPE", "OWA")


@dataclass(frozen=True)
class Task:
    """What one model is asked.

    Parameters
    ----------
    panel
        N training series.
    horizon
        Steps ahead F.
    season
        m of the scaled errors, which the statistical models are told.
    steps
        Updates of a network, in place of what its library would make; None for its default.
    seconds
        After which the training of a network of another library stops; None for its default.
    threads
        Of the processor.
    seed
        Of weights and batches.
    """

    panel: Panel
    horizon: int
    season: int
    steps: int | None
    seconds: float | None
    threads: int
    seed: int

    @property
    def limits(self) -> dict[str, Any]:
        """What ends the training, as Lightning calls it."""
        if self.seconds:
            return {"max_steps": ENDLESS, "max_time": {"seconds": self.seconds}}
        return {"max_steps": self.steps} if self.steps else {}

    @property
    def window(self) -> int:
        """Past steps that a network reads: what ours would."""
        from tidegate.forecasters.network.rules import layout

        return layout(self.panel, self.horizon, window=None, shift="level", by_series=False).window_steps

    @property
    def frequency(self) -> str | int:
        """An alias of pandas, or 1 where time is counted."""
        return 1 if self.panel.integer_time else str(self.panel.frequency)

    def rows(self) -> list[np.ndarray]:
        """Return the values of each series, gaps filled linearly."""
        series = (pd.Series(self.panel.series(n)) for n in range(len(self.panel)))
        return [one.interpolate(limit_direction="both").to_numpy() for one in series]

    def stamps(self, n: int) -> Any:
        """Return when the values of series n were observed."""
        found = self.panel.times[self.panel.offsets[n] : self.panel.offsets[n + 1]]
        return found if self.panel.integer_time else pd.to_datetime(found)

    def frame(self) -> pd.DataFrame:
        """Return the series in long form: unique_id, ds, y."""
        parts = [
            pd.DataFrame({"unique_id": str(self.panel.ids[n]), "ds": self.stamps(n), "y": row})
            for n, row in enumerate(self.rows())
        ]
        return pd.concat(parts, ignore_index=True)

    def in_order(self, made: pd.DataFrame, column: str) -> np.ndarray:
        """Return the forecasts of a long frame as (N, F), in the panel's order."""
        steps = made.sort_values(["unique_id", "ds"]).groupby("unique_id")[column]
        found = {name: values.to_numpy() for name, values in steps}
        return np.stack([found[str(name)] for name in self.panel.ids])


def of_neuralforecast(task: Task, *, name: str, recurrent: bool) -> np.ndarray:
    """Return forecasts of its LSTM or GRU; `recurrent` decodes step by step instead of all at once, as shipped."""
    from neuralforecast import NeuralForecast, models

    settings = {"random_seed": task.seed, "enable_checkpointing": False} | QUIET
    settings["start_padding_enabled"] = bool(task.panel.lengths.min() < task.window + recurrent)
    settings |= task.limits
    model = getattr(models, name)(h=task.horizon, input_size=task.window, recurrent=recurrent, **settings)
    made = NeuralForecast(models=[model], freq=task.frequency)
    made.fit(task.frame())
    return task.in_order(made.predict(), name)


def of_darts(task: Task, *, name: str) -> np.ndarray:
    """Return forecasts of its RNNModel, unrolled over window and horizon in training, or of its BlockRNNModel."""
    from darts import TimeSeries, models
    from darts.dataprocessing.transformers import Scaler

    block = name == "BlockRNNModel"
    settings: dict[str, Any] = {"model": "GRU", "random_state": task.seed, "pl_trainer_kwargs": dict(QUIET)}
    settings |= {"output_chunk_length" if block else "training_length": task.horizon + (0 if block else task.window)}
    settings["pl_trainer_kwargs"] |= task.limits
    series = []
    for n, row in enumerate(task.rows()):
        missing = max(task.window - len(row), 0)
        end = task.stamps(n)[-1]
        frequency = task.frequency
        length = len(row) + missing
        if isinstance(frequency, int):
            stamps: Any = pd.RangeIndex(end - length + 1, end + 1)
        else:
            stamps = pd.date_range(end=end, periods=length, freq=frequency)
        series.append(TimeSeries.from_times_and_values(stamps, np.pad(row, (missing, 0), mode="edge")))
    scaler = Scaler()
    scaled = [one.astype(np.float32) for one in scaler.fit_transform(series)]
    model = getattr(models, name)(input_chunk_length=task.window, **settings)
    model.fit([one for one in scaled if len(one) > task.window + task.horizon])
    made = scaler.inverse_transform(model.predict(task.horizon, series=scaled))
    return np.stack([one.values()[:, 0] for one in made])


def of_gluonts(task: Task) -> np.ndarray:
    """Return the medians of DeepAR's samples."""
    import lightning
    from gluonts.dataset.pandas import PandasDataset
    from gluonts.torch import DeepAREstimator

    frequency = "h" if task.panel.integer_time else str(task.panel.frequency)
    data = {}
    for n, row in enumerate(task.rows()):
        start = INVENTED_START if task.panel.integer_time else task.stamps(n)[0]
        stamps = pd.period_range(start, periods=len(row), freq=frequency.removesuffix("S"))
        data[str(task.panel.ids[n])] = pd.DataFrame({"target": row.astype(np.float32)}, index=stamps)
    lightning.seed_everything(task.seed)
    made = DeepAREstimator(
        freq=frequency.removesuffix("S"),
        prediction_length=task.horizon,
        context_length=task.window,
        trainer_kwargs=QUIET | task.limits,
    )
    dataset = PandasDataset(data)
    found = {one.item_id: one.quantile(0.5) for one in made.train(dataset).predict(dataset)}
    return np.stack([found[str(name)] for name in task.panel.ids])


def of_statsforecast(task: Task, *, name: str) -> np.ndarray:
    """Return forecasts of a statistical model, one fit a series."""
    from statsforecast import StatsForecast, models

    model = getattr(models, name)(season_length=task.season)
    made = StatsForecast(models=[model], freq=task.frequency, n_jobs=task.threads)
    return task.in_order(made.forecast(df=task.frame(), h=task.horizon), name)


def of_tidegate(task: Task) -> np.ndarray:
    """Return forecasts of our GRU."""
    from tidegate.forecasters.recurrent import GRU
    from tidegate.training.settings import Training

    made = GRU(seed=task.seed, training=Training(n_updates=task.steps)).fit(task.panel, horizon=task.horizon)
    return made.forecast().mean


@dataclass(frozen=True)
class Peer:
    """A model of a library.

    Parameters
    ----------
    library
        Its name in the package registry and as a module.
    forecast
        Fits and returns the forecasts of a task, shape (N, F).
    scaled
        What makes series of different sizes alike.
    stochastic
        Whether the seed matters.
    """

    library: str
    forecast: Callable[[Task], np.ndarray]
    scaled: str
    stochastic: bool = True


OWN, ADDED, NONE = "its own, each window", "a Scaler added, each series", "needs none"
PEERS: dict[str, Peer] = {
    "tidegate-gru": Peer("tidegate", of_tidegate, OWN),
    "neuralforecast-gru": Peer("neuralforecast", partial(of_neuralforecast, name="GRU", recurrent=False), OWN),
    "neuralforecast-lstm": Peer("neuralforecast", partial(of_neuralforecast, name="LSTM", recurrent=False), OWN),
    "neuralforecast-gru-recurrent": Peer("neuralforecast", partial(of_neuralforecast, name="GRU", recurrent=True), OWN),
    "neuralforecast-lstm-recurrent": Peer(
        "neuralforecast", partial(of_neuralforecast, name="LSTM", recurrent=True), OWN
    ),
    "gluonts-deepar": Peer("gluonts", of_gluonts, OWN),
    "darts-rnn-gru": Peer("darts", partial(of_darts, name="RNNModel"), ADDED),
    "darts-block-gru": Peer("darts", partial(of_darts, name="BlockRNNModel"), ADDED),
    "statsforecast-auto-theta": Peer(
        "statsforecast", partial(of_statsforecast, name="AutoTheta"), NONE, stochastic=False
    ),
    "statsforecast-dynamic-theta": Peer(
        "statsforecast", partial(of_statsforecast, name="DynamicOptimizedTheta"), NONE, stochastic=False
    ),
    "statsforecast-auto-ets": Peer("statsforecast", partial(of_statsforecast, name="AutoETS"), NONE, stochastic=False),
}


@dataclass(frozen=True)
class Order:
    """One run of one model, as its process is told.

    Parameters
    ----------
    folder, name, validate
        Where the data are, a key of `SETS`, and whether the last horizon of training is the test.
    model
        A key of `PEERS`.
    steps, seconds, threads, seed
        As in `Task`.
    """

    folder: Path
    name: str
    validate: bool
    model: str
    steps: int | None
    seconds: float | None
    threads: int
    seed: int


def judged(order: Order) -> dict[str, float]:
    """Return the scores of one run, its seconds, and the peak memory of the largest process in GB."""
    peer, found = PEERS[order.model], SETS[order.name]
    importlib.import_module(LOADED_LATE.get(peer.library, peer.library))
    loaded = load(order.folder, order.name, known_seasons=True, validate=order.validate)
    horizon = loaded.actual.shape[1]
    task = Task(loaded.panel, horizon, found.season, order.steps, order.seconds, order.threads, order.seed)
    started = time.perf_counter()
    mean = peer.forecast(task)
    seconds = time.perf_counter() - started
    if not np.isfinite(mean).all():
        raise ValueError(f"{int((~np.isfinite(mean)).any(axis=1).sum())} series have forecasts that are no numbers")
    reference = naive2(order.folder, loaded) if order.name == "m4-hourly" and not order.validate else None
    made = scores(found, loaded, np.asarray(mean, float), reference)
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return made | {"seconds": seconds, "GB": max(peaks) * unit / 1e9}


def work(order: Order, scratch: str, sender: Connection) -> None:
    """Send what `judged` returns, or one line of what went wrong; a process of its own, silent, in a scratch folder."""
    os.setsid()
    os.chdir(scratch)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    try:
        sender.send(judged(order))
    except Exception as error:  # noqa: BLE001 (a library may fail in any way, and the others go on)
        sender.send(f"{type(error).__name__}: {' '.join(str(error).split())[:160]}")


def run(order: Order, minutes: float) -> dict[str, float] | str:
    """Return the result of one run or, as one line, why there is none."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        process = context.Process(target=work, args=(order, scratch, sender))
        process.start()
        sender.close()
        try:
            if not receiver.poll(60 * minutes):
                return f"more than {minutes:g} min"
            found = receiver.recv()
            process.join(SECONDS_TO_END)
            return found
        except EOFError:
            process.join()
            return f"its process ended without a result, exit code {process.exitcode}"
        finally:
            _end(process)


def _end(process: Any) -> None:
    """Stop a process with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.join()


def missing(library: str) -> str | None:
    """Return how to install a library that is not there."""
    if find_spec(library):
        return None
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    wanted = next((line for line in lines if line.startswith(library)), library)
    return f"not installed: pip install '{wanted}'"


def row(order: Order, seeds: int, minutes: float) -> str:
    """Return the row of one model: means over its seeds, the largest memory."""
    peer = PEERS[order.model]
    if problem := missing(peer.library):
        return f"{order.model:30} {problem}"
    runs = []
    for seed in range(seeds if peer.stochastic else 1):
        found = run(replace(order, seed=seed), minutes)
        if isinstance(found, str):
            return f"{order.model:30} {found}"
        runs.append(found)
    mean = {key: float(np.mean([one[key] for one in runs])) for key in runs[0]}
    figures = "".join(f"{mean[key]:9.3f}" if key in mean else f"{'':9}" for key in COLUMNS)
    memory = max(one["GB"] for one in runs)
    return (
        f"{order.model:30}{figures}{mean['seconds']:9.1f}{memory:7.2f}{len(runs):7}  "
        f"{version(peer.library):9}  {peer.scaled}"
    )


def ending(options: argparse.Namespace) -> str:
    """Return what ends the training, in words."""
    if options.seconds:
        return f"networks of other libraries train for {options.seconds:g} seconds"
    return f"{options.steps or 'default'} updates"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", help=f"of {', '.join(SETS)}")
    parser.add_argument("--models", default=",".join(PEERS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, help="updates of every network, in place of its library's default")
    parser.add_argument("--seconds", type=float, help="of training, for every network of another library")
    parser.add_argument("--minutes", type=float, default=12, help="after which a run is stopped")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the processor, for every model")
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(THREADS, str(options.threads)) | {"CUDA_VISIBLE_DEVICES": ""}
    for name in options.sets.split(","):
        print(f"{name}, {options.threads} threads, {ending(options)}")
        heads = "".join(f"{head:>9}" for head in (*COLUMNS, "seconds"))
        print(f"{'model':30}{heads}{'GB':>7}{'seeds':>7}  {'version':9}  scaled by", flush=True)
        for model in options.models.split(","):
            order = Order(
                options.folder.resolve(),
                name,
                options.validate,
                model,
                options.steps,
                options.seconds,
                options.threads,
                seed=0,
            )
            print(row(order, options.seeds, options.minutes), flush=True)


if __name__ == "__main__":
    main()
