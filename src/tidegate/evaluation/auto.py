"""The model that chooses: candidates forecast the end of the training data, and those that help are combined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.analysis.wording import listing, number, percent
from tidegate.checks import check_whole
from tidegate.errors import DataError, ModelError
from tidegate.evaluation.allotment import Allotment
from tidegate.evaluation.candidates import candidates_for, folds_for
from tidegate.evaluation.contenders import BASELINE
from tidegate.evaluation.plan import plan
from tidegate.evaluation.reasons import MARGIN
from tidegate.evaluation.work import Job
from tidegate.forecasters import registry
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.ensemble import UNFIT, Ensemble, asked, built, check_members
from tidegate.panel import Intervals
from tidegate.scoring import metrics
from tidegate.scoring.conformal import half_widths, shortage
from tidegate.scoring.folds import Folds
from tidegate.scoring.scaling import seasonal_scales
from tidegate.training.settings import Training, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.evaluation.plan import Plan
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Score = Callable[[Floats], float]

_ROUNDS, _DOUBT, _LEAST_WEIGHT = 20, 10, 0.05
_MEASURE, _CALIBRATED, _NARROWEST = 80, 100, 0.1
_NETWORKS = 3


class Auto(Forecaster):
    """The weighted mean of those models that forecast the end of the training data best, fitted to all of it.

    Candidates are fitted once before the oldest of the folds at the end of the training data and forecast from each.
    Models over all series learn from all of them, the others from those that are judged. The score is the mean of MASE
    and sMAPE, each divided by that of seasonal naive; MASE alone where a value is not above zero.

    Weights are found by ensemble selection: starting from none, the candidate that lowers the score of the mean most
    joins, twenty times, the same one as often as it helps. Such weights g fit the folds too well, so they are drawn
    towards equal weights e of all candidates whose score is at most 20 % above the best: w = s g + (1 - s) e, with
    s = n / (2 n + 20) after n forecasts judged. Weights below 5 % are dropped. Seasonal naive is always judged, and
    counts only if nothing beats it. Tried on the ends of the training parts of M3, Tourism and NN5, this was more
    accurate than the best candidate alone, than g, e, and weights by the inverse of the error.

    Parameters
    ----------
    candidates
        Registry names or forecasters; None for the rule of `candidates_for`.
    folds
        Origins, one horizon apart, on which they are judged; None for as many as give 30 forecasts, from 3 to 5, and
        at most a third of a typical series.
    judged
        Most series to judge on, drawn by seed, at least 1.
    seed
        Of the draw and of stochastic candidates that are named, at least 0.
    budget
        Wall-clock seconds of a fit, positive, as in `Training`: of many series candidates that would take longer are
        left out after a few of them, and networks train for what the others leave, each chosen one for an equal part.
        Of one series a candidate that cannot be told how long to take is fitted in full, however long that is, and one
        over all series is fitted once to be judged: the time may be passed by what these take. None for no limit.

    Attributes
    ----------
    choice_ : str
        Names of the models whose mean is the forecast, the heaviest first, joined by "+".
    scores_ : dict of str to float
        Score of every candidate on the folds, from the best; empty if nothing could be judged.
    weights_ : dict of str to float
        What each chosen model counts for, 1 in sum.
    model_ : Forecaster
        The choice, fitted to everything.

    Source: Caruana, Niculescu-Mizil, Crew & Ksikes (2004), Ensemble selection from libraries of models, ICML, section
    2.1 (selection with replacement); for the score Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition,
    section 2 (OWA, there relative to Naive2).
    """

    name = "auto"

    choice_: str
    scores_: dict[str, float]
    weights_: dict[str, float]
    model_: Forecaster

    def __init__(
        self,
        *,
        candidates: Sequence[str | Forecaster] | None = None,
        folds: int | None = None,
        judged: int = 200,
        seed: int = 0,
        budget: float | None = None,
    ) -> None:
        self.candidates, self.folds, self.judged, self.seed = candidates, folds, judged, seed
        self.budget = budget

    @property
    def traits(self) -> registry.Traits:
        """What is declared for any choice; once fitted, the scope of this one and whether it listens to the seed."""
        declared = registry.traits(self.name)
        if not hasattr(self, "model_"):
            return declared
        found = self.model_.traits
        return replace(declared, scope=found.scope, stochastic=found.stochastic)

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.candidates is not None:
            check_members("candidates", self.candidates)
        if self.folds is not None:
            check_whole("folds", self.folds, least=1)
        check_whole("judged", self.judged, least=1)
        check_whole("seed", self.seed, least=0)
        checked(Training(budget=self.budget))

    def _fit(self, panel: Panel, horizon: int) -> None:
        allotment = Allotment(self.budget, len(panel))
        wanted = candidates_for(panel, horizon) if self.candidates is None else tuple(self.candidates)
        if BASELINE not in [one if isinstance(one, str) else one.name for one in wanted]:
            wanted = (BASELINE, *wanted)
        models, missing = built(wanted, self.seed)
        if self.candidates is None and "gru" in models:
            models["gru"].set_params(n_members=_NETWORKS)
        failed = {label: str(error) for label, error in missing.items()}
        try:
            planned = plan(
                self._as_observed(panel), Folds(horizon=horizon, count=self.folds or folds_for(panel, horizon), refit=0)
            )
            drawn = np.random.default_rng(self.seed).permutation(len(planned.panel))[: self.judged]
            trial = tried(models, planned, horizon, drawn=np.sort(drawn), allotment=allotment)
            weights, self.scores_ = chosen(trial)
            places = trial.places(weights)
            failed |= trial.failed
            notes = [trial.said(self.scores_), *planned.notes]
        except DataError as error:
            weights, self.scores_, places = _unjudged(models), {}, None
            notes = [f"Nothing could be judged before the end ({error}), so the usual candidates count the same."]
        fits = allotment.to_fit({label: models[label] for label in weights})
        own = self._refit({label: (fits[label], weight) for label, weight in weights.items()}, panel)
        self._places = places if set(self.weights_) == set(weights) else None
        lost = [f"{label} could not be judged: {why}" for label, why in failed.items()]
        self.notes_ = (*self._said(), *notes, *lost, *own)

    def _refit(self, weighted: dict[str, tuple[Forecaster, float]], panel: Panel) -> tuple[str, ...]:
        """Fit the chosen models to everything, and return what to know of it; what fails leaves its share to others."""
        models, weights = zip(*weighted.values(), strict=True)
        try:
            made = Ensemble(members=models, combine="weights", weights=weights).fit(panel, horizon=self.horizon_)
            notes = made.notes_[1:]
        except UNFIT as error:
            made = Ensemble(members=(BASELINE,)).fit(panel, horizon=self.horizon_)
            notes = (f"{BASELINE} stands in: {error}",)
        self.model_ = made if len(made.members_) > 1 else made.members_[0]
        self.weights_ = dict(zip(made.labels_, made.weights_.tolist(), strict=True))
        self.choice_ = "+".join(made.labels_)
        return notes

    def _said(self) -> list[str]:
        if len(self.weights_) == 1:
            return [f"auto chose {self.choice_}."]
        shares = [f"{name} ({percent(weight)})" for name, weight in self.weights_.items()]
        return [f"auto chose the weighted mean of {listing(shares)}."]

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        data = None if panel is self.history_ else panel
        if self._places is None or not levels:
            made = asked(self.model_, data, levels)
            self.shortage_ = self.model_.shortage_
            return made
        mean, measure = asked(self.model_, data, (_MEASURE,))
        if measure is None:
            return mean, None
        self.shortage_ = shortage(self._places, levels)
        widths = half_widths(self._places, levels)
        below, above = _sides(mean, measure.lower[..., 0], measure.upper[..., 0])
        lower, upper = mean[..., None] - below[..., None] * widths, mean[..., None] + above[..., None] * widths
        return mean, Intervals(levels, lower, upper)

    def _count_parameters(self) -> int:
        return self.model_.n_parameters

    def _state(self) -> Tree:
        learned = {"choice": self.choice_, "scores": self.scores_, "weights": self.weights_, "places": self._places}
        return {"model": self.model_, **learned}

    def _restore(self, state: Tree) -> None:
        self._places = state["places"]
        self.model_, self.choice_ = state["model"], state["choice"]
        self.scores_, self.weights_ = state["scores"], state["weights"]


class Trial(NamedTuple):
    """What the candidates forecast of the end of the training data.

    Attributes
    ----------
    means
        By label, shape (K, M, F): K folds of M judged series.
    bounds
        By label, shape (2, K, M, F, 1): the 80 % interval, (2, K, M, F, 0) where none was asked for; NaN where a
        candidate could give none.
    actual
        Shape (K, M, F): what happened, NaN where missing.
    score
        The error of such an array, 1 for seasonal naive.
    failed
        By label: why a candidate could not forecast.
    n_series
        All series that are long enough to judge on, N.
    """

    means: dict[str, Floats]
    bounds: dict[str, Floats]
    actual: Floats
    score: Score
    failed: dict[str, str]
    n_series: int

    @property
    def n_forecasts(self) -> int:
        """How many forecasts of each candidate were judged."""
        return int(np.prod(next(iter(self.means.values())).shape[:2]))

    def places(self, weights: dict[str, float]) -> Floats | None:
        """Return how far from the weighted mean the actual values lie, shape (K, M, F), where it is worth knowing.

        The unit is the distance of the 80 % bound on that side. None for one model alone, which knows its own width,
        for few forecasts, and for models without intervals.
        """
        told = [label for label in weights if self.bounds[label].size and np.isfinite(self.bounds[label]).all()]
        if len(weights) == 1 or not told or self.n_forecasts < _CALIBRATED:
            return None
        mean = np.sum([weight * self.means[label] for label, weight in weights.items()], axis=0)
        shares = np.array([weights[label] for label in told])
        lower, upper = np.tensordot(shares / shares.sum(), np.stack([self.bounds[label] for label in told]), axes=1)
        below, above = _sides(mean, lower[..., 0], upper[..., 0])
        error = self.actual - mean
        side = np.where(error < 0, below, above)
        places = np.divide(np.abs(error), side, out=np.full(error.shape, np.nan), where=side > 0)
        return places if np.isfinite(places).any() else None

    def said(self, scores: dict[str, float]) -> str:
        """Return how it was judged and what each scored."""
        n_folds, judged, steps = next(iter(self.means.values())).shape
        series = f"{judged:,} series" if judged == self.n_series else f"{judged:,} of {self.n_series:,} series"
        listed = listing([f"{name} {number(value)}" for name, value in scores.items()])
        return (
            f"Judged on {series} at {n_folds} origin{'s' if n_folds > 1 else ''} within the training data, {steps} "
            f"step{'s' if steps > 1 else ''} each; error relative to {BASELINE}: {listed}."
        )


def tried(
    models: dict[str, Forecaster], planned: Plan, horizon: int, *, drawn: Integers, allotment: Allotment | None = None
) -> Trial:
    """Fit every model before the oldest origin of the plan and forecast the series `drawn`, shape (M,), from each.

    Models over all series are fitted to all of them, the others to those that are drawn; those for which the allotment
    has no time are left out, but for seasonal naive.

    Raises
    ------
    ModelError
        If seasonal naive cannot forecast.
    """
    whole, sample = (planned.panel, planned.ends), (planned.panel.take(drawn), planned.ends[:, drawn])
    means: dict[str, Floats] = {}
    bounds: dict[str, Floats] = {}
    failed: dict[str, str] = {}
    levels = (_MEASURE,) if planned.ends[:, drawn].size >= _CALIBRATED else ()
    shares = allotment or Allotment(None, len(planned.panel))
    for label, model in models.items():
        together = model.traits.scope == "panel"
        panel, ends = whole if together else sample
        job = Job(model, panel.before(ends[-1], horizon), ends, horizon, 0, None, levels)
        refused = shares.refusal(label, job) if label != BASELINE else ""
        if refused:
            failed[label] = refused
            continue
        outcome = shares.judged(label, job)
        if outcome.failure or outcome.missing:
            failed[label] = outcome.failure or outcome.missing
            continue
        taken = drawn if together else slice(None)
        means[label] = outcome.mean[:, taken]
        bounds[label] = np.stack([side[..., :1][:, taken] for side in (outcome.lower, outcome.upper)])
    if BASELINE not in means:
        raise ModelError(f"{BASELINE}, which every candidate is compared with, failed: {failed.get(BASELINE)}")
    panel, ends = sample
    actual = panel.values[(panel.offsets[:-1] + ends)[..., None] + np.arange(horizon)]
    parts = [panel.series(n)[:end] for row in ends for n, end in enumerate(row)]
    scale = seasonal_scales(parts, panel.season).absolute.reshape(ends.shape)
    percentages = bool(np.nanmin(panel.values) > 0)
    score = scorer(actual, means[BASELINE], scale, percentages=percentages)
    return Trial(means, bounds, actual, score, failed, len(planned.panel))


def _sides(mean: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Return how far the bounds lie below and above the mean, each at least a tenth of their distance."""
    least = _NARROWEST * (upper - lower)
    return np.maximum(mean - lower, least), np.maximum(upper - mean, least)


