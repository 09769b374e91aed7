import pytest
import torch

from tidegate.tasks.reading import Batch
from tidegate.tasks.transcription.augmentation import Augmentation, Changes

NOTHING = Changes(0.0, 0.0, 0, 0.0)


@pytest.fixture
def batch():
    """Two sequences of 40 and 25 steps: a ramp in each of 10 channels, steeper from channel to channel."""
    steps = torch.arange(40.0)[:, None, None] * torch.arange(1.0, 11.0)
    lengths = torch.tensor([40, 25])
    return Batch(steps.expand(40, 2, 10) * (torch.arange(40)[:, None] < lengths)[..., None], lengths)


def changed(batch, seed=0, **changes):
    made = Augmentation(NOTHING._replace(**changes), torch.Generator().manual_seed(seed)).train()
    return made(batch)


def test_nothing_changes_unless_asked_for_and_never_outside_training(batch):
    made = changed(batch)
    assert torch.equal(made.inputs, batch.inputs)
    every = Augmentation(Changes(0.3, 0.3, 3, 0.3), torch.Generator()).eval()
    assert every(batch) is batch


def test_speed_stretches_what_there_is(batch):
    lengths = torch.stack([changed(batch, seed, speed=0.2).lengths for seed in range(60)])
    assert lengths.min(0).values.tolist() == [32, 20]
    assert lengths.max(0).values.tolist() == [48, 30]
    made = changed(batch, 3, speed=0.2)
    for b, length in enumerate(made.lengths.tolist()):
        ramp = torch.linspace(0, float(batch.lengths[b] - 1), length)
        torch.testing.assert_close(made.inputs[:length, b, 0], ramp, rtol=1e-5, atol=1e-4)
        assert not made.inputs[length:, b].any()
    assert len(changed(Batch(torch.ones(1, 1, 2), torch.tensor([1])), speed=0.5).inputs) == 1


def test_noise_has_its_spread_and_leaves_padding_alone(batch):
    made = changed(batch, noise=0.5)
    added = (made.inputs - batch.inputs)[:25]
    assert abs(added.std() - 0.5) < 0.05
    assert not made.inputs[25:, 1].any()


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_channels_are_hidden_side_by_side(batch, share):
    found = set()
    for seed in range(60):
        hidden = changed(Batch(batch.inputs + 1, batch.lengths), seed, masked_channels=share).inputs[:25] == 0
        by = hidden[0]
        assert torch.equal(hidden, by.expand_as(hidden))
        assert all(runs(one) <= 1 for one in by)
        found |= set(by.sum(1).tolist())
    assert found == set(range(int(10 * share) + 1))


def test_each_block_of_steps_has_one_stretch_hidden(batch):
    found = set()
    for seed in range(60):
        hidden = changed(Batch(batch.inputs + 1, batch.lengths), seed, masked_steps=3).inputs[:25] == 0
        by = hidden[..., 0]
        assert torch.equal(hidden, by[..., None].expand_as(hidden))
        for block in (by[:15], by[15:]):
            assert all(runs(one) <= 1 for one in block.T)
            found |= set(block.sum(0).tolist())
        assert not torch.equal(by[:, 0], by[:, 1]) or not by.any()
    assert found == {0, 1, 2, 3}


def runs(flags):
    return int(flags[0]) + int((flags.int().diff() == 1).sum())


def test_the_generator_decides(batch):
    some = {"speed": 0.2, "noise": 0.1, "masked_steps": 4, "masked_channels": 0.2}
    first, again, other = (changed(batch, seed, **some).inputs for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert first.shape != other.shape or not torch.equal(first, other)
