"""A fitted detector walking over recordings, all steps at once or one by one, with the same scores.

Axis letters: T steps, I channels, S signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.errors import DataError
from tidegate.tasks.anomalies.expectation import Expectation
from tidegate.tasks.anomalies.signals import Watch, blame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.anomalies.network import Judging
    from tidegate.tasks.anomalies.normality import Normality
    from tidegate.tasks.anomalies.relearning import Relearning
    from tidegate.tasks.anomalies.signals import Joined

    Floats = NDArray[np.float64]


class Told(NamedTuple):
    """What is said of each step.

    Attributes
    ----------
    scores
        Shape (T,).
    shares
        Of each channel in it, shape (T, I).
    """

    scores: Floats
    shares: Floats


class Settled(NamedTuple):
    """What a walk needs of a detector.

    Attributes
    ----------
    network
        In double precision.
    normality
        What is normal.
    window
        Steps that a rebuilder reads.
    memory, joined
        As of `Watch`.
    relearning
        When the network learns on; None for never.
    """

    network: Judging
    normality: Normality
    window: int
    memory: int
    joined: Joined
    relearning: Relearning | None

    def standardised(self, values: Floats) -> Floats:
        """Return values in spreads of training, shape (T, I)."""
        reader = self.normality.reader
        made: Floats = (values - reader.mean) / reader.spread
        return made

    def watch(self) -> Watch:
        """Return a watch that has seen normal steps alone."""
        return Watch(self.normality.normal, self.memory, self.joined)

    def expectation(self) -> Expectation:
        """Return the network at the beginning of a recording."""
        return Expectation(self.network, self.window, self.relearning)

    def walk(self, values: Floats) -> Told:
        """Return what is said of each step of a recording, shape (T, I)."""
        standardised = self.standardised(values)
        gauge = self.normality.gauge
        units = gauge.units(self.expectation().errors(standardised))
        signals = gauge.signals(units, standardised, gauge.before)
        scores, each = self.watch().walk(signals.sizes)
        return Told(scores, blame(signals, each, self.joined))


class Online:
    """A detector that is given one step after another; the scores are those of `score_samples` on all of them.

    Made by `AnomalyDetector.online`.

    Attributes
    ----------
    steps : int
        Steps seen.
    score : float
        Of the newest.
    alarmed : bool
        Whether it is above the threshold.
    shares : dict of str to float
        Of each channel in the newest score.
    """

    def __init__(self, settled: Settled) -> None:
        self._settled, self.steps, self.score, self.alarmed = settled, 0, 0.0, False
        self.shares: dict[str, float] = {}
        self._before = settled.normality.gauge.before
        self._watch, self._expectation = settled.watch(), settled.expectation()

    def update(self, row: object) -> float:
        """Return the score of the next step.

        Parameters
        ----------
        row
            Shape (I,); NaN where a reading is missing.

        Raises
        ------
        DataError
            If it has not the channels of training, or holds what is no number.
        """
        settled, normality = self._settled, self._settled.normality
        standardised = settled.standardised(self._checked(row))[None]
        units = normality.gauge.units(self._expectation.errors(standardised))
        signals = normality.gauge.signals(units, standardised, self._before)
        self._before = np.concatenate([self._before, units])[1:]
        scores, each = self._watch.walk(signals.sizes)
        self.steps += 1
        self.score = float(scores[0])
        self.alarmed = self.score > normality.threshold.value
        self.shares = dict(zip(normality.channels, blame(signals, each, settled.joined)[0].tolist(), strict=True))
        return self.score

    def _checked(self, row: object) -> Floats:
        try:
            values = np.asarray(row, dtype=np.float64).ravel()
        except (TypeError, ValueError) as error:
            raise DataError(
                f"step {self.steps} holds what is no number: {error}", repair="Give a number for each channel."
            ) from error
        if values.shape != self._settled.normality.reader.mean.shape:
            raise DataError(
                f"step {self.steps} has {len(values)} channels; training had {len(self._settled.normality.channels)}",
                repair="Give the channels of training, in the same order.",
            )
        if np.isinf(values).any():
            raise DataError(f"step {self.steps} holds infinity", repair="Correct it, or give NaN.")
        return values