def scorer(actual: Floats, reference: Floats, scale: Floats, *, percentages: bool) -> Score:
    """Return the function that scores a forecast of shape (K, M, F).

    Parameters
    ----------
    actual, reference
        What happened, NaN where missing, and the forecast that scores 1, both of shape (K, M, F).
    scale
        Shape (K, M): what MASE divides by.
    percentages
        Whether sMAPE counts as much as MASE. A measure in which the reference is perfect or does not exist counts
        nothing; if none is left, it is the mean absolute error in the unit of the data.
    """
    measures: list[Score] = [lambda mean: float(metrics.average(metrics.mase(actual, mean, scale), None))]
    if percentages:
        measures.append(lambda mean: float(metrics.smape(actual, mean, None)))
    usable = [(measure, measure(reference)) for measure in measures]
    usable = [(measure, one) for measure, one in usable if one > 0]
    if not usable:
        return lambda mean: float(metrics.mae(actual, mean, None))
    return lambda mean: float(np.mean([measure(mean) / one for measure, one in usable]))


def chosen(trial: Trial) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights, the heaviest first and 1 in sum, and the scores, from the best, of what was tried."""
    scores = {label: trial.score(mean) for label, mean in trial.means.items()}
    scores = dict(sorted(scores.items(), key=lambda item: item[1]))
    counted = {label: score for label, score in scores.items() if label != BASELINE}
    if not counted or min(counted.values()) >= scores[BASELINE]:
        counted = scores
    equals = [label for label, score in counted.items() if score <= (1 + MARGIN) * min(counted.values())]
    found = selection({label: trial.means[label] for label in counted}, trial.score)
    trust = trial.n_forecasts / (2 * trial.n_forecasts + 2 * _DOUBT)
    weights = {label: trust * found[label] + (1 - trust) * (label in equals) / len(equals) for label in counted}
    kept = {label: weight for label, weight in weights.items() if weight >= _LEAST_WEIGHT}
    by_size = sorted(kept, key=lambda label: -kept[label])
    return {label: kept[label] / sum(kept.values()) for label in by_size}, scores


def selection(means: dict[str, Floats], score: Score) -> dict[str, float]:
    """Return weights by ensemble selection with replacement: the best of the first 20 means, 1 in sum.

    Parameters
    ----------
    means
        By label, shape (K, M, F).
    score
        The error of such an array.
    """
    labels, parts = list(means), np.stack(list(means.values()))
    total, counts = np.zeros_like(parts[0]), np.zeros(len(labels))
    best, weights = float("inf"), counts
    for size in range(1, _ROUNDS + 1):
        scores = [score((total + part) / size) for part in parts]
        k = int(np.argmin(scores))
        total, counts = total + parts[k], counts + (np.arange(len(labels)) == k)
        if scores[k] < best:
            best, weights = scores[k], counts / size
    return dict(zip(labels, weights.tolist(), strict=True))


def _unjudged(models: dict[str, Forecaster]) -> dict[str, float]:
    """Return equal weights of all but the baseline, or the baseline if there is nothing else."""
    others = [label for label in models if label != BASELINE] or [BASELINE]
    return dict.fromkeys(others, 1 / len(others))
