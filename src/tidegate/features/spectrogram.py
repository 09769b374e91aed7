"""Recordings as frames of a log-mel spectrogram: how loud each band of pitch is, every few milliseconds.

Axis letters: S samples, T frames, F frequencies of the transform, I bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

QUIETEST = -80.0
"""Decibels below the loudest place of a recording, from which on everything counts as silence."""

WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.010
"""How long a frame hears, and from frame to frame: the usual ones of speech."""

_FINEST = 512


@dataclass(frozen=True)
class Spectrogram:
    """How recordings become frames.

    Parameters
    ----------
    rate
        Samples per second, positive.
    bands
        Triangular bands between 0 and half the rate, equally wide in mel, at least 1.
    """

    rate: int
    bands: int = 40

    @property
    def window_steps(self) -> int:
        """Samples that a frame hears: 25 milliseconds."""
        return max(round(WINDOW_SECONDS * self.rate), 1)

    @property
    def hop_steps(self) -> int:
        """Samples from the beginning of a frame to that of the next: 10 milliseconds."""
        return max(round(HOP_SECONDS * self.rate), 1)

    def log_mel(self, samples: NDArray[Any]) -> Floats:
        """Return how loud each band is in each frame, shape (T, I), in decibels below the loudest: -80 to 0.

        How loud the recording is as a whole does not matter; silence is -80 everywhere.

        Parameters
        ----------
        samples
            Shape (S,), at least 1, on any scale.

        Source: Davis & Mermelstein (1980), Comparison of parametric representations for monosyllabic word recognition,
        IEEE Transactions on Acoustics, Speech, and Signal Processing 28, figure 1, without the last transform.
        """
        loudness = self.power(samples) @ _filters(self.rate, self.bands, self._n_points())
        loudest = loudness.max()
        if not loudest:
            return np.full(loudness.shape, QUIETEST)
        with np.errstate(divide="ignore"):
            return np.asarray(np.maximum(10 * np.log10(loudness / loudest), QUIETEST))

    def power(self, samples: NDArray[Any]) -> Floats:
        """Return the squared magnitude of the transform of each frame under Hann's window, shape (T, F).

        A frame begins every 10 milliseconds for as long as there are samples that none before it heard; the last is
        filled up with zeros.
        """
        wide, hop = self.window_steps, self.hop_steps
        n_frames = 1 + max(-(-(len(samples) - wide) // hop), 0)
        padded = np.zeros((n_frames - 1) * hop + wide)
        padded[: len(samples)] = samples
        frames = np.lib.stride_tricks.sliding_window_view(padded, wide)[::hop]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(wide) / wide)
        transformed = np.fft.rfft(frames * window, self._n_points())
        return np.asarray(transformed.real**2 + transformed.imag**2)

    def _n_points(self) -> int:
        """Return the length of the transform: a power of two, fine enough for the lowest bands."""
        return max(_FINEST, 1 << (self.window_steps - 1).bit_length())


@lru_cache(maxsize=8)
def _filters(rate: int, bands: int, n_points: int) -> Floats:
    """Return the weight of each frequency in each band, shape (F, I).

    Each band rises from the middle of the one before to its own and falls to that of the next. One so narrow that no
    frequency lies in it takes the nearest.

    Source: O'Shaughnessy (1987), Speech communication: 2595 log10(1 + f / 700) mel for f hertz.
    """
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, bands + 2) / 2595) - 1)
    frequencies = np.arange(n_points // 2 + 1) * rate / n_points
    below, middle, above = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - below) / (middle - below)
    falling = (above - frequencies[:, None]) / (above - middle)
    weights = np.maximum(np.minimum(rising, falling), 0.0)
    empty = np.flatnonzero(~weights.any(axis=0))
    weights[np.abs(frequencies[:, None] - middle[empty]).argmin(axis=0), empty] = 1.0
    return np.asarray(weights)
