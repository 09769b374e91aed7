"""Made-up films of a shape that moves, with the names and captions of what happens in them.

Axis letters: N films, T frames, Y height, X width.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SIDE, _NOISE = 16, 0.1
_SIZES = {"small": 1.6, "large": 3.1}
_WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
_SPOKEN = {"left": "to the left", "right": "to the right", "up": "up", "down": "down"}
_MANNERS = {"slowly": 0.25, "quickly": 0.6}
_SHAPES = ("disc", "square", "cross")


class Films(NamedTuple):
    """Films with what they show.

    Attributes
    ----------
    frames
        N arrays of shape (T, Y, X), 16 by 16, from 10 to 16 frames, about 0 where nothing is and 1 where the shape is.
    names
        Shape and where it goes: "disc left".
    captions
        In words: "a small disc moves quickly to the left".
    """

    frames: list[Floats]
    names: list[str]
    captions: list[str]


def films(n: int, *, seed: int = 0) -> Films:
    """Return `n` films, the same for the same seed: discs, squares and crosses that go left, right, up or down.

    Each name is as frequent as every other, or nearly. No single frame tells where the shape goes, or how fast.

    Parameters
    ----------
    n
        At least 1.
    seed
        Of every choice.
    """
    rng = np.random.default_rng(seed)
    named = list(itertools.product(_SHAPES, _WAYS))
    made = [_film(named[k % len(named)], rng) for k in rng.permutation(n)]
    frames, names, captions = (list(one) for one in zip(*made, strict=True))
    return Films(frames, names, captions)


def _film(named: tuple[str, str], rng: np.random.Generator) -> tuple[Floats, str, str]:
    shape, way = named
    size, manner = (str(rng.choice(list(of))) for of in (_SIZES, _MANNERS))
    n_frames = int(rng.integers(10, 17))
    travelled = (np.arange(n_frames) - n_frames / 2) * _MANNERS[manner]
    middle = (_SIDE - 1) / 2 + rng.uniform(-1, 1, size=2)
    frames = np.stack([_drawn(shape, _SIZES[size], middle + far * np.array(_WAYS[way])) for far in travelled])
    caption = f"a {size} {shape} moves {manner} {_SPOKEN[way]}"
    return frames + rng.normal(0, _NOISE, frames.shape), f"{shape} {way}", caption


def _drawn(shape: str, radius: float, middle: Floats) -> Floats:
    """Return one frame, shape (Y, X): 1 where the shape is."""
    down, across = np.abs(np.indices((_SIDE, _SIDE)) - middle[:, None, None])
    there = {
        "disc": np.hypot(down, across) <= radius,
        "square": np.maximum(down, across) <= radius,
        "cross": (np.minimum(down, across) <= 0.5) & (np.maximum(down, across) <= radius),
    }[shape]
    return np.asarray(there, dtype=np.float64)
