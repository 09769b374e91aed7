"""Generated handwriting: digits drawn by a pen that trembles, slants and hurries, and what it wrote.

Axis letters: N lines of writing, T points, I = 3 channels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.recordings import Recordings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_GLYPHS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(5, 10), (1, 8), (0, 5), (1, 2), (4, 0), (7, 2), (8, 5), (7, 8), (5, 10)]],
    "1": [[(1, 7), (4, 10), (4, 0)]],
    "2": [[(0, 8), (2, 10), (6, 10), (7, 7), (4, 4), (0, 0), (8, 0)]],
    "3": [[(0, 9), (4, 10), (7, 8), (3, 5), (7, 3), (5, 0), (0, 1)]],
    "4": [[(5, 10), (0, 3), (8, 3)], [(6, 6), (6, 0)]],
    "5": [[(1, 10), (1, 6), (5, 6), (7, 3), (4, 0), (0, 1)], [(1, 10), (7, 10)]],
    "6": [[(6, 10), (2, 7), (0, 3), (3, 0), (6, 2), (5, 5), (1, 4)]],
    "7": [[(0, 10), (8, 10), (3, 0)], [(2, 5), (7, 5)]],
    "8": [[(6, 9), (3, 10), (1, 8), (6, 3), (4, 0), (1, 2), (6, 8), (6, 9)]],
    "9": [[(7, 8), (4, 10), (1, 8), (3, 5), (7, 8), (6, 3), (5, 0)]],
}
_DIGITS = (1, 5)
_GAP = 4.0
_PACE = (1.2, 2.2)


def strokes(n: int, *, seed: int = 0) -> Recordings:
    """Return lines of 1 to 5 digits, and what they say.

    A line is an array of shape (T, 3): how far the pen went to the right and up since the point before, and whether it
    touched the paper on the way, 1 or 0. Each has its own size, slant, tempo and trembling; nothing but the shapes
    tells where a digit ends.

    Parameters
    ----------
    n
        How many, at least 1.
    seed
        Of every random choice.
    """
    rng = np.random.default_rng(seed)
    said = ["".join(rng.choice(sorted(_GLYPHS), rng.integers(_DIGITS[0], _DIGITS[1] + 1))) for _ in range(n)]
    return Recordings([_drawn(one, rng) for one in said], said, None, [])


def _drawn(digits: str, rng: np.random.Generator) -> Floats:
    """Return one line, shape (T, 3)."""
    slant, size, pace = rng.normal(0, 0.2), rng.uniform(0.7, 1.3), rng.uniform(*_PACE)
    points, touched, left = [np.zeros((1, 2))], [np.zeros(1)], 0.0
    for digit in digits:
        warped = rng.normal(0, 0.5, (2,))
        for stroke in _GLYPHS[digit]:
            corners = np.array(stroke) + rng.normal(0, 0.35, (len(stroke), 2)) + warped + (left, 0.0)
            for k, way in enumerate(_ways(np.concatenate([points[-1][-1:], corners]), pace)):
                points.append(way)
                touched.append(np.full(len(way), float(k > 0)))
        left += 8 + _GAP * rng.uniform(0.2, 1.0)
    whole = np.concatenate(points)
    whole = size * (whole @ np.array([[1.0, 0.0], [slant, 1.0]]) + rng.normal(0, 0.12, whole.shape))
    return np.column_stack([np.diff(whole, axis=0), np.concatenate(touched)[1:]])


def _ways(corners: Floats, pace: float) -> list[Floats]:
    """Return the points on the way from each corner to the next, at this pace."""
    made = []
    for before, after in pairwise(corners):
        n_points = max(int(np.hypot(*(after - before)) / pace), 1)
        made.append(before + (after - before) * np.arange(1, n_points + 1)[:, None] / n_points)
    return made
