"""Networks whose errors show what is odd: one foresees the next step, the other rebuilds a window from its summary.

Axis letters: T steps, B batch, I channels, H hidden units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from tidegate.tasks.network import recurrent
from tidegate.tasks.reading import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.nn.stack import HX
    from tidegate.tasks.network import Layered

    Floats = NDArray[np.float64]

ROOM = 10.0
"""How far from the median, in spreads of training, what a network reads may lie; beyond it is read as this far."""

SETTLING = 8
"""Steps at the start of a recording after which a forecast from no past at all is taken seriously."""

_AT_ONCE = 2_000_000
"""Numbers in a batch of windows where nothing is learned."""


class Foreseer(torch.nn.Module):
    """Recurrent layers over a whole recording that say after each step how the next one differs from it.

    Parameters
    ----------
    layered
        How the recurrent layers are put together.
    n_channels
        I.
    generator
        Source of dropout.
    """

    def __init__(self, layered: Layered, n_channels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.recurrent = recurrent(layered, n_channels, generator)
        self.head = torch.nn.Linear(self.recurrent.output_size, n_channels)

    def start(self) -> None:
        """Begin as the naive forecast: the next step is as this one."""
        torch.nn.init.zeros_(self.head.weight)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return the forecasts of the steps after each, shape (T, B, I)."""
        return self.walk(batch.inputs)[0]

    def walk(self, inputs: torch.Tensor, state: HX | None = None) -> tuple[torch.Tensor, HX]:
        """Return the forecasts of the steps after each of (T, B, I), and the state after the last; from a state on."""
        outputs, state = self.recurrent(inputs, state)
        made: torch.Tensor = inputs + self.head(outputs)
        return made, state


class Rebuilder(torch.nn.Module):
    """An encoder whose last state is all that a decoder knows of the window that it rebuilds, last step first.

    Parameters
    ----------
    layered
        How the recurrent layers of each are put together.
    n_channels
        I.
    generator
        Source of dropout.

    Source: Malhotra, Ramakrishnan, Anand, Vig, Agarwal & Shroff (2016), LSTM-based encoder-decoder for multi-sensor
    anomaly detection, ICML workshop, section 2; the decoder reads the summary at each step, not its own outputs.
    """

    def __init__(self, layered: Layered, n_channels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = recurrent(layered, n_channels, generator)
        self.decoder = recurrent(layered, self.encoder.output_size, generator)
        self.head = torch.nn.Linear(self.decoder.output_size, n_channels)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return each window rebuilt, shape (T, B, I)."""
        outputs, _ = self.encoder(batch.inputs)
        summary = outputs[-1].expand(len(batch.inputs), -1, -1)
        rebuilt, _ = self.decoder(summary)
        made: torch.Tensor = self.head(rebuilt).flip(0)
        return made


Judging = Foreseer | Rebuilder


class Misses:
    """How far what was made lies from what came, Huber's loss in spreads of training; what is missing does not count.

    Parameters
    ----------
    ahead
        Steps from what was read to what was made of it: 1 for forecasts, 0 for windows rebuilt.
    """

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead

    def __call__(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of each window, shape (B,); `target` is (B, T, I), NaN where missing."""
        came = target.transpose(0, 1)[self._ahead :]
        there = ~came.isnan()
        said = made[: len(came)]
        each = torch.nn.functional.huber_loss(said, torch.where(there, came, said.detach()), reduction="none")
        mean: torch.Tensor = each.sum((0, 2)) / there.sum((0, 2)).clamp_min(1)
        return mean


def read(standardised: Floats, last: Floats | None = None) -> Floats:
    """Return what a network reads: what is missing as it was last seen, and nothing farther off than `ROOM`.

    Parameters
    ----------
    standardised
        Shape (T, I), NaN where missing.
    last
        Shape (I,): what was read before the first step; None for 0, the median.
    """
    before = np.zeros(standardised.shape[1]) if last is None else last
    whole = np.concatenate([before[None], np.clip(standardised, -ROOM, ROOM)])
    seen = np.maximum.accumulate(np.where(np.isnan(whole), 0, np.arange(len(whole))[:, None]), axis=0)
    made: Floats = np.take_along_axis(whole, seen, axis=0)[1:]
    return made


@torch.no_grad()
def rebuilt_errors(network: Rebuilder, standardised: Floats, inputs: Floats, window: int) -> Floats:
    """Return the root mean square of what a network misses of the window that ends with each step, shape (T, I).

    NaN at steps with no whole window before them, and where all of one is missing.

    Parameters
    ----------
    network
        In double precision, for evaluation.
    standardised
        Shape (T, I), NaN where missing.
    inputs
        The same as from `read`.
    window
        Steps of a window.
    """
    made = np.full(inputs.shape, np.nan)
    if len(inputs) < window:
        return made
    read_, came = (sliding_window_view(one, window, axis=0) for one in (inputs, standardised))  # (N, I, window)
    size = max(_AT_ONCE // (window * inputs.shape[1]), 1)
    for first in range(0, len(read_), size):
        part = slice(first, first + size)
        given = torch.from_numpy(read_[part].transpose(2, 0, 1).copy())
        missed = (
            came[part].transpose(2, 0, 1) - network(Batch(given, torch.full((given.shape[1],), window))).numpy()
        ) ** 2
        there = np.isfinite(missed)
        n_there = there.sum(axis=0)
        mean = np.where(there, missed, 0.0).sum(axis=0) / np.maximum(n_there, 1)
        made[window - 1 :][part] = np.where(n_there > 0, np.sqrt(mean), np.nan)
    return made
