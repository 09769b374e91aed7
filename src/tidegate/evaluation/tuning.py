"""Settings chosen from the data: many are tried on past origins, the defaults first, and the best fits everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from sklearn.base import clone

from tidegate.checks import check_whole
from tidegate.data.intake import as_panel
from tidegate.errors import DataError, ModelError, Place, SettingError
from tidegate.evaluation import spaces
from tidegate.evaluation.outlay import Outlay, TimeUp
from tidegate.evaluation.significance import compare
from tidegate.evaluation.trials import Trials, library
from tidegate.evaluation.validation import Validation
from tidegate.evaluation.worth import Account, Contest
from tidegate.forecasters import registry
from tidegate.scoring import metrics
from tidegate.scoring.folds import Folds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.evaluation.significance import Comparison
    from tidegate.evaluation.spaces import Range
    from tidegate.evaluation.trials import Asked, Finished
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

JOURNAL = "study.journal"
"""Name of the file that keeps the finished trials."""

MOST_JUDGED = 1_000
"""Series of a panel that the trials learn from and are judged by, at most."""


class Watch(Protocol):
    """Told how a search gets on."""

    def ended(self, trial: Finished, n_trials: int) -> None:
        """Hear that `trial` of `n_trials` came to an end."""


@dataclass(frozen=True)
class Search:
    """How to tune.

    Parameters
    ----------
    folds
        Past origins that settings are judged at, at least 1.
    held_out
        Newest horizons that take no part in the choice; the chosen settings and the defaults are judged on them once,
        at the end. 0 for none.
    trials
        Settings to try, the defaults among them, at least 1; fewer where a space of lists holds fewer.
    budget
        Seconds that everything may take, the final fit included; None for no limit. Without one the same seed gives the
        same bits.
    store
        Folder that keeps finished trials and folds, from which an interrupted search goes on; None for none.
    watch
        Told how it gets on.

    Raises
    ------
    SettingError
        If a number is outside its limits.
    """

    folds: int = 5
    held_out: int = 0
    trials: int = 30
    budget: float | None = None
    store: str | Path | None = None
    watch: Watch | None = None

    def __post_init__(self) -> None:
        for name, least in (("folds", 1), ("held_out", 0), ("trials", 1)):
            check_whole(name, getattr(self, name), least=least)
        if self.budget is not None and not self.budget > 0:
            raise SettingError(f"budget is {self.budget} seconds; it must be above 0, or None for no limit.")


@dataclass(frozen=True, eq=False)
class Tuning:
    """What a search found.

    Parameters
    ----------
    settings
        The best settings, as arguments of the model's class: ``GRU(**tuning.settings)``.
    trials
        One row per finished trial: trial (0 are the defaults), state, score (MASE, or MAE where nothing can be
        scaled), folds judged, and the settings.
    model
        A forecaster with these settings, fitted to everything.
    gain
        Error of the best settings minus that of the defaults on the folds that chose them, tested; None if the budget
        ended before the defaults were judged.
    judged
        The same on the held-out newest horizons; None without any.
    sentences
        Whether tuning pays, and what a reader must know to weigh that.
    """

    settings: dict[str, Any]
    trials: pd.DataFrame
    model: Forecaster
    gain: Comparison | None
    judged: Comparison | None
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Return the model's name and the best settings as plain numbers and text for JSON; None is left to a rule."""
        tuned: dict[str, Any] = dict(self.settings)
        if "training" in tuned:
            tuned["training"] = {k: v for k, v in tuned["training"]._asdict().items() if k in self.trials}
        return {"model": self.model.name, "settings": tuned}


def tune(
    data: Any,
    model: str | Forecaster = "gru",
    *,
    horizon: int,
    trials: int = 30,
    budget: float | None = None,
    seed: int = 0,
    space: Mapping[str, Range | Sequence[Any]] | None = None,
) -> Tuning:
    """Find good settings of a model on past origins, and fit it with them.

    Every trial is fitted anew before each of five past origins, one horizon apart, and sees nothing after it. The trial
    with the smallest mean MASE wins; the defaults are always among them. `search` takes more options.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame.
    model
        Registry name, or a forecaster whose settings are the defaults to start from.
    horizon
        Steps ahead, at least 1.
    trials
        Settings to try, the defaults among them, at least 1.
    budget
        Seconds that everything may take, the final fit included; None for no limit.
    seed
        Of the draws, and of a model given by name; at least 0.
    space
        Setting to values, each a `Range` or a list; None for the usual ones of the family.

    Returns
    -------
    Tuning
        The same bits for the same seed, unless a budget decides.

    Raises
    ------
    DataError
        If no series is long enough.
    SettingError
        If the model has nothing to tune, or a setting is outside its limits.
    MissingExtraError
        If optuna is not installed.
    """
    how = Search(trials=trials, budget=budget)
    return search(as_panel(data), model, how, horizon=horizon, seed=seed, space=space)


