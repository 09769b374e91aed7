import math

import pytest
import torch

EXACT = {"rtol": 0, "atol": 1e-12}
SHORT = (7, 3, 6, 1)


def gelu(values):
    return values * 0.5 * (1 + torch.erf(values / math.sqrt(2)))


@pytest.mark.parametrize("told", ["point", "normal"])
def test_every_step_is_its_equation(told, making, read):
    """One origin after another, its window alone: step by step through the future, looking back at each state."""
    network, reading = making.network("attentive", told, embedded=True), read(steps=SHORT)
    made, weights = network.corrections(reading, None), network.weights(reading)
    Q, K = network.attention.of_query.weight, network.attention.of_source.weight  # noqa: N806
    for n, steps in enumerate(SHORT):
        source, hx = network.encoder.layers(reading.window[-steps:, n : n + 1])
        place = network.context.embedding.weight[reading.series[n] - 1]
        for k in range(5):
            inputs = torch.cat([reading.base[n, k : k + 1], reading.known[n, k], reading.context[n], place])
            hidden, hx = network.layers.step(inputs[None], hx)
            scores = torch.stack([(Q @ hidden[0]) @ (K @ state) for state in source[:, 0]]) / math.sqrt(len(hidden[0]))
            looked = scores.exp() / scores.exp().sum()
            both = torch.cat([hidden[0], looked @ source[:, 0]])
            expected = network.output(gelu(network.joined.weight @ both + network.joined.bias))
            torch.testing.assert_close(made[n, k], expected, **EXACT)
            torch.testing.assert_close(weights[n, k, 7 - steps :], looked, **EXACT)


def test_weights_are_of_the_windows_steps(making, read):
    weights = making.network("attentive").weights(read(steps=SHORT))
    assert weights.shape == (4, 5, 7)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 5, dtype=torch.float64))
    for n, steps in enumerate(SHORT):
        assert not weights[n, :, : 7 - steps].any()
        assert bool((weights[n, :, 7 - steps :] > 0).all())


def test_steps_look_at_different_places(plain, read):
    weights = plain.network("attentive").weights(read())
    assert bool((weights.diff(dim=1).abs().amax(-1) > 1e-6).all())


def test_a_step_sees_what_is_known_of_those_before_it(making, read):
    known = read().known.requires_grad_()
    made = making.network("attentive")(read()._replace(known=known))
    for k in range(5):
        (gradient,) = torch.autograd.grad(made[:, k].sum(), known, retain_graph=True)
        assert gradient.any(-1).any(0).nonzero()[:, 0].tolist() == list(range(k + 1))


def test_the_past_is_seen_through_attention_too(making, read):
    """With the encoder's last state hidden from the decoder, the window still counts."""
    network, reading = making.network("attentive"), read()
    encoder = network.encoder

    class Hidden(torch.nn.Module):
        width, dropout = encoder.width, encoder.dropout

        def forward(self, window, steps):
            made = encoder(window, steps)
            several = isinstance(made.hx, tuple)
            return made._replace(hx=tuple(0 * part for part in made.hx) if several else 0 * made.hx)

    network.encoder = Hidden()
    moved = reading._replace(window=reading.window + 1)
    assert bool(((network(moved) - network(reading)).abs() > 1e-9).all())


def test_the_true_future_is_not_read(plain, read):
    network, reading = plain.network("attentive", "normal"), read()
    assert torch.equal(network(reading, reading.base + 5), network(reading))
