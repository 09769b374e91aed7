"""Generators that learn in a second, and what they learn from."""

import numpy as np
import pytest
import torch

from tidegate import SequenceGenerator
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.generation.network import GenerativeNetwork, Lost, Steps, Width
from tidegate.tasks.generation.said import Tokens
from tidegate.tasks.network import Layers, recurrent
from tidegate.training.settings import Training

TOKENS, FIVE = Width(5, 0, 0), Tokens(5, ends=True)
FAST = Training(learning_rate=0.02, patience=100, held_out_fraction=0.0)


@pytest.fixture
def quick():
    """A small generator with other settings."""

    def made(**settings):
        return SequenceGenerator(**{"hidden_size": 16, "embedding": 8, "dropout": 0.0, "training": FAST} | settings)

    return made


@pytest.fixture
def pairs():
    """Words of a vowel between two consonants that are the same: bab, cic."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        drawn = [(str(rng.choice(list("bcdf"))), str(rng.choice(list("aeiou")))) for _ in range(n)]
        return [first + vowel + first for first, vowel in drawn]

    return made


@pytest.fixture
def chords():
    """Steps of eight keys: the lower four walk round and round, of the upper four one sounds by chance."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        found = []
        for _ in range(n):
            steps = np.zeros((int(rng.integers(6, 13)), 8), dtype=np.int8)
            place = int(rng.integers(4))
            for row in steps:
                row[place % 4] = row[4 + rng.integers(4)] = 1
                place += 1
            found.append(steps)
        return found

    return made


@pytest.fixture
def network():
    """A network of five tokens unless told otherwise, with fresh parameters."""

    def drawn(width=TOKENS, *, embedding=4, tied=False, layers=2, said=FIVE, cell="lstm"):
        generator = torch.Generator().manual_seed(0)

        def made():
            lost = Lost(Dropout(0.5, generator), variational=False)
            steps = Steps(width, embedding, lost)
            design = Layers(cell, 6, layers, bidirectional=False, dropout=0.5)
            return GenerativeNetwork(steps, recurrent(design, steps.width, generator), lost, said, tied=tied)

        return built(made, generator).eval()

    return drawn
