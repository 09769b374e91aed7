"""Whether tuning pays, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.analysis.wording import number, percent, probability
from tidegate.evaluation.significance import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.evaluation.significance import Comparison
    from tidegate.evaluation.trials import Finished


@dataclass(frozen=True)
class Contest:
    """The best settings beside the defaults on some folds.

    Parameters
    ----------
    best, default
        Mean error of each.
    gain
        Error of the best minus that of the defaults, tested.
    n_folds
        On how many folds.
    """

    best: float
    default: float
    gain: Comparison
    n_folds: int


@dataclass(frozen=True)
class Account:
    """What the sentences speak of.

    Parameters
    ----------
    model
        Its name.
    score
        "MASE" or "MAE".
    trials
        Every finished trial.
    wanted
        How many were asked for.
    best
        Number of the best trial; 0 are the defaults.
    chosen
        On the folds that chose the settings; None if the defaults were not judged.
    held_out
        On the newest horizons; None without any, or if the defaults are the best.
    stopped
        Whether a budget ended the search.
    """

    model: str
    score: str
    trials: Sequence[Finished]
    wanted: int
    best: int
    chosen: Contest | None
    held_out: Contest | None
    stopped: bool

    def sentences(self) -> tuple[str, ...]:
        """Return whether tuning pays, and what a reader must know to weigh that."""
        if self.chosen is None:
            return (f"The budget ended before the defaults of {self.model} were judged: they stay. Give more time.",)
        return (*self._result(self.chosen), self._count(), *self._weighed(), *self._stopped())

    def _result(self, contest: Contest) -> list[str]:
        on = f"{contest.n_folds} validation fold{'' if contest.n_folds == 1 else 's'}"
        if len(self.trials) == 1:
            return [
                f"Only the defaults of {self.model} were judged ({self.score} {number(contest.default)}): they stay."
            ]
        if self.best == 0:
            return [
                f"Tuning does not beat the defaults of {self.model} on the {on}: no other settings have a lower error "
                f"({self.score} {number(contest.default)})."
            ]
        return [f"Tuned settings (trial {self.best}) {self._against(contest, on)}"]

    def _against(self, contest: Contest, on: str) -> str:
        lower = contest.best < contest.default
        size = percent(abs(1 - contest.best / contest.default)) if contest.default > 0 else "no"
        figures = f"{self.score} {number(contest.best)} against {number(contest.default)}"
        direction = "lower" if lower else "higher"
        return f"have an error {size} {direction} than the defaults on the {on} ({figures}), {_finding(contest.gain)}."

    def _count(self) -> str:
        parts = {
            "judged on every fold": sum(one.state == "complete" for one in self.trials),
            "pruned": sum(one.state == "pruned" for one in self.trials),
            "failed": sum(one.state == "failed" for one in self.trials),
        }
        said = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
        return f"{len(self.trials)} trial{'' if len(self.trials) == 1 else 's'}: {said}."

    def _weighed(self) -> list[str]:
        if self.best == 0:
            return []
        flattered = "The validation folds chose these settings and flatter them"
        if self.held_out is None:
            return [f"{flattered}: expect a little less on new data."]
        steps = self.held_out.n_folds
        on = f"newest {'horizon' if steps == 1 else f'{steps} horizons'}, which took no part in the choice"
        return [f"{flattered}.", f"They {self._against(self.held_out, on)}"]

    def _stopped(self) -> list[str]:
        if not self.stopped:
            return []
        return [f"The budget ended the search after {len(self.trials)} of {self.wanted} trials."]


def _finding(gain: Comparison) -> str:
    if not gain.tested:
        return f"with no test possible on {gain.counted}; {FEWEST} are the least"
    evidence = f"{probability(gain.p)}, n = {gain.counted}"
    return f"a clear difference ({evidence})" if gain.significant else f"but that may be luck ({evidence})"