def search(
    panel: Panel,
    model: str | Forecaster,
    how: Search,
    *,
    horizon: int,
    seed: int = 0,
    space: Mapping[str, Range | Sequence[Any]] | None = None,
) -> Tuning:
    """Do what `tune` does, with its options in `how`; raises what it raises."""
    outlay = Outlay(how.budget, n_after=1 + 2 * how.held_out)
    library()
    base = _base(model, seed)
    known = _drawn(_older(panel, how.held_out * horizon), seed)
    validation = Validation(known, Folds(horizon, how.folds), how.store)
    chosen = spaces.usual(base, validation.panel, horizon) if space is None else spaces.given(space, base)
    default = spaces.settings_of(base, tuple(chosen))
    file = None if how.store is None else Path(how.store) / JOURNAL
    trials = Trials(chosen, default, seed=seed, name=validation.about(base), file=file)
    _Run(trials, validation, base, outlay, how).go_on()
    finished = trials.finished()
    best = min((one for one in finished if one.state == "complete"), key=lambda one: one.score, default=None)
    pair = tuple(spaces.configured(base, settings) for settings in (best.settings if best else default, default))
    contest = None if best is None else _contest(validation, pair)
    later = None
    if best is not None and best.number and how.held_out:
        later = _contest(Validation(_drawn(panel, seed), Folds(horizon, how.held_out)), pair, outlay)
    fitted = outlay.limited(clone(pair[0]), of=1).fit(panel, horizon=horizon)
    account = Account(
        base.name, validation.score, finished, how.trials, best.number if best else 0, contest, later, outlay.ended
    )
    return Tuning(
        spaces.arguments(base, best.settings if best else default),
        _table(finished, validation.score, tuple(chosen)),
        fitted,
        None if contest is None else contest.gain,
        None if later is None else later.gain,
        account.sentences(),
    )


@dataclass(frozen=True, eq=False)
class _Run:
    """A search under way."""

    trials: Trials
    validation: Validation
    base: Forecaster
    outlay: Outlay
    how: Search

    def go_on(self) -> None:
        """Make the trials that are not finished yet, as far as the time goes."""
        try:
            while (number := len(self.trials.finished())) < self.how.trials and not self.trials.exhausted:
                if not self.outlay.allows_a_trial():
                    break
                self._try(self.trials.ask())
                if self.how.watch is not None:
                    self.how.watch.ended(self.trials.finished()[number], self.how.trials)
        except TimeUp:
            self.outlay.ended = True

    def _try(self, asked: Asked) -> None:
        """Judge one trial from the newest fold to the oldest, as long as there is hope for it."""
        model, count = spaces.configured(self.base, asked.settings), self.validation.folds.count
        errors: list[Floats] = []
        seconds: list[float] = []
        for fold in reversed(range(count)):
            try:
                with self.outlay.limits():
                    found = self.validation.judged(model, fold)
            except ModelError as error:
                if asked.number == 0:
                    raise
                asked.fail(str(error))
                return
            errors.append(found.errors)
            seconds.append(found.seconds)
            self.outlay.take_fit(found.seconds)
            score = float(metrics.average(np.stack(errors), None))
            if asked.hopeless(len(errors), score) and len(errors) < count:
                asked.prune()
                self.outlay.take_trial(seconds, best=False)
                return
        self.outlay.take_trial(seconds, best=asked.complete(score))


def _contest(validation: Validation, pair: tuple[Forecaster, ...], outlay: Outlay | None = None) -> Contest:
    """Return how the first model of `pair` does beside the second, the defaults."""
    count = validation.folds.count
    errors = []
    for k, model in enumerate(pair):
        limited = outlay.limited(clone(model), of=1 + (2 - k) * count) if outlay else model
        errors.append(validation.errors(limited))
    ours, theirs = (float(metrics.average(one, None)) for one in errors)
    return Contest(ours, theirs, compare(*errors, overlap=validation.folds.overlap), count)


def _base(model: str | Forecaster, seed: int) -> Forecaster:
    """Return the model whose settings are the defaults."""
    if not isinstance(model, str):
        made: Forecaster = clone(model)
        return made
    entry = registry.entry(model)
    return entry.build({"seed": seed} if entry.traits.stochastic else {})


def _older(panel: Panel, n_steps: int) -> Panel:
    """Return the panel without the newest steps of each series, and without series that have no more."""
    if not n_steps:
        return panel
    enough = np.flatnonzero(panel.lengths > n_steps)
    kept = panel.take(enough)
    if not len(enough):
        n = int(np.argmax(panel.lengths))
        raise DataError(
            f"{panel.lengths[n]} observations; {n_steps} are held out",
            place=Place(series=str(panel.ids[n])),
            repair="Hold fewer horizons out, choose a shorter horizon, or give a longer series.",
        )
    return kept.before(kept.lengths - n_steps, n_steps)


def _drawn(panel: Panel, seed: int) -> Panel:
    """Return at most `MOST_JUDGED` of the series, drawn by seed, in the panel's order."""
    if len(panel) <= MOST_JUDGED:
        return panel
    return panel.take(np.sort(np.random.default_rng(seed).permutation(len(panel))[:MOST_JUDGED]))


def _table(finished: Sequence[Finished], score: str, names: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per trial; a setting left to its rule stays None, and whole numbers stay whole beside it."""
    rows = [
        {"trial": one.number, "state": one.state, score: one.score, "folds": one.n_folds} | one.settings
        for one in finished
    ]
    made = pd.DataFrame(rows, columns=["trial", "state", score, "folds", *names], dtype=object)
    for name in made.columns[made.notna().all()]:
        made[name] = made[name].infer_objects()
    return made
