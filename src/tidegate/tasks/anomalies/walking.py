"""A fitted detector walking over recordings, all steps at once or one by one, with the same scores.

Axis letters: T steps, I channels, S signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.tasks.anomalies.network import SETTLING, Foreseer, errors, read
from tidegate.tasks.anomalies.signals import Watch, blame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.nn.stack import HX
    from tidegate.tasks.anomalies.network import Judging
    from tidegate.tasks.anomalies.normality import Normality

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
    memory
        As of `Watch`.
    """

    network: Judging
    normality: Normality
    window: int
    memory: int

    def standardised(self, values: Floats) -> Floats:
        """Return values in spreads of training, shape (T, I)."""
        reader = self.normality.reader
        made: Floats = (values - reader.mean) / reader.spread
        return made

    def watch(self) -> Watch:
        """Return a watch that has seen normal steps alone."""
        return Watch(self.normality.normal, self.memory)

    def walk(self, values: Floats) -> Told:
        """Return what is said of each step of a recording, shape (T, I)."""
        standardised = self.standardised(values)
        gauge = self.normality.gauge
        units = gauge.units(errors(self.network, standardised, read(standardised), self.window))
        signals = gauge.signals(units, standardised, gauge.before)
        scores, each = self.watch().walk(signals.sizes)
        return Told(scores, blame(signals, each))


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
        gauge, width = settled.normality.gauge, len(settled.normality.channels)
        self._before = gauge.before
        self._watch = settled.watch()
        self._read = np.zeros((0, width))
        self._standardised = np.zeros((0, width))
        self._state: HX | None = None
        self._foreseen: Floats | None = None

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
        inputs = read(standardised, self._read[-1] if len(self._read) else None)
        units = normality.gauge.units(self._errors(standardised, inputs))
        signals = normality.gauge.signals(units, standardised, self._before)
        self._before = np.concatenate([self._before, units])[1:]
        scores, each = self._watch.walk(signals.sizes)
        self.steps += 1
        self.score = float(scores[0])
        self.alarmed = self.score > normality.threshold.value
        self.shares = dict(zip(normality.channels, blame(signals, each)[0].tolist(), strict=True))
        return self.score

    @torch.no_grad()
    def _errors(self, standardised: Floats, inputs: Floats) -> Floats:
        """Return the error of one step, shape (1, I), and remember what the next one needs."""
        network = self._settled.network
        if isinstance(network, Foreseer):
            missed = np.full(inputs.shape, np.nan)
            if self._foreseen is not None and self.steps >= SETTLING:
                missed = standardised - self._foreseen
            made, self._state = network.walk(torch.from_numpy(inputs)[:, None], self._state)
            self._foreseen, self._read = made[:, 0].numpy(), inputs
            return missed
        kept = slice(-self._settled.window, None)
        self._read = np.concatenate([self._read, inputs])[kept]
        self._standardised = np.concatenate([self._standardised, standardised])[kept]
        return errors(network, self._standardised, self._read, self._settled.window)[-1:]

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
