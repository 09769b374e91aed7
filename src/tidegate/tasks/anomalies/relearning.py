"""A detector's network goes on learning, from the newest steps of the recording that it watches.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.dropout import Dropout
from tidegate.nn.stack import Recurrent
from tidegate.tasks import fitting
from tidegate.tasks.anomalies.network import Misses
from tidegate.tasks.fitting import TRAINING, Schedule
from tidegate.training.progress import Silent, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.tasks.anomalies.network import Judging
    from tidegate.tasks.anomalies.windows import Cut

    Floats = NDArray[np.float64]

UPDATES = 60
"""How many updates a network makes, at least, each time that it learns on."""

_BATCH = 32


class Relearning(NamedTuple):
    """When and from what a network learns on.

    Attributes
    ----------
    every
        Steps from one time to the next, at least 1.
    stretch
        Newest steps that it learns from, at least 1.
    cut
        How they are cut into windows.
    seed
        Of the order of the windows.
    """

    every: int
    stretch: int
    cut: Cut
    seed: int

    def renewed(self, network: Judging, standardised: Floats) -> Judging:
        """Return what becomes of a network that learns on; the same where there is not one whole window to learn from.

        Each step was judged before it is learned from. Nothing is dropped, and odd steps are learned from as others:
        Huber's loss keeps single ones from counting for much.

        Parameters
        ----------
        network
            In double precision, for evaluation; it stays as it is.
        standardised
            Newest steps, shape (T, I), NaN where missing.
        """
        examples = self.cut.newest(standardised)
        if not len(examples):
            return network
        made = deepcopy(network).float()
        for part in made.modules():
            if isinstance(part, Recurrent):
                part.dropout = 0.0
            elif isinstance(part, Dropout):
                part.fraction = 0.0
        n_batches = -(-len(examples) // _BATCH)
        schedule = Schedule(-(-UPDATES // n_batches), _BATCH, self.seed)
        name = fitting.digest({}, schedule, (examples, None), made)
        generator = torch.Generator().manual_seed(self.seed)
        misses = Misses(self.cut.ahead)
        with shown(Silent()):  # short and often
            fitting.fitted(made, misses, (examples, None), schedule, training=TRAINING, run=(name, generator))
        return made.double().eval()
