"""What was seen of a sequence, without a network."""

import numpy as np
import pytest

from tidegate.nn.gates import Gate
from tidegate.tasks.inspection import Inspection, LayerGates


@pytest.fixture
def looked():
    """Make an inspection of steps: an update gate that opens from 0 to 1, by contributions that grow."""

    def made(steps, *, said="y", tagged=False):
        n = len(steps)
        values = np.linspace([0, 0.2], [1, 0.8], n)
        gate = Gate(values, values.mean(0), values.mean(0), values.mean(0))
        found = np.tile(np.arange(n, dtype=float), (n, 1)) if tagged else np.arange(n, dtype=float)
        return Inspection(steps, said, found, (LayerGates(1, "forward", {"update": gate}),))

    return made
