import itertools

import numpy as np
import pytest
import torch

from tidegate.tasks.patterns import SPAN, Patterns, Stretch


def drawn(lengths=(40, 40, 33), n_channels=1, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, n_channels)).astype(np.float32) for length in lengths]


def by_hand(item, stretch, kernel, threshold):
    """Return the fraction of one pattern, step by step as the source has it."""
    high = list(itertools.combinations(range(SPAN), 3))[kernel]
    weights = [2.0 if k in high else -1.0 for k in range(SPAN)]
    values = item[:, stretch.channels[kernel].numpy() > 0].sum(1)
    reach = 4 * stretch.dilation
    outputs = []
    for t in range(len(values)):
        places = [t - reach + k * stretch.dilation for k in range(SPAN)]
        if (kernel - stretch.first) % 2 and len(values) > 2 * reach and not 0 <= places[0] <= places[-1] < len(values):
            continue
        outputs.append(sum(w * values[p] for w, p in zip(weights, places, strict=True) if 0 <= p < len(values)))
    return np.mean(np.array(outputs) > threshold)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_fractions_are_those_counted_by_hand(n_channels):
    items = drawn(n_channels=n_channels)
    patterns = Patterns.learn(items, 500, seed=1)
    found, place = patterns.of(items), 0
    for stretch in patterns.stretches:
        count = stretch.thresholds.shape[1]
        for kernel in (0, 1, 40, 83):
            for number in range(count):
                expected = [by_hand(item, stretch, kernel, stretch.thresholds[kernel, number].item()) for item in items]
                # a threshold is an output itself, and rounding decides on which side of it that one lies
                np.testing.assert_allclose(found[:, place + kernel * count + number], expected, atol=1.01 / 24)
        place += count * 84
    assert found.shape == (3, place)


def test_kernels_lie_up_to_as_far_apart_as_the_longest_sequence_and_see_it_with_and_without_zeros_around():
    patterns = Patterns.learn(drawn((120, 20)), 1000, seed=0)
    dilations = [stretch.dilation for stretch in patterns.stretches]
    assert dilations[0] == 1
    assert 8 * dilations[-1] < 120 <= 8 * (dilations[-1] + 1)
    assert [stretch.first for stretch in patterns.stretches[:4]] == [0, 1, 0, 1]
    assert 0.9 * 1000 < patterns.n_features <= 1000


def test_a_level_is_not_seen_but_a_shape_is():
    items = drawn((200,))
    patterns = Patterns.learn(items, 84, seed=0)
    inside = np.arange(1, 84, 2)  # kernels that see no zeros around the sequence
    lifted = patterns.of([items[0] + 1024])[:, inside]
    assert np.abs(lifted - patterns.of(items)[:, inside]).max() < 0.02
    assert np.abs(patterns.of([items[0][::-1].copy()]) - patterns.of(items)).max() > 0.02


def test_a_sequence_is_counted_alone_as_beside_others_and_after_saving():
    items = drawn((40, 12, 40, 3), n_channels=2)
    patterns = Patterns.learn(items, 600, seed=0)
    again = Patterns.from_state(patterns.state())
    alone = np.concatenate([again.of([item]) for item in items])
    assert np.array_equal(patterns.of(items), alone)
    assert alone.min() >= 0
    assert alone.max() <= 1


def test_the_seed_decides():
    items = drawn((40,) * 20)
    first, same, other = (Patterns.learn(items, 600, seed=seed).of(items) for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_triples_of_a_kernel_weigh_two_and_the_rest_minus_one():
    """A pulse of height 1 meets each weight once: nine steps see it, three of them as 2."""
    pulse = np.zeros((31, 1), dtype=np.float32)
    pulse[15] = 1
    one = Stretch(1, 0, torch.ones(84, 1), torch.full((84, 1), 1.5))
    below = one._replace(thresholds=torch.full((84, 1), -0.5))
    assert np.allclose(Patterns([one]).of([pulse])[0, ::2] * 31, 3)
    assert np.allclose(Patterns([below]).of([pulse])[0, ::2] * 31, 31 - 6)


def test_plateaus_of_several_channels_count_the_same_alone_and_beside_others():
    """Where nothing changes a kernel's output is 0 but for its rounding, which goes by how many are read at once."""
    rng = np.random.default_rng(1)
    items = [np.repeat(rng.normal(size=(3, 3)), 8, axis=0).astype(np.float32) for _ in range(40)]
    made = Patterns.learn(items[:20], 840, 0)
    together = made.of(items[20:])
    apart = np.concatenate([made.of([one]) for one in items[20:]])
    np.testing.assert_array_equal(together, apart)
