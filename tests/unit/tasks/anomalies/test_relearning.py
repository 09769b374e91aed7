import numpy as np
import pytest
import torch

from tidegate.nn.initialisation import built
from tidegate.tasks.anomalies.expectation import Expectation
from tidegate.tasks.anomalies.network import Foreseer
from tidegate.tasks.anomalies.relearning import Relearning
from tidegate.tasks.anomalies.windows import Cut
from tidegate.tasks.network import Layers
from tidegate.tasks.reading import Reader

SWINGING = np.sin(np.arange(400) / 3)[:, None]


def relearning(seed=0, judged=True):
    reader = Reader("values", None, (np.zeros(1), np.ones(1)))
    return Relearning(100, 400, Cut(reader, np.array([judged]), 24, 1), seed)


@pytest.fixture
def network():
    generator = torch.Generator().manual_seed(0)
    layers = Layers("gru", 8, 1, bidirectional=False, dropout=0.5)
    return built(lambda: Foreseer(layers, 1, generator), generator).double().eval()


def missed(network):
    return np.nanmean(np.abs(Expectation(network, 24).errors(SWINGING)))


def test_it_learns_and_leaves_the_network_that_it_was_given(network):
    before = missed(network)
    assert missed(relearning().renewed(network, SWINGING)) < 0.8 * before
    assert missed(network) == before


def test_the_same_seed_gives_the_same_bits_and_another_does_not(network):
    first, again, other = (relearning(seed).renewed(network, SWINGING).head.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_a_window_that_holds_something_it_stays(network):
    assert relearning().renewed(network, SWINGING[:23]) is network
    assert relearning().renewed(network, np.full((200, 1), np.nan)) is network
    assert relearning(judged=False).renewed(network, SWINGING) is network
