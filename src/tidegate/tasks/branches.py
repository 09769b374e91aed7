"""What reads all steps of a sequence and says one vector: recurrent layers pooled over time, or convolutions.

Axis letters: T steps, B batch, I inputs per step, H width of a step's state, W width of the encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from tidegate.nn.initialisation import chrono

if TYPE_CHECKING:
    from tidegate.nn.stack import Recurrent

Pooling = Literal["last", "mean", "max", "mean-max"]

_WIDTHS = (8, 5, 3)
"""Steps that the three convolutions look at: Karim et al. (2018), figure 1."""


class RecurrentBranch(torch.nn.Module):
    """Recurrent layers whose states are pooled over time.

    Parameters
    ----------
    layers
        Recurrent layers of any cell.
    pooling
        How states become one vector.
    memory
        Steps over which gates start out to keep the state, and what draws for how many each unit does; None for the
        usual start.
    """

    def __init__(self, layers: Recurrent, pooling: Pooling, memory: tuple[int, torch.Generator] | None = None) -> None:
        super().__init__()
        self.layers, self.pooling, self._memory = layers, pooling, memory
        self.width = layers.output_size * (2 if pooling == "mean-max" else 1)

    def start(self) -> None:
        """Let each unit keep its state for a while of its own before anything is learned, where that was asked for."""
        if self._memory is not None:
            longest, generator = self._memory
            chrono(self.layers, generator, longest=longest)

    def forward(self, steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return shape (B, W) for steps of shape (T, B, I) of which `lengths` (B,) count."""
        whole = bool((lengths == len(steps)).all())
        made = self.layers(steps) if whole else self.layers(steps, lengths=lengths)
        states: torch.Tensor = made[0]
        if self.pooling == "last":
            return _last(states, lengths, both=self.layers.bidirectional)
        there = _there(states, lengths)
        parts = []
        if "mean" in self.pooling:
            parts.append((states * there).sum(0) / lengths[:, None])
        if "max" in self.pooling:
            parts.append(states.masked_fill(~there, -torch.inf).amax(0))
        return torch.cat(parts, dim=1)


class ConvolutionBranch(torch.nn.Module):
    """Three convolutions over time, each normalised and rectified, and the mean over time.

    Source: Karim, Majumdar, Darabi & Chen (2018), LSTM fully convolutional networks for time series classification,
    IEEE Access 6, figure 1 (the convolutional branch); Wang, Yan & Oates (2017), IJCNN.

    Parameters
    ----------
    n_inputs
        Features per step, I.
    channels
        Of the first and the last convolution, 128 in the source; that between them has twice as many.
    """

    def __init__(self, n_inputs: int, channels: int) -> None:
        super().__init__()
        made = (channels, 2 * channels, channels)
        sizes = zip((n_inputs, *made[:-1]), made, _WIDTHS, strict=True)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(ins, outs, width, bias=False) for ins, outs, width in sizes
        )
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm1d(outs) for outs in made)
        self.width = channels

    def forward(self, steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return shape (B, W) for steps of shape (T, B, I) of which `lengths` (B,) count."""
        there = _there(steps, lengths)[..., 0].T
        values = steps.transpose(0, 1) * there[..., None]
        for convolution, norm, width in zip(self.convolutions, self.norms, _WIDTHS, strict=True):
            around = torch.nn.functional.pad(values.transpose(1, 2), ((width - 1) // 2, width // 2))
            found = convolution(around).transpose(1, 2)
            values = torch.zeros_like(found)
            values[there] = torch.relu(_normed(norm, found[there]))
        return values.sum(1) / lengths[:, None]


def _normed(norm: torch.nn.Module, steps: torch.Tensor) -> torch.Tensor:
    """Return steps that count, shape (S, W), normalised over all of them; a step alone by what was seen before."""
    alone = norm.training and len(steps) == 1
    norm.train(norm.training and not alone)
    made: torch.Tensor = norm(steps)
    norm.train(norm.training or alone)
    return made


def _there(steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return which steps (T, B, ...) count, shape (T, B, 1)."""
    return (torch.arange(len(steps))[:, None] < lengths)[..., None]


def _last(states: torch.Tensor, lengths: torch.Tensor, *, both: bool) -> torch.Tensor:
    """Return the state in which each direction ends: forwards at the last step, backwards at the first."""
    forwards = states[lengths - 1, torch.arange(len(lengths))]
    if not both:
        return forwards
    half = states.shape[-1] // 2
    return torch.cat([forwards[:, :half], states[0, :, half:]], dim=1)
