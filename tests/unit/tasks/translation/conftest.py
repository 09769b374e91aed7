"""A small language that is said backwards: what a dictionary cannot say, and a network learns in seconds."""

import numpy as np
import pytest

WORDS = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four", "tor": "gate"}


@pytest.fixture(scope="session")
def backwards():
    def made(n, seed=0, longest=5):
        rng = np.random.default_rng(seed)
        X = [[str(word) for word in rng.choice(list(WORDS), rng.integers(1, longest + 1))] for _ in range(n)]
        return [" ".join(one) for one in X], [" ".join(WORDS[word] for word in reversed(one)) for one in X]

    return made
