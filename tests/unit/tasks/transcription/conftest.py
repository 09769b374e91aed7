"""Recordings of a few tones, each a token, that a small network learns in a second or two."""

import numpy as np
import pytest

RATE, TONES = 8_000, {"a": 400.0, "b": 900.0, "c": 1_800.0}


@pytest.fixture(scope="session")
def tones():
    """Recordings of one to four tones with pauses, in noise, and what they say."""

    def made(n, seed=0, most=4):
        rng = np.random.default_rng(seed)
        said = ["".join(rng.choice(list(TONES), rng.integers(1, most + 1))) for _ in range(n)]
        return [recorded(one, rng) for one in said], said

    return made


def recorded(said, rng):
    parts = [np.zeros(200)]
    for token in said:
        steps = np.arange(rng.integers(700, 1_100)) / RATE
        parts += [np.sin(2 * np.pi * TONES[token] * steps), np.zeros(rng.integers(500, 900))]
    whole = np.concatenate(parts)
    return whole + rng.normal(0, 0.02, len(whole))
