"""Every sum and every best sequence against all sequences of tags, written out."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from tidegate.nn import crf
from tidegate.nn.crf import Chain, Moves
from tidegate.nn.initialisation import built

LENGTHS, K = (4, 1, 3), 3


@pytest.fixture
def chain():
    draw = torch.Generator().manual_seed(0)
    sizes = ((4, len(LENGTHS), K), (K,), (K,), (K, K))
    steps, start, end, moves = (2 * torch.randn(size, generator=draw, dtype=torch.float64) for size in sizes)
    return Chain(steps, torch.tensor(LENGTHS), start, end, moves)


def scored(chain, b, tags):
    found = chain.start[tags[0]] + chain.end[tags[-1]] + sum(chain.steps[t, b, tag] for t, tag in enumerate(tags))
    return float(found + sum(chain.moves[one, other] for one, other in pairwise(tags)))


def every(chain, b):
    """All sequences of tags of a sequence with their scores."""
    return {tags: scored(chain, b, tags) for tags in product(range(K), repeat=LENGTHS[b])}


def test_the_likelihood_is_a_share_of_the_sum_over_all_sequences(chain):
    wanted = [(2, 0, 1, 1), (1,), (0, 2, 2)]
    tags = torch.full((4, 3), -1)
    for b, one in enumerate(wanted):
        tags[: len(one), b] = torch.tensor(one)
    sums = [np.logaddexp.reduce(list(every(chain, b).values())) for b in range(3)]
    np.testing.assert_allclose(crf.log_partition(chain), sums, rtol=1e-12)
    np.testing.assert_allclose(crf.score(chain, tags), [scored(chain, b, one) for b, one in enumerate(wanted)])
    np.testing.assert_allclose(
        crf.log_likelihood(chain, tags), [every(chain, b)[one] - sums[b] for b, one in enumerate(wanted)], rtol=1e-11
    )


def test_marginals_are_sums_over_all_sequences(chain):
    found = crf.marginals(chain)
    for b, length in enumerate(LENGTHS):
        scores = every(chain, b)
        total = np.logaddexp.reduce(list(scores.values()))
        for t in range(length):
            wanted = [sum(np.exp(one - total) for tags, one in scores.items() if tags[t] == k) for k in range(K)]
            np.testing.assert_allclose(found[t, b], wanted, rtol=1e-11)
        assert (found[length:, b] == 0).all()


def test_marginals_are_gradients_of_the_sum(chain):
    """d log Z / d P[t, k] = p(y_t = k | x)."""
    steps = chain.steps.requires_grad_()
    (gradient,) = torch.autograd.grad(crf.log_partition(chain._replace(steps=steps)).sum(), steps)
    torch.testing.assert_close(gradient, crf.marginals(chain).detach(), rtol=1e-10, atol=1e-12)


def test_the_best_sequence_is_the_best_of_all(chain):
    for b, found in enumerate(crf.best(chain)):
        scores = every(chain, b)
        assert tuple(found.tolist()) == max(scores, key=scores.get)


def test_a_sequence_beside_longer_ones_has_the_same_bits_as_alone(chain):
    together = [crf.log_partition(chain), crf.marginals(chain), crf.best(chain)]
    for b, length in enumerate(LENGTHS):
        alone = chain._replace(steps=chain.steps[:length, b : b + 1], lengths=chain.lengths[b : b + 1])
        assert torch.equal(crf.log_partition(alone), together[0][b : b + 1])
        assert torch.equal(crf.marginals(alone)[:, 0], together[1][:length, b])
        assert torch.equal(crf.best(alone)[0], together[2][b])


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_what_is_forbidden_never_happens(precision):
    """Tag 2 may not begin, and not follow 0; sums run over what is left."""
    forbidden = np.zeros((K + 1, K), dtype=bool)
    forbidden[0, 2] = forbidden[K, 2] = True
    moves = built(lambda: Moves(K, forbidden=forbidden), torch.Generator()).to(precision)
    steps = torch.zeros(3, 1, K, dtype=precision)
    steps[..., 2] = 30.0
    chain = moves(steps, torch.tensor([3]))
    assert crf.best(chain)[0].tolist() == [1, 2, 2]
    allowed = [one for one in product(range(K), repeat=3) if one[0] != 2 and (0, 2) not in pairwise(one)]
    wanted = np.logaddexp.reduce([30.0 * one.count(2) for one in allowed])
    assert crf.log_partition(chain).item() == pytest.approx(wanted, rel=1e-6)
    found = crf.marginals(chain)
    assert found[0, 0, 2] == 0
    assert found.isfinite().all()
    crf.log_partition(chain).sum().backward()
    assert moves.weights.grad.isfinite().all()
    assert moves.weights.grad[0, 2] == 0


def test_without_learned_moves_steps_stand_alone():
    moves = Moves(K, learned=False)
    steps = torch.randn(4, 2, K, generator=torch.Generator().manual_seed(1))
    chain = moves(steps, torch.tensor([4, 4]))
    torch.testing.assert_close(crf.marginals(chain), steps.softmax(2))
    assert not list(moves.parameters())


def test_moves_begin_at_nothing_and_are_learned():
    moves = built(lambda: Moves(K), torch.Generator())
    assert (moves.weights == 0).all()
    chain = moves(torch.zeros(2, 1, K), torch.tensor([2]))
    crf.log_likelihood(chain, torch.tensor([[0], [1]])).sum().backward()
    assert (moves.weights.grad[0, 1], moves.weights.grad[-2, 0], moves.weights.grad[-1, 1]) > (0, 0, 0)
