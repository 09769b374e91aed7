"""Steps that are pictures: what a recurrent network reads of each frame of a film.

Axis letters: T steps, B batch, Y height, X width, I = Y X numbers of a frame.
"""

from __future__ import annotations

import torch

Frame = tuple[int, int]
"""Height and width of a picture."""

_CHANNELS, _SIDE, _STRIDE = (16, 32), 3, 2


class FrameEncoder(torch.nn.Module):
    """Makes a vector of each frame: two convolutions of 3 by 3, every second place, rectified, then a linear map.

    The same weights see every frame; what moves between frames is left to the layers that walk over time.

    Parameters
    ----------
    frame
        Height and width, Y and X.
    width
        Of the vector.

    Source: Donahue et al. (2015), Long-term recurrent convolutional networks for visual recognition and description,
    CVPR (convolutions on each frame, a recurrent network over frames), with small convolutions for small frames.
    """

    def __init__(self, frame: Frame, width: int) -> None:
        super().__init__()
        self.frame, self.width = frame, width
        sizes = zip((1, *_CHANNELS[:-1]), _CHANNELS, strict=True)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv2d(ins, outs, _SIDE, stride=_STRIDE, padding=_SIDE // 2) for ins, outs in sizes
        )
        self.output = torch.nn.Linear(self._places()[-1] * _CHANNELS[-1], width)

    @property
    def n_kept(self) -> int:
        """Numbers that are made of a frame on the way."""
        return sum(places * channels for places, channels in zip(self._places(), _CHANNELS, strict=True))

    def _places(self) -> list[int]:
        """Return of how many places each convolution tells."""
        height, width = self.frame
        made = []
        for _ in _CHANNELS:
            height, width = -(-height // _STRIDE), -(-width // _STRIDE)
            made.append(height * width)
        return made

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, width) for frames (T, B, I)."""
        made = inputs.reshape(-1, 1, *self.frame)
        for convolution in self.convolutions:
            made = torch.relu(convolution(made))
        told: torch.Tensor = self.output(made.flatten(1))
        return told.reshape(*inputs.shape[:-1], -1)
