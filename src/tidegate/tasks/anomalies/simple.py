"""Simple detectors that a network must beat: rows that principal components miss, and a moving z-score.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from tidegate.data.recorded import recorded
from tidegate.scoring.tails import Threshold, threshold_for
from tidegate.tasks.anomalies.network import read
from tidegate.tasks.anomalies.normality import Parts, reader_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.recorded import Recording
    from tidegate.tasks.reading import Reader

    Floats = NDArray[np.float64]

_SET_ASIDE = 0.3


class Simple:
    """A detector without a network: what it learns, scores and thresholds has the split and units of `AnomalyDetector`.

    Attributes
    ----------
    threshold_ : scoring.tails.Threshold
        Where alarms begin.
    """

    name = ""
    threshold_: Threshold
    _reader: Reader

    def fit(self, X: Any, *, false_alarms: float = 0.001) -> Self:
        """Learn from normal recordings; the newest 30 % of each is set aside, two thirds of it for the threshold.

        Raises
        ------
        DataError
            If recordings cannot be used.
        """
        parts = Parts.of(recorded(X), _SET_ASIDE)
        older = [one.part(0, k) for one, k in zip(parts.whole, parts.stopped, strict=True)]
        self._reader, _ = reader_of(older)
        self._learn(np.concatenate([self._units(one) for one in older]))
        fresh = [self._scores(self._units(one))[k:] for one, k in zip(parts.whole, parts.stopped, strict=True)]
        self.threshold_ = threshold_for(np.concatenate(fresh), false_alarms)
        return self

    def score_samples(self, X: Any) -> Any:
        """Return how odd each step is, shape (T,), or a list of such for several recordings."""
        made = [self._scores(self._units(one)) for one in recorded(X)]
        return made[0] if len(made) == 1 and not isinstance(X, list) else made

    def predict(self, X: Any) -> Any:
        """Return 1 for each step with an alarm, else 0, shape (T,), or a list of such for several recordings."""
        made = self.score_samples(X)
        said = [(one > self.threshold_.value).astype(np.int64) for one in (made if isinstance(made, list) else [made])]
        return said if isinstance(made, list) else said[0]

    def _units(self, one: Recording) -> Floats:
        return read((one.values - self._reader.mean) / self._reader.spread)

    def _learn(self, units: Floats) -> None:
        """Learn from normal steps, shape (T, I)."""

    def _scores(self, units: Floats) -> Floats:
        raise NotImplementedError


class PrincipalResiduals(Simple):
    """What principal components with 90 % of the variance of the newest 8 steps do not explain, root mean square.

    Where training never moved nothing is explained.

    Source: Jackson & Mudholkar (1979), Control procedures for residuals associated with principal component analysis,
    Technometrics 21 (the Q statistic).
    """

    name = "PCA residuals"
    _STEPS, _EXPLAINED, _WIDEST = 8, 0.9, 400

    def _learn(self, units: Floats) -> None:
        rows = self._rows(units)
        self._components = PCA(self._EXPLAINED, svd_solver="full").fit(rows) if rows.std() > 0 else None

    def _scores(self, units: Floats) -> Floats:
        rows = self._rows(units)
        known = self._components
        kept = 0 if known is None else known.inverse_transform(known.transform(rows))  # 0 is where a still one stood
        return np.asarray(np.sqrt(np.mean((rows - kept) ** 2, axis=1)))

    def _rows(self, units: Floats) -> Floats:
        """Return the newest steps beside each other, (T, I times as many); the first stands for what was before."""
        steps = max(min(self._STEPS, self._WIDEST // units.shape[1]), 1)
        padded = np.concatenate([np.repeat(units[:1], steps - 1, axis=0), units])
        return np.concatenate([padded[k : k + len(units)] for k in range(steps)], axis=1)


class MovingDeviation(Simple):
    """How many deviations of the newest 100 steps a step lies from their mean, root mean square over channels.

    Nothing is said of the first 50 steps of a recording.
    """

    name = "a moving z-score"
    _STEPS, _FEWEST, _LEAST = 100, 50, 0.05

    def _scores(self, units: Floats) -> Floats:
        moving = pd.DataFrame(units).rolling(self._STEPS, min_periods=self._FEWEST)
        mean, deviation = moving.mean().shift(1).to_numpy(), moving.std().shift(1).to_numpy()
        far = (units - mean) / np.maximum(deviation, self._LEAST)
        made: Floats = np.sqrt(np.mean(np.nan_to_num(far) ** 2, axis=1))
        return made
