"""What every section of the report needs to know about a study, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes
from tidegate.scoring import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.backtest import Backtest
    from tidegate.evaluation.selection import Verdict
    from tidegate.panel import Panel

_SHARES = (0.5, 0.1, 0.9)


@dataclass(frozen=True)
class View:
    """A backtest with its verdict, seen as the report shows it.

    Parameters
    ----------
    backtest
        What every model forecast.
    verdict
        Which of them to trust.
    """

    backtest: Backtest
    verdict: Verdict

    @property
    def panel(self) -> Panel:
        """The series that were judged."""
        return self.backtest.panel

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.backtest.folds.horizon

    @cached_property
    def scores(self) -> list[dict[str, Any]]:
        """One row of scores per model, in ladder order."""
        frame = self.backtest.scores()
        return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]

    def score(self, model: str, name: str) -> float:
        """Return one score of one model, NaN if it has none."""
        return next((_number(row[name]) for row in self.scores if row["model"] == model), float("nan"))

    @property
    def measure(self) -> str:
        """The score that decided: "MASE", or "MAE" where nothing can be scaled."""
        return self.verdict.score

    @property
    def measure_axis(self) -> str:
        """The title of an axis that shows `measure`, with its unit."""
        return score_axis(self.measure)

    @cached_property
    def leading(self) -> list[str]:
        """The models worth drawing one by one: recommended, winner, baseline, each once; two at least, if there are."""
        names = (self.verdict.recommended, self.verdict.winner, self.verdict.baseline)
        kept = list(dict.fromkeys(names))
        others = [row["model"] for row in self.scores if row["model"] not in kept]
        if len(kept) == 1 and others:
            kept.append(min(others, key=lambda name: self.score(name, self.measure)))
        return kept

    def role(self, model: str) -> str:
        """Return the role that decides how `model` is drawn; the model that is drawn beside a lone one as a winner."""
        own = role(self.verdict, model)
        return "winner" if own == "other" and model in self.leading else own

    @cached_property
    def key(self) -> list[tuple[str, str]]:
        """What the styles of the leading models stand for."""
        return [(self.role(name), self.titled(name)) for name in self.leading]

    def titled(self, model: str) -> str:
        """Return the name of `model` with why it is singled out."""
        said = {"recommended": "recommended", "winner": "lowest error", "baseline": "the baseline"}
        chosen = [text for one, text in said.items() if model == getattr(self.verdict, one)]
        return f"{model} ({', '.join(chosen or ['the next best'])})"

    @cached_property
    def ratios(self) -> NDArray[np.float64]:
        """Mean absolute error of the recommended model over that of `opponent`, per series, shape (N,)."""
        ours, theirs = (self._errors(name) for name in (self.verdict.recommended, self.opponent))
        made: NDArray[np.float64] = np.divide(ours, theirs, out=np.full(len(ours), np.nan), where=theirs > 0)
        return made

    @property
    def opponent(self) -> str:
        """The model to compare the recommended one with: the baseline, or the next best where they are the same."""
        ours, base = self.verdict.recommended, self.verdict.baseline
        return base if ours != base else self.leading[-1]

    def _errors(self, model: str) -> NDArray[np.float64]:
        """Mean absolute error over folds and steps, shape (N,); NaN where nothing was forecast."""
        return metrics.mae(self.backtest.actual, self.backtest.results[model].mean, (0, 2))

    @cached_property
    def shown(self) -> list[tuple[int, str]]:
        """Positions of the series that are drawn, and why: all of up to three, else typical, easy and hard."""
        if len(self.panel) <= 3:
            return [(n, "") for n in range(len(self.panel))]
        scaled = self.measure == "MASE"
        model = self.verdict.recommended
        errors = metrics.average(self.backtest.scaled_errors(model), 0) if scaled else self._errors(model)
        chosen = axes.quantile_positions(errors, _SHARES)
        return list(zip(chosen, ("a typical series", "an easy one", "a hard one"), strict=False))


def score_axis(score: str) -> str:
    """Return the title of an axis that shows the deciding score, with its unit."""
    return "MASE (1 = naive error in training)" if score == "MASE" else "MAE (in the data's unit)"


def role(verdict: Verdict, model: str) -> str:
    """Return the role of `model` in `verdict`: recommended, winner, baseline or other."""
    for one in ("recommended", "winner", "baseline"):
        if model == getattr(verdict, one):
            return one
    return "other"


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
