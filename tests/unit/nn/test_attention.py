import math

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from tidegate.nn.attention import AdditiveAttention, ScaledDotProductAttention

SEQUENCES, STEPS, STATE, QUERY, HIDDEN = 4, 6, 5, 3, 7
LENGTHS = torch.tensor([6, 1, 4, 3])
KINDS = {"additive": AdditiveAttention, "dot product": ScaledDotProductAttention}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(2)


@pytest.fixture(params=KINDS)
def attention(request, generator):
    made = KINDS[request.param](QUERY, STATE, HIDDEN).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(generator=generator)
    return made


@pytest.fixture
def query(generator):
    return torch.randn(SEQUENCES, QUERY, generator=generator, dtype=torch.float64)


@pytest.fixture
def source(generator):
    return torch.randn(SEQUENCES, STEPS, STATE, generator=generator, dtype=torch.float64)


def softmax(scores):
    exponentials = [math.exp(score) for score in scores]
    return [value / sum(exponentials) for value in exponentials]


@torch.no_grad()
def test_additive_attention_is_its_equation(query, source):
    attention = AdditiveAttention(QUERY, STATE, HIDDEN).double()
    made = attention(query, source, LENGTHS)
    W, U, v = attention.of_query.weight, attention.of_source.weight, attention.score.weight[0]  # noqa: N806
    for row, length in enumerate(LENGTHS.tolist()):
        scores = [float(v @ torch.tanh(W @ query[row] + U @ source[row, j])) for j in range(length)]
        weights = torch.tensor(softmax(scores), dtype=torch.float64)
        torch.testing.assert_close(made.weights[row, :length], weights, rtol=0, atol=1e-12)
        torch.testing.assert_close(made.context[row], weights @ source[row, :length], rtol=0, atol=1e-12)


def test_dot_product_attention_is_torchs(query, source):
    attention = ScaledDotProductAttention(QUERY, STATE, HIDDEN).double()
    valid = torch.arange(STEPS) < LENGTHS[:, None]
    keys, wanted = attention.of_source(source), attention.of_query(query)[:, None]
    expected = scaled_dot_product_attention(wanted, keys, source, attn_mask=valid[:, None])[:, 0]
    torch.testing.assert_close(attention(query, source, LENGTHS).context, expected, rtol=0, atol=1e-12)


def test_weights_sum_to_one_and_are_zero_on_padding(attention, query, source):
    _, weights = attention(query, source, LENGTHS)
    torch.testing.assert_close(weights.sum(1), torch.ones(SEQUENCES, dtype=torch.float64))
    for row, length in enumerate(LENGTHS.tolist()):
        assert bool((weights[row, :length] > 0).all())
        assert not weights[row, length:].any()


def test_no_lengths_are_full_lengths(attention, query, source):
    for made, wanted in zip(
        attention(query, source), attention(query, source, torch.full((SEQUENCES,), STEPS)), strict=True
    ):
        assert torch.equal(made, wanted)


def test_padding_changes_neither_values_nor_gradients(attention, query, source):
    gradients, contexts = [], []
    beyond = (torch.arange(STEPS) >= LENGTHS[:, None])[..., None]
    for filling in (0.0, float("nan")):
        attention.zero_grad()
        leaf = source.masked_fill(beyond, filling).requires_grad_()
        made = attention(query, leaf, LENGTHS)
        contexts.append(made.context)
        (made.context * query.sum()).sum().backward()
        gradients.append([leaf.grad.masked_fill(beyond, 0), *(part.grad.clone() for part in attention.parameters())])
    assert torch.equal(*contexts)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_a_sequence_without_a_step_has_no_context(attention, query, source):
    source = source.requires_grad_()
    made = attention(query, source, torch.tensor([2, 0, 6, 1]))
    assert not made.weights[1].any()
    assert not made.context[1].any()
    (gradient,) = torch.autograd.grad(made.context.sum(), source)
    assert bool(gradient.isfinite().all())


def test_the_query_decides_where_to_look(attention, query, source):
    one, other = attention(query, source), attention(-query, source)
    assert bool((one.weights - other.weights).abs().amax(1).min() > 1e-3)


@pytest.mark.parametrize("lengths", [LENGTHS, None, torch.tensor([2, 0, 6, 1])], ids=["lengths", "whole", "empty"])
def test_many_queries_are_each_alone(attention, source, generator, lengths):
    queries = torch.randn(SEQUENCES, 3, QUERY, generator=generator, dtype=torch.float64)
    together = attention(queries, source, lengths)
    assert together.context.shape == (SEQUENCES, 3, STATE)
    assert together.weights.shape == (SEQUENCES, 3, STEPS)
    for k in range(3):
        alone = attention(queries[:, k], source, lengths)
        torch.testing.assert_close(together.context[:, k], alone.context, rtol=0, atol=1e-12)
        torch.testing.assert_close(together.weights[:, k], alone.weights, rtol=0, atol=1e-12)


def test_great_scores_stay_finite(attention, query, source):
    made = attention(1e6 * query, 1e6 * source, LENGTHS)
    assert bool(made.context.isfinite().all())
