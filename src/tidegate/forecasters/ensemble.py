"""Several forecasters as one: the mean, the median or a weighted mean of what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from sklearn.base import clone

from tidegate.analysis.wording import listing, percent
from tidegate.checks import check_choice, check_whole
from tidegate.errors import DataError, MissingExtraError, ModelError, SettingError, TidegateError, TrainingError
from tidegate.forecasters import calibration, registry
from tidegate.forecasters.base import Forecaster
from tidegate.panel import Intervals
from tidegate.scoring.metrics import average

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

Combine = Literal["mean", "median", "weights"]

DEFAULT = ("ets", "theta", "gru")
UNFIT = (DataError, MissingExtraError, ModelError, TrainingError)
"""What a member may fail with and be left out for; a wrong setting is refused instead."""

_LEAST_ERROR = 1e-9


class Ensemble(Forecaster):
    """Several models fitted side by side, whose forecasts are combined step by step.

    A member that cannot be fitted is left out, which `notes_` says. The bounds of intervals are combined as the
    forecasts are, level by level (Vincentisation): averaged quantiles keep the members' shape, where the average of
    their distributions would be wider than each of them. On held-out ends of M3, Tourism and NN5 their interval score
    (MSIS) was lower than that of conformal intervals around the combined forecast.

    Parameters
    ----------
    members
        Registry names or forecasters, at least one. Names get the ensemble's `seed`, forecasters keep their own.
    combine
        "mean"; "median", which no single member can pull away; "weights", a weighted mean.
    weights
        What each member counts for with combine="weights"; one of 0 is not fitted. None weighs member m with
        w_m = e_m^-2 / sum_k e_k^-2, where e_m is its mean scaled absolute error on the newest values of the training
        series, forecast from before them. That costs a second fit of every member.
    seed
        Of the stochastic members that are named, at least 0.

    Attributes
    ----------
    members_ : list of Forecaster
        Those that were fitted.
    labels_ : tuple of str
        Their names; the second of a name is called "-2", and so on.
    weights_ : ndarray of shape (M,)
        What each counts for, 1 in sum; the median does not use them.

    Source: Bates & Granger (1969), The combination of forecasts, Operational Research Quarterly 20, 451-468 (weights by
    the inverse of the squared error, correlations left out); Lichtendahl, Grushka-Cockayne & Winkler (2013), Is it
    better to average probabilities or quantiles?, Management Science 59, 1594-1611.
    """

    name = "ensemble"

    members_: list[Forecaster]
    labels_: tuple[str, ...]
    weights_: Floats

    def __init__(
        self,
        *,
        members: Sequence[str | Forecaster] = DEFAULT,
        combine: Combine = "mean",
        weights: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        self.members, self.combine, self.weights, self.seed = members, combine, weights, seed

    @property
    def traits(self) -> registry.Traits:
        """What the members can take together: the weakest scope and equivariance, the covariates of any of them."""
        found = [registry.traits(one) if isinstance(one, str) else one.traits for one in self.members]
        return registry.Traits(
            cost=max(one.cost for one in found),
            scope="panel" if all(one.scope == "panel" for one in found) else "series",
            covariates=frozenset().union(*(one.covariates for one in found)),
            equivariant=frozenset.intersection(*(one.equivariant for one in found)),
            stochastic=any(one.stochastic for one in found),
            gaps=any(one.gaps for one in found),
        )

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        check_members("members", self.members)
        check_choice("combine", self.combine, get_args(Combine))
        if self.weights is not None:
            self._check_weights(self.weights)
        check_whole("seed", self.seed, least=0)

    def _check_weights(self, weights: Sequence[float]) -> None:
        if self.combine != "weights":
            raise SettingError(f"weights are given, but combine is {self.combine!r}; it must be 'weights' to use them.")
        given = np.asarray(weights)
        right = given.shape == (len(self.members),) and given.dtype.kind in "iuf"
        if not right or not (np.isfinite(given).all() and given.min() >= 0 and given.max() > 0):
            raise SettingError(
                f"weights is {weights!r}; it must be {len(self.members)} numbers, one for each member, at least 0 and "
                "not all of them 0."
            )

    def _fit(self, panel: Panel, horizon: int) -> None:
        wanted, failed = built(self.members, self.seed)
        if self.combine == "weights" and self.weights is None:
            weighing = _weighed(wanted, self._as_observed(panel), horizon)
            failed |= weighing.failed
        else:
            weighing = _Weighing(wanted, self._given(wanted))
        fitted: dict[str, Forecaster] = {}
        weights = []
        for (label, model), weight in zip(weighing.members.items(), weighing.weights, strict=True):
            try:
                if weight > 0:
                    fitted[label] = clone(model).fit(panel, horizon=horizon)
                    weights.append(weight)
            except UNFIT as error:
                failed[label] = error
        if not fitted:
            raise _nothing_left(failed)
        self.members_, self.labels_ = list(fitted.values()), tuple(fitted)
        self.weights_ = np.array(weights) / np.sum(weights)
        self.notes_ = (
            *self._said(),
            *([weighing.note] if weighing.note else []),
            *(f"{label} is left out: {error}" for label, error in failed.items()),
            *(note for one in self.members_ for note in remarks(one)),
        )

    def _given(self, wanted: dict[str, Forecaster]) -> Floats:
        """Return the weights in the settings of the members that could be built."""
        labels = labelled(self.members)
        given = np.ones(len(labels)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        return given[[labels.index(label) for label in wanted]]

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        made = [asked(one, None if panel is self.history_ else panel, levels) for one in self.members_]
        self.shortage_ = next((one.shortage_ for one in self.members_ if one.shortage_), "")
        mean = self._combined(np.stack([mean for mean, _ in made]), self.weights_)
        told = [k for k, (_, intervals) in enumerate(made) if intervals is not None]
        if not told:
            return mean, None
        bounds = [intervals for _, intervals in made if intervals is not None]
        lower, upper = (
            self._combined(np.stack([getattr(one, side) for one in bounds]), self.weights_[told])
            for side in ("lower", "upper")
        )
        return mean, Intervals(levels, lower, upper)

    def _combined(self, parts: Floats, weights: Floats) -> Floats:
        """Return the combination over the first axis of `parts`, shape (M, ...)."""
        if self.combine == "median":
            return np.asarray(np.median(parts, axis=0))
        return np.tensordot(weights / weights.sum(), parts, axes=1)

    def _said(self) -> list[str]:
        if len(self.labels_) == 1:
            return [f"The forecast is that of {self.labels_[0]} alone."]
        if self.combine != "weights":
            return [f"The forecast is the {self.combine} of {listing(self.labels_)}."]
        shares = [f"{label} ({percent(weight)})" for label, weight in zip(self.labels_, self.weights_, strict=True)]
        return [f"The forecast is the weighted mean of {listing(shares)}."]

    def _count_parameters(self) -> int:
        return sum(one.n_parameters for one in self.members_)

    def _state(self) -> Tree:
        return {"members": self.members_, "labels": self.labels_, "weights": self.weights_}

    def _restore(self, state: Tree) -> None:
        self.members_, self.labels_, self.weights_ = state["members"], state["labels"], state["weights"]


class _Weighing(NamedTuple):
    """What was learned of the members before the final fit.

    Attributes
    ----------
    members
        By label, those that are still in.
    weights
        Shape (M,), not yet 1 in sum.
    failed
        By label: why a member is out.
    note
        What a user should know, or "".
    """

    members: dict[str, Forecaster]
    weights: Floats
    failed: dict[str, TidegateError] = {}  # noqa: RUF012 (a NamedTuple's default, never changed)
    note: str = ""


def built(members: Sequence[str | Forecaster], seed: int) -> tuple[dict[str, Forecaster], dict[str, TidegateError]]:
    """Return the members by label, not fitted, and why some cannot be built.

    Parameters
    ----------
    members
        Registry names or forecasters.
    seed
        For stochastic members that are named.
    """
    models: dict[str, Forecaster] = {}
    failed: dict[str, TidegateError] = {}
    for label, member in zip(labelled(members), members, strict=True):
        if not isinstance(member, str):
            models[label] = member
            continue
        entry = registry.entry(member)
        try:
            models[label] = entry.build({"seed": seed} if entry.traits.stochastic else {})
        except MissingExtraError as error:
            failed[label] = error
    return models, failed


def labelled(members: Sequence[str | Forecaster]) -> list[str]:
    """Return the members' names; the second of a name gets "-2", and so on."""
    names = [member if isinstance(member, str) else member.name for member in members]
    counts = [names[: k + 1].count(name) for k, name in enumerate(names)]
    return [name if count == 1 else f"{name}-{count}" for name, count in zip(names, counts, strict=True)]


