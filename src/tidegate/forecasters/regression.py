"""Regression on lags, calendar and covariates: one model over all series, direct over the horizon.

Every model here predicts (y_{t+k} - y_t) / s_t, the change from the newest value in units of the window's spread, from
the columns of `features.design`; so levels and trends outside the training range are continued, and the newest
observation moves every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from tidegate.errors import MissingExtraError, SettingError, StorageError
from tidegate.features.windows import split
from tidegate.forecasters.direct import ridge, sampling
from tidegate.forecasters.direct.forecaster import Regression
from tidegate.forecasters.direct.sampling import LinearColumns, sample, spread_out
from tidegate.forecasters.direct.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.inputs import Inputs
    from tidegate.features.windows import Origins
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

FOREST_SAMPLE = 5_000
"""Pairs of origin and step that one tree of the forest is drawn from, at most."""

STRENGTHS = 10.0 ** np.arange(-5.0, 2.1, 0.5)
HELD_FRACTION = 0.25
_FOREST_TYPES = frozenset({"sklearn.ensemble._forest.RandomForestRegressor", "sklearn.tree._tree.Tree"})


class Linear(Regression):
    """Ridge regression on lags, calendar and covariates, one equation per step.

    Numeric known covariates also enter squared at the step, since their effect is often lowest in the middle (demand
    and temperature). Source: Hoerl & Kennard (1970), Ridge regression, Technometrics 12 (1), 55-67; direct forecasts:
    Marcellino, Stock & Watson (2006), Journal of Econometrics 135, equation 4.

    Parameters
    ----------
    lags
        Lags of the target and of all covariates: a number for 1 to that lag, or the lags themselves. None chooses
        them from the season and the length of the series, see `features.design.Design.fitting`.
    strength
        How much the coefficients of standardised columns are shrunk, above 0. None chooses it, for all steps
        together, among 15 from 1e-5 to 100, by the mean absolute error on the newest quarter of the training origins.
    """

    name = "linear"

    def __init__(self, *, lags: int | Sequence[int] | None = None, strength: float | None = None) -> None:
        self.lags = lags
        self.strength = strength

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.strength is not None and not self.strength > 0:
            raise SettingError(f"strength is {self.strength}; it must be above 0, or None to choose it from the data.")

    def _fit(self, panel: Panel, horizon: int) -> None:
        inputs = self._prepare(panel, horizon)
        every = self._origins(panel, horizon)
        most = max(sampling.LINEAR_ORIGINS, sampling.LINEAR_PAIRS // horizon)
        if len(every) > most:
            self.notes_ = (f"linear learned from {most} of {len(every)} origins, drawn evenly over time.",)
        self.strength_ = self._chosen_strength(inputs, horizon, most) if self.strength is None else self.strength
        learn = LinearColumns(inputs, self.design_, sample(every, most))
        strength = np.array([self.strength_])
        lines = [ridge.fit(learn.columns(k), learn.target(k), strength) for k in range(1, horizon + 1)]
        self._coefficients = np.stack([line.coefficients[:, 0] for line in lines])
        self._offsets = np.array([line.offsets[0] for line in lines])

    def _chosen_strength(self, inputs: Inputs, horizon: int, most: int) -> float:
        """Return the strength with the smallest error on the newest quarter of the origins, fitted on older ones."""
        lengths, past = inputs.panel.lengths, self.design_.past_steps
        held = max(1, int(HELD_FRACTION * (np.median(lengths) - past - horizon)))
        older, newer = split(lengths, past_steps=past, future_steps=horizon, held_steps=held)
        if not len(newer) or not len(older):
            return 0.1
        learn, check = (LinearColumns(inputs, self.design_, sample(part, most // 2)) for part in (older, newer))
        errors = np.zeros(len(STRENGTHS))
        for k in spread_out(horizon):
            made = ridge.fit(learn.columns(k), learn.target(k), STRENGTHS).predict(check.columns(k))
            missed = np.abs(made - check.target(k)[:, None])
            errors += (missed * check.frame.spread[:, None]).mean(axis=0)
        return float(STRENGTHS[int(np.argmin(errors))])

    def _continue(self, inputs: Inputs, origins: Origins) -> Floats:
        read = LinearColumns(inputs, self.design_, origins)
        changes = np.empty((len(origins.ends), self.horizon_))
        for k in range(self.horizon_):
            # a sum per row: a matrix product would round differently for other batches
            changes[:, k] = (read.columns(k + 1) * self._coefficients[k]).sum(axis=1) + self._offsets[k]
        return read.frame.level[:, None] + changes * read.frame.spread[:, None]

    def _learned(self) -> Tree:
        return {"coefficients": self._coefficients, "offsets": self._offsets, "strength": self.strength_}

    def _relearn(self, learned: Tree) -> None:
        self._coefficients, self._offsets = learned["coefficients"], learned["offsets"]
        self.strength_ = learned["strength"]

    def _count_parameters(self) -> int:
        return int(self._coefficients.size + self._offsets.size)


class RandomForest(Trees):
    """A forest of randomised regression trees on lags, calendar and covariates.

    Each tree sees a bootstrap sample of at most 5,000 of at most 40,000 pairs of origin and step, drawn by seed, and a
    third of the columns at each split. Source: Breiman (2001), Random forests, Machine Learning 45, 5-32; scikit-learn.

    Parameters
    ----------
    lags
        As in `Linear`.
    n_trees
        Number of trees, at least 1.
    leaf_size
        Pairs in a leaf, at least 1.
    seed
        Of the draws.
    """

    name = "random-forest"

    def __init__(
        self, *, lags: int | Sequence[int] | None = None, n_trees: int = 50, leaf_size: int = 3, seed: int = 0
    ) -> None:
        self.lags = lags
        self.n_trees = n_trees
        self.leaf_size = leaf_size
        self.seed = seed

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.leaf_size < 1:
            raise SettingError(f"leaf_size is {self.leaf_size}; it must be at least 1.")

    def _grow(self, columns: NDArray[np.float32], wanted: Floats) -> None:
        self._forest = RandomForestRegressor(
            n_estimators=self.n_trees,
            min_samples_leaf=self.leaf_size,
            max_features=1 / 3,
            max_samples=min(FOREST_SAMPLE, len(wanted)),
            random_state=self.seed,
            n_jobs=1,
        ).fit(columns, wanted)

    def _changes(self, columns: NDArray[np.float32]) -> Floats:
        return np.asarray(self._forest.predict(columns))

    def _learned(self) -> Tree:
        from skops import io as skops_io  # here: importing it walks through all of scikit-learn

        return {"forest": skops_io.dumps(self._forest)}

    def _relearn(self, learned: Tree) -> None:
        from skops import io as skops_io  # here: importing it walks through all of scikit-learn

        content = learned["forest"]
        foreign = set(skops_io.get_untrusted_types(data=content)) - _FOREST_TYPES
        if foreign:
            raise StorageError(
                f"The saved forest holds {sorted(foreign)[0]}, which no forest does. Fit and save again."
            )
        self._forest = skops_io.loads(content, trusted=sorted(_FOREST_TYPES))
        if not isinstance(self._forest, RandomForestRegressor):
            raise StorageError(f"The saved forest is a {type(self._forest).__name__}. Fit and save again.")

    def _count_parameters(self) -> int:
        return int(sum(tree.tree_.node_count for tree in self._forest.estimators_))


class XGBoost(Trees):
    """Gradient-boosted trees on lags, calendar and covariates.

    Each tree sees four fifths of at most 40,000 pairs of origin and step, drawn by seed, and half of the columns.
    Source: Chen & Guestrin (2016), XGBoost: a scalable tree boosting system, KDD, equations 2-7; the xgboost library.

    Parameters
    ----------
    lags
        As in `Linear`.
    n_trees
        Number of trees, at least 1.
    depth
        Splits from root to leaf, from 1 to 16.
    learning_rate
        How much of each tree is added, above 0 and at most 1.
    seed
        Of the draws.
    """

    name = "xgboost"

    def __init__(
        self,
        *,
        lags: int | Sequence[int] | None = None,
        n_trees: int = 300,
        depth: int = 6,
        learning_rate: float = 0.05,
        seed: int = 0,
    ) -> None:
        self.lags = lags
        self.n_trees = n_trees
        self.depth = depth
        self.learning_rate = learning_rate
        self.seed = seed

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if not 1 <= self.depth <= 16:
            raise SettingError(f"depth is {self.depth}; it must be from 1 to 16.")
        if not 0 < self.learning_rate <= 1:
            raise SettingError(f"learning_rate is {self.learning_rate}; it must be above 0 and at most 1.")
        _xgboost()

    def _grow(self, columns: NDArray[np.float32], wanted: Floats) -> None:
        library = _xgboost()
        settings = {
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "subsample": 0.8,
            "colsample_bytree": 0.5,
            "min_child_weight": 5,
            "base_score": 0.0,
            "seed": self.seed,
            "nthread": 1,
        }
        self._booster = library.train(settings, library.DMatrix(columns, wanted, nthread=1), self.n_trees)

    def _changes(self, columns: NDArray[np.float32]) -> Floats:
        return np.asarray(self._booster.predict(_xgboost().DMatrix(columns, nthread=1)), dtype=np.float64)

    def _learned(self) -> Tree:
        return {"booster": bytes(self._booster.save_raw("ubj"))}

    def _relearn(self, learned: Tree) -> None:
        library = _xgboost()
        self._booster = library.Booster({"nthread": 1})
        try:
            self._booster.load_model(bytearray(learned["booster"]))
        except library.core.XGBoostError as error:
            raise StorageError("The saved boosted trees are damaged. Fit and save again.") from error

    def _count_parameters(self) -> int:
        return sum(tree.count("leaf=") for tree in self._booster.get_dump())


def _xgboost() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise MissingExtraError("xgboost", "boost") from error
    return xgboost
