import math

import numpy as np
import pytest
import torch

from tidegate.nn.attention import AdditiveAttention, ScaledDotProductAttention
from tidegate.nn.cells import catalogue
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.network import Layers, TokenVectors, recurrent
from tidegate.tasks.translation.network import Decoder, Encoder, Surprise, TranslationNetwork
from tidegate.tasks.translation.pairs import PairedExamples


def network_of(cell="gru", *, attention=ScaledDotProductAttention, bidirectional=True, dropout=0.0):
    generator = torch.Generator().manual_seed(3)

    def made():
        dropped = Dropout(dropout, generator)
        layers = recurrent(Layers(cell, 5, 1, bidirectional, 0.0), 4, generator)
        encoder = Encoder(TokenVectors((9, 4), None, generator), layers, dropped)
        width = layers.output_size
        kind = catalogue.kind(cell)()
        decoder = Decoder((7, 6), 5, cell=kind, attention=attention(5, width, 3), source_size=width, dropout=dropped)
        return TranslationNetwork(encoder, decoder)

    return built(made, generator)


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    sources = [rng.integers(2, 9, n).astype(np.int32) for n in (3, 1, 6)]
    targets = [rng.integers(2, 7, n) for n in (2, 5, 4)]
    return PairedExamples(sources, targets, np.arange(3))


@pytest.mark.parametrize("attention", [ScaledDotProductAttention, AdditiveAttention])
@pytest.mark.parametrize(("cell", "bidirectional"), [("gru", True), ("lstm", False), ("slstm", True)])
def test_all_steps_at_once_are_one_step_after_another(pairs, cell, attention, bidirectional):
    network = network_of(cell, attention=attention, bidirectional=bidirectional).eval()
    batch, _ = pairs.batch([0, 1, 2])
    encoded = network.encoder(batch)
    memory = network.decoder.begun(encoded)
    whole = network.decoder(batch.fed, encoded, memory)
    for step, fed in enumerate(batch.fed):
        told = network.decoder(fed[None], encoded, memory)
        memory = told.memory
        torch.testing.assert_close(told.readout[0], whole.readout[step], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(told.weights[:, 0], whole.weights[:, step], rtol=1e-4, atol=1e-5)


def test_hypotheses_of_a_source_see_that_source_alone(pairs):
    network = network_of().eval()
    batch, _ = pairs.batch([0, 2])
    encoded = network.encoder(batch)
    rows = torch.tensor([0, 0, 0, 1, 1, 1])
    fed = torch.tensor([[2, 3, 4, 2, 3, 4]])
    memory = network.decoder.begun(encoded)
    beam = network.decoder(fed, encoded, memory.take(rows))
    for source in (0, 1):
        alone = encoded.take(torch.tensor([source]))
        for k in range(3):
            row = 3 * source + k
            told = network.decoder(fed[:, row : row + 1], alone, network.decoder.begun(alone))
            torch.testing.assert_close(told.readout[0, 0], beam.readout[0, row], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(told.weights[0, 0], beam.weights[source, k], rtol=1e-4, atol=1e-5)


def test_padding_changes_nothing(pairs):
    network = network_of().eval()
    losses = Surprise(2.0, 0.1)
    made = losses(network(pairs.batch([0, 1, 2])[0]), pairs.batch([0, 1, 2])[1])
    for k in range(3):
        batch, wanted = pairs.batch([k])
        torch.testing.assert_close(losses(network(batch), wanted)[0], made[k], rtol=1e-4, atol=1e-5)


def test_a_step_does_not_see_the_token_it_is_to_say(pairs):
    network = network_of().eval()
    batch, _ = pairs.batch([1])
    changed = batch._replace(fed=batch.fed.clone())
    changed.fed[3] = (changed.fed[3] - 1) % 5 + 2
    before, after = network(batch), network(changed)
    torch.testing.assert_close(before[:3], after[:3], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(before[3], after[3], atol=1e-4)


def test_every_look_of_the_target_at_the_source_counts_in_what_is_kept():
    steps, wanted = np.array([20, 20, 40]), np.array([30, 60, 30])
    dot, additive = (network_of(attention=one) for one in (ScaledDotProductAttention, AdditiveAttention))
    short, long, _ = dot.kept(steps, wanted)
    assert long > short > 10 * 20 * 30
    assert (additive.kept(steps, wanted) - dot.kept(steps, wanted)).tolist() == [4 * 3 * n for n in steps * wanted]


def test_every_parameter_learns(pairs):
    network = network_of("lstm", attention=AdditiveAttention, dropout=0.1)
    batch, wanted = pairs.batch([0, 1, 2])
    Surprise(2.0, 0.1)(network(batch), wanted).mean().backward()
    still = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.abs().max() > 0]
    assert not still


def test_the_loss_by_hand():
    scores = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    target = torch.tensor([[2, 0], [1, -1]])
    plain = [-math.log(math.exp(2) / sum(math.exp(x) for x in (0, 1, 2))), -math.log(math.e / (math.e + 2))]
    last = -math.log(math.exp(3) / (math.exp(3) + 2))
    assert Surprise(2.0, 0.0)(scores, target).tolist() == pytest.approx([(plain[0] + last) / 2, plain[1] / 2])
    even = -(torch.log_softmax(scores, 1)).mean(1)
    smoothed = 0.9 * plain[1] + 0.1 * float(even[1])
    assert Surprise(1.0, 0.1)(scores, target)[1].item() == pytest.approx(smoothed)
