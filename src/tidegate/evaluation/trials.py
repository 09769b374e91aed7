"""The trials of a search: asked of Optuna, kept in a journal, the same again after an interruption."""

from __future__ import annotations

import hashlib
import logging
import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tidegate.errors import MissingExtraError, StorageError
from tidegate.evaluation.spaces import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.evaluation.spaces import Space, Values

State = Literal["complete", "pruned", "failed"]

_RANDOM = 8
"""Trials drawn evenly from the space before the sampler begins to learn, the defaults among them."""
_UNPRUNED = 4
"""Complete trials before which none is pruned."""


class Finished(NamedTuple):
    """One trial that came to an end.

    Attributes
    ----------
    number
        From 0, the defaults.
    settings
        What was tried, by name.
    state
        "complete": judged on all folds; "pruned": given up after some; "failed": the model could not be fitted.
    score
        Mean error over the folds judged; NaN without any.
    n_folds
        How many folds were judged.
    failure
        Why it failed, or "".
    """

    number: int
    settings: dict[str, Any]
    state: State
    score: float
    n_folds: int
    failure: str


class Trials:
    """A study: what was tried, and what to try next.

    Trial 0 are the defaults; the next ones are drawn evenly from the space, the others where the best of what
    was tried lie densest (the tree-structured Parzen estimator). A trial is pruned after a fold if its mean error so
    far lies above the median of the complete ones at that fold. Each trial is drawn with its own seed from the finished
    ones alone, so that one that was cut off is drawn again.

    Parameters
    ----------
    space
        What to try by name.
    defaults
        The first trial.
    seed
        Of the draws, at least 0.
    name
        What the study is about, as text; another study in the same file starts its own.
    file
        Journal of the study: lines of JSON; None keeps it in memory.

    Raises
    ------
    MissingExtraError
        If optuna is not installed.
    StorageError
        If the file is damaged.

    Source: Bergstra, Bardenet, Bengio & Kegl (2011), Algorithms for hyper-parameter optimization, NeurIPS 24, section
    4; the median rule: Golovin et al. (2017), Google Vizier, KDD, section 3.2; the optuna library.
    """

    def __init__(
        self, space: Space, defaults: Mapping[str, Any], *, seed: int, name: str, file: Path | None = None
    ) -> None:
        self._optuna = library()
        self._defaults, self._seed = dict(defaults), seed
        self._distributions = {key: self._distribution(values) for key, values in space.items()}
        self._states = self._optuna.trial.TrialState
        self._combinations = math.prod(len(v) if isinstance(v, tuple) else math.inf for v in space.values())
        with self._quiet():
            self._study = self._optuna.create_study(
                storage=self._storage(file),
                study_name=hashlib.sha256(f"{name} {sorted(space.items())} {seed}".encode()).hexdigest()[:16],
                pruner=self._optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED),
                direction="minimize",
                load_if_exists=True,
            )
            for cut_off in self._study.get_trials(deepcopy=False, states=(self._states.RUNNING,)):
                self._study.tell(cut_off.number, state=self._states.FAIL)

    def finished(self) -> list[Finished]:
        """Return the trials that came to an end, in their order."""
        ended = (self._states.COMPLETE, self._states.PRUNED)
        return [_finished(k, one, self._states) for k, one in enumerate(self._study.get_trials(states=ended))]

    @property
    def exhausted(self) -> bool:
        """Whether every combination of a space of lists was tried."""
        return len({repr(sorted(one.settings.items())) for one in self.finished()}) >= self._combinations

    def ask(self) -> Asked:
        """Return what to try next."""
        number = len(self.finished())
        with self._quiet():
            if number == 0 and not self._study.get_trials(deepcopy=False, states=(self._states.WAITING,)):
                self._study.enqueue_trial(self._defaults)
            self._study.sampler = self._optuna.samplers.TPESampler(
                n_startup_trials=_RANDOM,
                constant_liar=False,
                seed=int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0]),
            )
            trial = self._study.ask(self._distributions)
        return Asked(self._study, trial, number)

    def _storage(self, file: Path | None) -> Any:
        if file is None:
            return None
        try:
            _mend(file)
            journal = self._optuna.storages.journal
            lock = journal.JournalFileOpenLock(str(file))  # the other kind needs privileges on Windows
            return self._optuna.storages.JournalStorage(journal.JournalFileBackend(str(file), lock))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise StorageError(f"{file} is damaged: {error}. Remove it and start the search again.") from error

    def _distribution(self, values: Values) -> Any:
        kinds = self._optuna.distributions
        if not isinstance(values, Range):
            return kinds.CategoricalDistribution(values)
        whole = isinstance(values.low, int) and isinstance(values.high, int)
        return (kinds.IntDistribution if whole else kinds.FloatDistribution)(values.low, values.high, log=values.log)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep the library's reports of progress to itself."""
        logger = logging.getLogger("optuna")
        level = logger.level
        logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            logger.setLevel(level)


class Asked:
    """A trial under way.

    Attributes
    ----------
    number
        From 0.
    settings
        What to try, by name.
    """

    def __init__(self, study: Any, trial: Any, number: int) -> None:
        self._study, self._trial = study, trial
        self.number = number
        self.settings: dict[str, Any] = dict(trial.params)

    def hopeless(self, n_folds: int, score: float) -> bool:
        """Report the mean error after `n_folds` folds; return whether the trial should be given up."""
        self._trial.report(score, n_folds)
        return bool(self._trial.should_prune())

    def complete(self, score: float) -> bool:
        """Write down the mean error over all folds; return whether the trial is the best so far."""
        if not math.isfinite(score):
            self.fail(f"its error is {score}")
            return False
        self._study.tell(self._trial, score)
        return bool(self._study.best_trial.number == self._trial.number)

    def prune(self) -> None:
        """Write down that the trial was given up."""
        self._study.tell(self._trial, state=library().trial.TrialState.PRUNED)

    def fail(self, why: str) -> None:
        """Write down that the model could not be fitted; the sampler takes it for the worst."""
        self._trial.set_user_attr("failure", why)
        self.prune()


def library() -> Any:
    """Return optuna.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", "tune") from error
    return optuna


def _finished(number: int, trial: Any, states: Any) -> Finished:
    failure = trial.user_attrs.get("failure", "")
    state: State = "complete" if trial.state == states.COMPLETE else "failed" if failure else "pruned"
    values = trial.intermediate_values
    score = trial.value if state == "complete" else values[max(values)] if values else float("nan")
    return Finished(number, dict(trial.params), state, float(score), len(values), failure)


def _mend(file: Path) -> None:
    """Take away what a run that was killed while writing left: half a line, and a lock."""
    if not file.exists():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        file.write_bytes(content[:whole])
    Path(f"{file}.lock").unlink(missing_ok=True)
