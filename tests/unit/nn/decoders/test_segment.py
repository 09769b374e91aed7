import pytest
import torch

from tidegate import nn
from tidegate.nn.decoders.segment import PatchEncoder

EXACT = {"rtol": 0, "atol": 1e-12}
PATCH, FEATURES = 3, 3


def patches(encoder, window):
    """Return f(P x + p) of every patch of one origin's window (T, I), with zeros before its first step."""
    rows = [torch.zeros(FEATURES, dtype=torch.float64)] * (-len(window) % PATCH) + list(window)
    each = [torch.cat(rows[start : start + PATCH]) for start in range(0, len(rows), PATCH)]
    return [(encoder.of_patch.weight @ patch + encoder.of_patch.bias).clamp(min=0) for patch in each]


def state_after(layers, steps):
    hx = None
    for step in steps:
        _, hx = layers.step(step[None], hx)
    return hx


@pytest.mark.parametrize("window_steps", [1, 3, 7, 9])
def test_the_encoder_walks_over_patches(window_steps, making, read):
    encoder = making.network("segment").encoder
    window = read(window_steps=window_steps, steps=(window_steps,) * 4).window
    made = encoder(window, torch.full((4,), window_steps))
    assert made.states.shape == (-(-window_steps // PATCH), 4, encoder.width)
    for n in range(4):
        steps = torch.stack(patches(encoder, window[:, n]))[:, None]
        states, _ = encoder.layers(steps)
        torch.testing.assert_close(made.states[:, n : n + 1], states, **EXACT)
        torch.testing.assert_close(made.final[n], states[-1, 0], **EXACT)


def test_a_series_that_begins_within_a_patch_is_filled_up_with_zeros(making, read):
    encoder, reading = making.network("segment").encoder, read(steps=(7, 5, 2, 3))
    made = encoder(reading.window + 0, reading.steps)
    for n, steps in enumerate((7, 5, 2, 3)):
        states, _ = encoder.layers(torch.stack(patches(encoder, reading.window[-steps:, n]))[:, None])
        torch.testing.assert_close(made.final[n], states[-1, 0], **EXACT)
        torch.testing.assert_close(made.states[: len(states), n], states[:, 0], **EXACT)
        assert not made.states[len(states) :, n].any()


@pytest.mark.parametrize("told", ["point", "student-t"])
def test_every_segment_is_its_equation(told, making, read):
    """One segment after another, each from the encoder's last state; the last is cut: 5 steps ahead in patches of 3."""
    network, reading = making.network("segment", told, embedded=True), read()
    layers, width = network.encoder.layers, network.head.width
    made = network.corrections(reading, None)
    for n in range(4):
        hx = state_after(layers, patches(network.encoder, reading.window[:, n]))
        place = network.context.embedding.weight[reading.series[n] - 1]
        context = network.of_context.weight @ torch.cat([reading.context[n], place])
        future = torch.cat([reading.known[n], torch.zeros(1, 2, dtype=torch.float64)])
        for j in range(2):
            known = network.of_known.weight @ future[PATCH * j : PATCH * (j + 1)].flatten()
            asked = network.positions.weight[j] + context + known
            state, _ = layers.step(asked[None], hx)
            expected = (network.output.weight @ state[0] + network.output.bias).reshape(PATCH, width)
            steps = expected[: 5 - PATCH * j]
            torch.testing.assert_close(made[n, PATCH * j : PATCH * (j + 1)], steps, **EXACT)


def test_no_segment_sees_what_is_known_of_another(making, read):
    known = read().known.requires_grad_()
    made = making.network("segment")(read()._replace(known=known))
    for k in range(5):
        (gradient,) = torch.autograd.grad(made[:, k].sum(), known, retain_graph=True)
        seen = gradient.any(-1).any(0).nonzero()[:, 0].tolist()
        assert seen == ([0, 1, 2] if k < PATCH else [3, 4])


def test_segments_are_told_apart_by_their_position(plain, read):
    reading = read()
    same = reading._replace(known=torch.zeros_like(reading.known))
    made = plain.network("segment").corrections(same, None)[..., 0]
    assert bool(((made[:, 3:] - made[:, :2]).abs() > 1e-6).all())


def test_a_window_shorter_than_a_patch(read):
    torch.manual_seed(2)
    encoder = PatchEncoder(3, 8, nn.GRU(4, 5)).double()
    window = read(window_steps=2, steps=(2, 1, 2, 2)).window
    made = encoder(window, torch.tensor([2, 1, 2, 2]))
    assert made.states.shape == (1, 4, 5)
    cut = window.clone()
    cut[0, 1] = 0
    torch.testing.assert_close(made.final, encoder(cut, torch.full((4,), 2)).final, **EXACT)


def test_the_true_future_is_not_read(plain, read):
    network, reading = plain.network("segment", "normal"), read()
    assert torch.equal(network(reading, reading.base + 5), network(reading))
