"""Generated recordings of telephone keys: two tones each, in noise, at any tempo, and the number that was dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.naming import named
from tidegate.data.recordings import Recordings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXAMPLES: dict[str, str] = {"dialled": "Generated recordings of telephone keys in noise: the number that was dialled"}

RATE = 8_000
"""Samples per second: that of telephones."""

_KEYS = ("123", "456", "789", "*0#")
_ROWS, _COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)
_TONES = {
    key: (low, high)
    for row, low in zip(_KEYS, _ROWS, strict=True)
    for key, high in zip(row, _COLUMNS, strict=True)
    if key.isdigit()
}
_DIGITS = (3, 7)
_PRESSED, _RELEASED = (0.06, 0.2), (0.0, 0.15)
_NOISE = (0.05, 0.5)
_N_CALLS, _SEED = 300, 11


def transcribed_example(name: str) -> Recordings:
    """Return an example of recordings with their transcripts, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    named(name, EXAMPLES)
    return dialled(_N_CALLS, seed=_SEED)


def dialled(n: int, *, seed: int = 0) -> Recordings:
    """Return recordings of 3 to 7 keys, and the digits of each.

    Keys are held for 60 to 200 ms and let go for 0 to 150 ms, so that equal ones may run into each other; noise is -26
    to -6 dB of a tone.

    Parameters
    ----------
    n
        How many, at least 1.
    seed
        Of every random choice.

    Source: ITU-T recommendation Q.23 (1988), Technical features of push-button telephone sets: the frequencies.
    """
    rng = np.random.default_rng(seed)
    said = ["".join(rng.choice(sorted(_TONES), rng.integers(_DIGITS[0], _DIGITS[1] + 1))) for _ in range(n)]
    return Recordings([_recorded(one, rng) for one in said], said, RATE, [])


def _recorded(digits: str, rng: np.random.Generator) -> Floats:
    """Return one call's samples."""
    parts = [_silence(rng)]
    for digit in digits:
        steps = np.arange(int(RATE * rng.uniform(*_PRESSED))) / RATE
        shifts = rng.uniform(0, 2 * np.pi, 2)
        tones = [np.sin(2 * np.pi * f * steps + shift) for f, shift in zip(_TONES[digit], shifts, strict=True)]
        parts += [tones[0] + tones[1], _silence(rng)]
    whole = np.concatenate(parts)
    return np.asarray(whole + rng.normal(0, rng.uniform(*_NOISE), len(whole)))


def _silence(rng: np.random.Generator) -> Floats:
    return np.zeros(int(RATE * rng.uniform(*_RELEASED)) + 1)
