from itertools import product

import numpy as np
import pytest
import torch

from tidegate.tasks.transcription import decoding


def drawn(n_steps, n_tokens, seed=0, sharp=1.5):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(n_steps, 1 + n_tokens, generator=generator, dtype=torch.float64) * sharp
    return scores.log_softmax(1)


def transcript(path):
    return tuple(one for k, one in enumerate(path) if one and (not k or path[k - 1] != one))


def enumerated(scores):
    """Every transcript with its probability, and the most probable path of each."""
    whole, best = {}, {}
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        own = float(scores[torch.arange(len(scores)), list(path)].sum().exp())
        said = transcript(path)
        whole[said] = whole.get(said, 0.0) + own
        best[said] = max(best.get(said, (0.0, path)), (own, path))
    return whole, best


@pytest.mark.parametrize(("n_steps", "n_tokens", "seed"), [(1, 2, 0), (4, 2, 1), (5, 3, 2), (6, 2, 3)])
def test_a_wide_beam_is_exact(n_steps, n_tokens, seed):
    scores = drawn(n_steps, n_tokens, seed)
    whole, _ = enumerated(scores)
    found = decoding.beam(scores, 10_000)
    assert {one.tokens for one in found} == set(whole)
    for one in found:
        assert np.exp(one.log_probability) == pytest.approx(whole[one.tokens], rel=1e-9)
    assert [one.log_probability for one in found] == sorted((one.log_probability for one in found), reverse=True)


def test_a_narrow_beam_finds_the_best_of_sharp_scores_and_tells_its_probability_exactly():
    for seed in range(20):
        scores = drawn(6, 3, seed, sharp=3.0)
        whole, _ = enumerated(scores)
        best = decoding.beam(scores, 8)[0]
        assert best.tokens == max(whole, key=whole.get)
        assert np.exp(best.log_probability) == pytest.approx(whole[best.tokens], rel=1e-9)
        assert len(decoding.beam(scores, 3)) == 3


def test_all_paths_together_can_outdo_the_best_one():
    """Graves (2012), figure 7.5: the best path says nothing, the best transcript says a token."""
    scores = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
    assert decoding.greedy(scores) == ()
    assert decoding.beam(scores, 2)[0].tokens == (1,)
    assert np.exp(decoding.beam(scores, 2)[0].log_probability) == pytest.approx(0.64)


def test_greedy_takes_the_best_path():
    for seed in range(20):
        scores = drawn(7, 3, seed)
        assert decoding.greedy(scores) == transcript(scores.argmax(1).tolist())
    doubled = torch.tensor([[0, 9, 0], [9, 0, 0], [0, 9, 0], [0, 9, 0], [0, 0, 9]], dtype=torch.float64)
    assert decoding.greedy(doubled.log_softmax(1)) == (1, 1, 2)


def test_likelihood_of_what_cannot_be_said():
    scores = drawn(2, 2)
    assert decoding.likelihood(scores, (1, 1)) == -np.inf
    assert np.exp(decoding.likelihood(scores, ())) == pytest.approx(float(scores[:, 0].sum().exp()))


@pytest.mark.parametrize("seed", range(4))
def test_alignment_is_the_most_probable_path(seed):
    scores = drawn(6, 2, seed)
    _, best = enumerated(scores)
    for tokens, (_, path) in best.items():
        made = decoding.aligned(scores.numpy(), tokens)
        assert made.shape == (len(tokens), 2)
        walked = [0] * len(path)
        for token, (begin, end) in zip(tokens, made.tolist(), strict=True):
            walked[begin:end] = [token] * (end - begin)
        assert walked == list(path)
