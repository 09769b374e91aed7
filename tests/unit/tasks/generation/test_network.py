import numpy as np
import pytest
import torch

from tidegate.nn.dropout import Dropout
from tidegate.tasks.generation.network import Lost, Width
from tidegate.tasks.generation.said import Notes
from tidegate.tasks.limits import kept_per_step
from tidegate.tasks.reading import Batch

TOKENS = torch.tensor([[1, 2], [3, 4], [2, 0], [4, 4]], dtype=torch.int32)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("embedding", [0, 4])
def test_a_state_carried_on_says_the_same(cell, embedding, network):
    one = network(embedding=embedding, cell=cell)
    whole, _ = one.walk(TOKENS)
    first, state = one.walk(TOKENS[:2])
    second, _ = one.walk(TOKENS[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    assert not torch.allclose(one.walk(TOKENS[2:])[0], whole[2:])
    torch.testing.assert_close(one(Batch(TOKENS, torch.tensor([4, 4]))).made, whole)


def test_what_is_said_after_each_step_counts_in_what_is_kept(network):
    one, steps = network(), np.array([10, 20])
    outputs = one.said.n_outputs
    assert one.kept(steps, steps).tolist() == [n * (kept_per_step(one.layers) + 4 * outputs) for n in (10, 20)]


def test_conditions_stand_beside_every_step(network):
    one = network(Width(5, 0, 2))
    inputs = torch.cat([TOKENS.float()[..., None], torch.tensor([1.0, 0.0]).expand(4, 2, 2)], dim=2)
    other = inputs.clone()
    other[..., 1:] = torch.tensor([0.0, 1.0])
    assert one.steps.width == 6
    assert not torch.allclose(one.walk(inputs)[0][0], one.walk(other)[0][0])
    torch.testing.assert_close(one.steps(inputs)[..., 4:], inputs[..., 1:])


@pytest.mark.parametrize("training", [False, True])
def test_steps_of_numbers_are_read_as_they_are(network, training):
    """A key that sounds is one bit among few: without it the next step cannot be known, so nothing is dropped."""
    one = network(Width(0, 3, 0), said=Notes(3)).train(training)
    inputs = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(one.steps(inputs), inputs)
    assert one.walk(inputs)[0].shape == (4, 2, 3)
    assert torch.equal(network().train(training).steps(TOKENS), network().steps(TOKENS)) is not training


def test_tied_vectors_score_tokens(network):
    one = network(tied=True)
    assert one.output.vectors is one.steps.vectors
    assert sum(p.numel() for p in one.parameters()) < sum(p.numel() for p in network().parameters())
    before = one.walk(TOKENS)[0]
    with torch.no_grad():
        one.steps.vectors.weight[3] = 0
    after = one.walk(TOKENS[:1])[0]
    assert before[0, 1, 3] != 0
    assert after[..., 3].eq(0).all()


def test_an_unknown_token_says_nothing_at_first(network):
    assert network().steps.vectors.weight[1].eq(0).all()


def test_variational_dropout_drops_the_same_at_every_step():
    values = torch.ones(50, 2, 40)
    same = Lost(Dropout(0.5, torch.Generator().manual_seed(0)), variational=True)(values)
    other = Lost(Dropout(0.5, torch.Generator().manual_seed(0)), variational=False)(values)
    assert torch.equal(same, same[:1].expand(50, 2, 40))
    assert not torch.equal(same[0, 0], same[0, 1])
    assert not torch.equal(other, other[:1].expand(50, 2, 40))
    assert set(same.unique().tolist()) == {0.0, 2.0}
