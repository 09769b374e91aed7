"""The verdict in plain words: what was found, how sure it is, and what weighs against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.analysis.wording import listing, number, percent, probability
from tidegate.evaluation.backtest import BASELINE
from tidegate.evaluation.significance import ALPHA, FEWEST, Comparison

if TYPE_CHECKING:
    from tidegate.evaluation.results import Backtest

MARGIN = 0.2
"""Fraction above the winner's error from which a model is clearly worse, whatever a weak test says."""

_FEW = 10
_NESTED = "auto chose anew before each origin: what it chose does not flatter its own score."


@dataclass(frozen=True, eq=False)
class Case:
    """What the sentences speak of.

    Parameters
    ----------
    backtest
        Every forecast.
    score
        "MASE" or "MAE".
    means
        Mean error by model, in ladder order.
    winner, recommended
        The decision.
    against
        By model: its error minus the winner's, tested.
    gain
        The recommended model's error minus the baseline's, tested.
    """

    backtest: Backtest
    score: str
    means: dict[str, float]
    winner: str
    recommended: str
    against: dict[str, Comparison]
    gain: Comparison

    @property
    def against_baseline(self) -> Comparison:
        """The winner's error minus the baseline's."""
        found = self.against[BASELINE]
        return Comparison(0.0 - found.difference, found.p, found.n, found.unit)

    def headline(self) -> str:
        """Return what to use and how it stands to the baseline, in one sentence."""
        if len(self.means) == 1:
            return f"Only {BASELINE} could be judged ({self._figure(BASELINE)}): there is nothing to compare it with."
        if self.recommended == BASELINE:
            clearly = "" if self.winner == BASELINE else "clearly "
            return f"Use {BASELINE}: of {len(self.means)} models nothing {clearly}beats it ({self._figure(BASELINE)})."
        ours, theirs = self.means[self.recommended], self.means[BASELINE]
        if ours == theirs:
            figure = self._figure(self.recommended)
            return f"Use {self.recommended}: it is simpler than {BASELINE}, and their errors are equal ({figure})."
        size = f"{percent(abs(1 - ours / theirs))} {'lower' if ours < theirs else 'higher'}" if theirs else "no lower"
        figures = f"{self._figure(self.recommended)} against {number(theirs)}"
        return f"Use {self.recommended}: its error is {size} than that of {BASELINE} ({figures}), {self._sure()}."

    def statement(self) -> str:
        """Return the conclusion: what to use, which model is the best, and how sure both are."""
        return " ".join([self.headline(), *self._best()])

    def sentences(self) -> tuple[str, ...]:
        """Return the statement, then what weighs on it."""
        said = [
            self.headline(),
            *self._best(),
            *self._climb(),
            "These scores are from the folds that chose the winner and flatter it: expect a little less on new data.",
            *([_NESTED] if "auto" in self.means else []),
            self._test(),
            *self._rule(),
            *(f"{name} failed: {why}" for name, why in self.backtest.failures.items()),
            *(f"{name} was left out: {why}" for name, why in self.backtest.left_out.items()),
            *(f"{name}: {result.note}" for name, result in self.backtest.results.items() if result.note),
            *self.backtest.notes,
        ]
        return tuple(said)

    def _figure(self, name: str) -> str:
        return f"{self.score} {number(self.means[name])}"

    def _sure(self) -> str:
        """Say whether the recommended model's gain over the baseline is more than luck."""
        if self.gain.significant:
            return _finding(self.gain)
        if self.gain.tested:
            return f"but {self.gain.counted} cannot rule out luck: {_finding(self.gain)}"
        return f"with {_finding(self.gain)}"

    def _best(self) -> list[str]:
        """Say which model has the lowest error, and why it is or is not the one to use."""
        if len(self.means) == 1:
            return []
        if self.winner == BASELINE and self.recommended == BASELINE:
            name = min((name for name in self.means if name != BASELINE), key=lambda name: self.means[name])
            return [f"The closest is {name} ({self._figure(name)}), with {_finding(self.against[name])}."]
        if self.recommended == self.winner:
            costs = {name: self.backtest.results[name].cost for name in self.means}
            cheaper = any(cost < costs[self.winner] for cost in costs.values())
            rest = "; every cheaper model is clearly worse" if cheaper else ""
            return [f"It has the lowest error of {len(self.means)} models{rest}."]
        above = self.means[self.recommended] - self.means[self.winner]
        size = f"{percent(above / self.means[self.winner])} higher" if above else "no higher"
        lowest = f"{self.winner} has the lowest error ({self._figure(self.winner)})"
        return [
            f"{lowest}, but {self.recommended} is the cheapest model that is not clearly worse: "
            f"its error is {size}, with {_finding(self.against[self.recommended])}."
        ]

    def _climb(self) -> list[str]:
        first, *rest = self.means
        if not rest:
            return []
        best, steps = self.means[first], []
        for name in rest:
            if self.means[name] < best:
                steps.append(f"{name} ({percent(1 - self.means[name] / best)} less)")
                best = self.means[name]
        if not steps:
            return [f"From simple to complex, no model has a lower error than {first}."]
        others = "; the others add nothing" if len(steps) < len(rest) else ""
        return [f"From simple to complex, starting at {first}, the error falls with {listing(steps)}{others}."]

    def _test(self) -> str:
        found = self.against[BASELINE]
        if found.unit == "series":
            n_folds = len(self.backtest.ends)
            origins = f"{n_folds} origins" if n_folds > 1 else "one origin"
            return f"The tests pair the models on {found.n:,} series, taken as independent, from {origins}."
        if found.n < FEWEST:
            return f"{found.counted} without overlap cannot carry a test; {FEWEST} are the least: use more folds."
        weak = " With so few, only a difference that is much the same in every fold can show."
        return f"The tests pair the models on {found.counted}.{weak if found.n < _FEW else ''}"

    def _rule(self) -> list[str]:
        said = []
        if len(self.means) > 1:
            said.append(
                "A model is clearly worse if its error is above the winner's by a difference unlikely to be luck "
                f"(p < {ALPHA:g}), or by more than {percent(MARGIN)}."
            )
        if self.score == "MAE":
            said.append(
                "No series changes from season to season before an origin (a constant series, say), so errors cannot "
                "be scaled: MAE decides."
            )
        return said


def _evidence(found: Comparison) -> str:
    return f"{probability(found.p)}, n = {found.counted}"


def _finding(found: Comparison) -> str:
    if not found.tested:
        return f"no test possible on {found.counted}"
    return f"{'a clear' if found.significant else 'no evidence of a'} difference ({_evidence(found)})"
