import itertools

import numpy as np
import pytest
import torch

from tidegate.nn import crf
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.crf import Moves
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent
from tidegate.tasks import tagging
from tidegate.tasks.learning import Examples
from tidegate.tasks.limits import kept_per_step
from tidegate.tasks.reading import batch
from tidegate.tasks.tagging import Spelled, TaggingNetwork, WordInput

RNG = np.random.default_rng(0)


def spelled():
    return Spelled(9, Recurrent(Lstm(), 4, 5, stack=Stack(bidirectional=True)))


def item(n_steps):
    """A sentence of 12 known words, letters of which 9 are known, of one to six each."""
    words = RNG.integers(2, 12, n_steps)
    letters = RNG.integers(1, 9, (n_steps, 6)) * (np.arange(6) < RNG.integers(1, 7, n_steps)[:, None])
    return np.concatenate([words[:, None], letters], axis=1)


@pytest.fixture
def network():
    generator = torch.Generator().manual_seed(0)
    dropout = Dropout(0.5, generator)

    def make():
        steps = WordInput((12, 7), spelled(), None, dropout)
        layers = Recurrent(Lstm(), steps.width, 5, stack=Stack(bidirectional=True))
        return TaggingNetwork(steps, layers, dropout, Moves(3))

    return built(make, generator).eval()


def test_padding_changes_nothing(network):
    items = [item(n) for n in (6, 1, 4)]
    together = network(batch(items))
    for b, one in enumerate(items):
        alone = network(batch([one]))
        torch.testing.assert_close(together.steps[: len(one), b], alone.steps[:, 0], atol=1e-5, rtol=1e-5)


def test_each_word_is_spelled_as_if_alone(network):
    """Words that occur twice are read once, in both directions to their own ends."""
    reader = network.steps.spelled
    rows = torch.from_numpy(item(4)[:, 1:])
    rows = torch.cat([rows, rows[:2], torch.zeros(1, 6, dtype=torch.long)])[:, None]
    found = reader(rows)
    assert found.shape == (7, 1, 10)
    assert torch.equal(found[4:6], found[:2])
    assert not found[6].any()
    for t in range(4):
        kept = rows[t : t + 1, :, : int((rows[t] != 0).sum())]
        torch.testing.assert_close(reader(kept)[0], found[t], atol=1e-6, rtol=1e-6)
    assert torch.equal(reader(rows[6:]), found[6:])


def test_order_and_ends_of_letters_matter(network):
    reader = network.steps.spelled
    words = torch.tensor([[[1, 2, 3, 0]], [[3, 2, 1, 0]], [[1, 2, 3, 3]]])
    found = reader(words)[:, 0]
    assert (torch.cdist(found, found) > 1e-3).sum() == 6


def test_scores_of_moves_and_letters_count_in_what_is_kept(network):
    steps = np.array([10, 20])
    whole = network.kept(steps, steps)
    assert whole[1] == 2 * whole[0]
    network.steps.spelled = None
    alone = network.kept(steps, steps)
    assert (whole - alone).tolist() == [8 * n * kept_per_step(spelled()) for n in (10, 20)]
    network.moves = Moves(3, learned=False)
    assert (alone - network.kept(steps, steps)).tolist() == [2 * 9 * n for n in (10, 20)]


@pytest.mark.parametrize("learned", [True, False])
def test_the_loss_is_the_likelihood_over_the_mean_length(learned):
    scores = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(0))
    chain = built(lambda: Moves(3, learned=learned), torch.Generator())(scores, torch.tensor([4, 2]))
    examples = Examples([np.zeros(4), np.zeros(2)], [np.array([0, 1, 2, 1]), np.array([2, 0])], np.arange(2))
    _, tags = examples.batch([0, 1])
    assert tags[:, 1].tolist() == [2, 0, -1, -1]
    found = tagging.Surprise(3.0, learned)(chain, tags)
    torch.testing.assert_close(found, -crf.log_likelihood(chain, tags) / 3)


def test_what_is_told_ends_with_the_sequence(network):
    chain = network(batch([item(5), item(2)]))
    assert [len(one) for one in tagging.most_probable(chain)] == [5, 2]
    made = tagging.probabilities(chain)
    assert [one.shape for one in made] == [(5, 3), (2, 3)]
    assert made[0].dtype == torch.float64


def test_several_chains_are_one_by_the_geometric_mean_of_their_probabilities():
    generator, chains = torch.Generator().manual_seed(0), []
    for _ in range(3):
        moves = Moves(2)
        torch.nn.init.normal_(moves.weights, generator=generator)
        chains.append(moves(torch.randn(3, 1, 2, generator=generator), torch.tensor([3])))
    every = [torch.tensor(tags)[:, None] for tags in itertools.product((0, 1), repeat=3)]
    likely = [
        torch.cat([crf.log_likelihood(one, tags) for tags in every]) for one in [*chains, tagging.mean_scores(chains)]
    ]
    torch.testing.assert_close(likely[-1], torch.stack(likely[:-1]).mean(0).log_softmax(0), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(likely[-1], likely[0], atol=0.1)