def check_members(name: str, members: object) -> None:
    """Refuse what is not a list of registry names and forecasters, at least one.

    Raises
    ------
    SettingError
        With the setting's `name`, what was given and the limit.
    """
    if not isinstance(members, list | tuple) or not members:
        raise SettingError(f"{name} is {members!r}; it must be a list of names or forecasters, such as ['ets', 'gru'].")
    for member in members:
        if isinstance(member, str):
            registry.entry(member)
        elif not isinstance(member, Forecaster):
            raise SettingError(f"{name} holds {member!r}, which is neither the name of a model nor a forecaster.")


def asked(model: Forecaster, data: Panel | None, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
    """Return a member's forecast (N, F) and its intervals; None where too little is known to calibrate them."""
    try:
        made = model.forecast(data, levels=levels)
    except DataError:
        if not levels:
            raise
        made = model.forecast(data)
    return made.mean, made.intervals


def remarks(model: Forecaster) -> tuple[str, ...]:
    """Return what a user should know of a member's fit: its notes, and covariates that it cannot use."""
    unused = f"cannot use these covariates: {', '.join(model.ignored_)}."
    said = (*model.notes_, *([unused] if model.ignored_ else []))
    return tuple(f"{model.name}: {note}" for note in said)


def _weighed(models: dict[str, Forecaster], panel: Panel, horizon: int) -> _Weighing:
    """Return the members with the inverse of their squared errors on the newest values, forecast from before them.

    `panel` is as it was observed, NaN where missing: it is filled anew before each origin.
    """
    try:
        ends, enough = calibration.origins(panel, horizon, panel.season + 2)
    except DataError as error:
        return _Weighing(models, np.ones(len(models)), note=f"The members count the same: {error}")
    judged = panel.take(np.flatnonzero(enough))
    ends = ends[:, enough]
    rows = (judged.offsets[:-1] + ends)[..., None] + np.arange(horizon)
    kept: dict[str, Forecaster] = {}
    failed: dict[str, TidegateError] = {}
    errors = []
    for label, model in models.items():
        try:
            fitted = clone(model).fit(judged.before(ends[0], horizon), horizon=horizon)
            made = np.stack([one.mean for one in fitted.forecast_at(judged, ends)])
        except UNFIT as error:
            failed[label] = error
            continue
        scaled = np.abs(judged.values[rows] - made) / calibration.scales(judged)[:, None]
        kept[label] = model
        errors.append(float(average(scaled, None)))
    if not np.isfinite(errors).all():
        note = "The members count the same: all of the newest values are missing, so that nothing could be judged."
        return _Weighing(kept, np.ones(len(kept)), failed, note)
    floor = max(_LEAST_ERROR, _LEAST_ERROR * max(errors, default=0.0))
    return _Weighing(kept, np.maximum(errors, floor) ** -2.0, failed)


def _nothing_left(failed: dict[str, TidegateError]) -> TidegateError:
    """Return the error of an ensemble without a member: the data's, if that is what every member says."""
    said = "; ".join(f"{label}: {error}" for label, error in failed.items())
    first = next(iter(failed.values()))
    if isinstance(first, DataError) and all(isinstance(error, DataError) for error in failed.values()):
        return DataError(f"no member of the ensemble can be fitted ({said})", place=first.place, repair=first.repair)
    return ModelError(f"No member of the ensemble can be fitted. {said}")
