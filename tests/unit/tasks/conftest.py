"""Small labelled sequences that a network learns in a second."""

import numpy as np
import pytest

GOOD, BAD, PLAIN = (
    ("fine", "lovely", "great"),
    ("dull", "awful", "poor"),
    ("the", "film", "was", "a", "tale", "of", "sea"),
)


@pytest.fixture
def texts():
    """Texts that hold one good or one bad word among plain ones, and which."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        labels = np.where(rng.random(n) < 0.5, "good", "bad")
        found = []
        for label in labels:
            words = list(rng.choice(PLAIN, rng.integers(3, 12)))
            words.insert(int(rng.integers(len(words))), str(rng.choice(GOOD if label == "good" else BAD)))
            found.append(" ".join(words))
        return found, labels

    return made


@pytest.fixture
def waves():
    """Two channels of unequal length: a slow or a fast wave in the first, noise in the second; 0 slow, 1 fast."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, n)
        found = []
        for label in labels:
            steps = np.arange(rng.integers(20, 45)) + 20 * rng.random()
            wave = 100 + 5 * np.sin(steps * (1.3 if label else 0.4)) + rng.normal(0, 0.5, len(steps))
            found.append(np.stack([wave, rng.normal(size=len(steps))], axis=1))
        return found, labels

    return made
