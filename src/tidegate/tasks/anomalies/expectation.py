"""What a network expects of a recording, step after step: how far off each step is, from what is known by then.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.tasks.anomalies.network import SETTLING, Foreseer, read, rebuilt_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.nn.stack import HX
    from tidegate.tasks.anomalies.network import Judging
    from tidegate.tasks.anomalies.relearning import Relearning

    Floats = NDArray[np.float64]


class Expectation:
    """A network at the beginning of a recording, given the next steps one by one or many at once.

    Parameters
    ----------
    network
        In double precision, for evaluation.
    window
        Steps that a rebuilder reads.
    relearning
        When the network learns on; None for never.
    """

    def __init__(self, network: Judging, window: int, relearning: Relearning | None = None) -> None:
        self._network, self._window, self._relearning = network, window, relearning
        stretch = relearning.stretch if relearning else 1
        self._kept = stretch if isinstance(network, Foreseer) else max(stretch, window)
        self._steps = 0
        self._seen: Floats | None = None
        self._read: Floats | None = None
        self._state: HX | None = None
        self._foreseen: Floats | None = None

    def errors(self, standardised: Floats) -> Floats:
        """Return how far the next steps lie from what the network makes of them, shape (T, I).

        A foreseer: what came, less what was foreseen. A rebuilder judges each step by the window that ends with it: the
        root mean square over its steps. NaN where it knows too little.

        Parameters
        ----------
        standardised
            Values in spreads of training, shape (T, I), NaN where missing.
        """
        made = [np.empty((0, standardised.shape[1]))]
        while len(standardised):
            part = standardised[: self._before_learning()]
            made.append(self._walked(part))
            standardised = standardised[len(part) :]
        return np.concatenate(made)

    def _before_learning(self) -> int | None:
        """Return how many steps the network walks before it learns on; None for any number."""
        every = self._relearning.every if self._relearning else None
        return None if every is None else every - self._steps % every

    def _walked(self, part: Floats) -> Floats:
        """Return the errors of steps between two times of learning, and remember what the next ones need."""
        inputs = read(part, None if self._read is None else self._read[-1])
        known = 0 if self._seen is None else len(self._seen)
        self._seen = part if self._seen is None else np.concatenate([self._seen, part])
        self._read = inputs if self._read is None else np.concatenate([self._read, inputs])
        if isinstance(self._network, Foreseer):
            made = part - self._foretold(self._network, inputs)
            made[: max(SETTLING - self._steps, 0)] = np.nan
        else:
            made = rebuilt_errors(self._network, self._seen, self._read, self._window)[known:]
        self._seen, self._read = self._seen[-self._kept :], self._read[-self._kept :]
        self._steps += len(part)
        if self._relearning and not self._steps % self._relearning.every:
            self._learn(self._relearning, self._seen, self._read)
        return made

    @torch.no_grad()
    def _foretold(self, network: Foreseer, inputs: Floats) -> Floats:
        """Return what was foreseen of steps, shape (T, I), NaN for the first of all, and walk over them."""
        before = np.full(inputs.shape[1], np.nan) if self._foreseen is None else self._foreseen
        made, self._state = network.walk(torch.from_numpy(inputs)[:, None], self._state)
        foreseen = np.concatenate([before[None], made[:, 0].numpy()])
        self._foreseen = foreseen[-1]
        return foreseen[:-1]

    def _learn(self, relearning: Relearning, seen: Floats, inputs: Floats) -> None:
        """Learn on, and walk again over what is remembered, to where the recording stands."""
        self._network = relearning.renewed(self._network, seen)
        self._state = None
        if isinstance(self._network, Foreseer):
            self._foretold(self._network, inputs)
