from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.network import Design, StepInput, network
from tidegate.tasks.reading import batch
from tidegate.tasks.tagging import WordInput

DESIGN = Design("gru", 5, 1, True, "mean-max", 4, 0.0, "none")
ITEMS = [np.random.default_rng(k).normal(size=(n, 3)).astype(np.float32) for k, n in enumerate((7, 2, 5))]


def made(design, n_tokens=0):
    generator = torch.Generator().manual_seed(0)
    reader = SimpleNamespace(n_tokens=n_tokens, n_channels=0 if n_tokens else 3, n_pieces=0, frame=None)
    return built(lambda: network(design, reader, n_outputs=2, generator=generator), generator).eval()


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "mean-max"])
@pytest.mark.parametrize("convolution", ["none", "beside", "alone"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_padding_changes_nothing(pooling, convolution, bidirectional):
    """A sequence alone and beside longer ones gives the same outputs."""
    found = made(replace(DESIGN, pooling=pooling, convolution=convolution, bidirectional=bidirectional))
    together = found(batch(ITEMS))
    apart = torch.cat([found(batch([one])) for one in ITEMS])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_every_step_is_seen(cell):
    found = made(replace(DESIGN, cell=cell, layers=2))
    inputs = torch.tensor(ITEMS[0])[:, None].requires_grad_()
    made_of = batch([ITEMS[0]])._replace(inputs=inputs)
    (gradient,) = torch.autograd.grad(found(made_of).sum(), inputs)
    assert (gradient.abs().sum(-1) > 0).all()


def test_tokens_have_vectors_and_padding_has_none():
    found = made(DESIGN, n_tokens=9)
    together = found(batch([np.array([3, 8, 2]), np.array([5])]))
    torch.testing.assert_close(together[1:], found(batch([np.array([5])])))
    assert found.steps.vectors.weight.shape == (9, 4)


@pytest.mark.parametrize(("convolution", "width"), [("none", 20), ("beside", 148), ("alone", 128)])
def test_branches_stand_side_by_side(convolution, width):
    assert made(replace(DESIGN, convolution=convolution)).output.in_features == width


def test_channels_are_those_of_the_convolutions():
    branch = made(replace(DESIGN, convolution="alone", channels=6)).branches[0]
    assert [(one.in_channels, one.out_channels) for one in branch.convolutions] == [(3, 6), (6, 12), (12, 6)]


@pytest.mark.parametrize(("cell", "gate"), [("gru", 1), ("lstm", 1)])
def test_gates_start_out_to_keep_the_state_for_as_long_as_was_asked(cell, gate):
    """The biases of update and forget gates are logarithms of 1 to 499 steps, another for each unit."""
    usual, long = (made(replace(DESIGN, cell=cell, memory=memory)).branches[0].layers for memory in (0, 500))
    for name in ("bias_ih_l0", "bias_ih_l0_reverse"):
        kept = getattr(long, name)[5 * gate : 10 * gate]
        assert (kept > 0).all()
        assert (kept < np.log(499)).all()
        assert kept.max() > np.log(100)
        assert len(kept.unique()) == 5
        assert getattr(usual, name)[5 * gate : 10 * gate].max() <= 1


def test_a_cell_without_such_a_gate_is_refused():
    with pytest.raises(SettingError, match="no gate that keeps its state"):
        made(replace(DESIGN, cell="elman", memory=50))


@pytest.mark.parametrize("convolution", ["none", "beside", "alone"])
def test_in_training_too_padding_changes_nothing(convolution):
    """Neither an output nor what a norm learns of a batch."""
    first, second = (made(replace(DESIGN, convolution=convolution)).train() for _ in range(2))
    short = batch(ITEMS)
    long = short._replace(inputs=torch.cat([short.inputs, torch.zeros(9, *short.inputs.shape[1:])]))
    torch.testing.assert_close(first(short), second(long), atol=1e-5, rtol=1e-5)
    for (name, one), other in zip(first.named_buffers(), second.buffers(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


def test_a_batch_of_one_step_can_be_learned_from():
    found = made(replace(DESIGN, convolution="beside")).train()
    one = batch([np.ones((1, 3), np.float32)])
    found(one).sum().backward()
    assert all(norm.training for norm in found.branches[1].norms)


@pytest.mark.parametrize("task", [StepInput, WordInput])
def test_half_of_the_rare_words_are_taken_for_unknown_in_training(task):
    dropout = Dropout(0.0, torch.Generator().manual_seed(0))
    rare = np.zeros(12, dtype=bool)
    rare[5] = True
    make = (lambda: StepInput(12, 3, dropout, rare=rare)) if task is StepInput else None
    reads = built(make or (lambda: WordInput((12, 3), None, rare, dropout)), torch.Generator().manual_seed(1))
    words = torch.tensor([5, 6], dtype=torch.int32).repeat(400)[:, None]
    made = reads.train()(words if task is StepInput else words[..., None])[:, 0]
    unknown = (made == reads.vectors.weight[1]).all(1)
    assert 150 < unknown[::2].sum() < 250
    assert not unknown[1::2].any()
    told = reads.eval()(words if task is StepInput else words[..., None])[:, 0]
    assert torch.equal(told, reads.vectors.weight[words[:, 0].long()])


def test_each_token_may_have_its_own_chance_of_being_forgotten():
    chances = np.linspace(0, 1, 12).astype(np.float32)
    reads = built(
        lambda: StepInput(12, 3, Dropout(0.0, torch.Generator().manual_seed(0)), rare=chances),
        torch.Generator().manual_seed(1),
    )
    made = reads.train()(torch.arange(12).repeat(600)[:, None])[:, 0]
    found = (made == reads.vectors.weight[1]).all(1).reshape(600, 12).float().mean(0)
    np.testing.assert_allclose(found[2:], chances[2:], atol=0.07)


def test_an_unknown_token_says_nothing_before_something_is_learned():
    reads = built(lambda: StepInput(12, 3, Dropout(0.0, torch.Generator())), torch.Generator())
    assert not reads.vectors.weight[1].any()
    assert (reads.vectors.weight[2:] != 0).any(1).all()


def test_pieces_are_added_to_the_vector_of_their_token():
    steps = StepInput(5, 4, Dropout(0.0, torch.Generator()), n_pieces=7)
    inputs = torch.tensor([[[2, 3, 0]], [[1, 6, 7]], [[0, 0, 0]]])
    with torch.no_grad():
        made = steps(inputs)
        words, parts = steps.vectors.weight, steps.pieces.weight
        torch.testing.assert_close(made[0, 0], words[2] + parts[3])
        torch.testing.assert_close(made[1, 0], words[1] + (parts[6] + parts[7]) / 2**0.5)
        assert not made[2].any()


def test_dropout_leaves_values_as_they_are():
    """What a norm learns of values that are dropped in training is off scale once nothing is."""
    steps = StepInput(0, 2, Dropout(0.9, torch.Generator())).train()
    values = torch.ones(50, 3, 2)
    assert torch.equal(steps(values), values)
