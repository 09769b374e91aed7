import torch

from tidegate.nn.decoders import DirectDecoder, EncoderDecoder
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import RecurrentEncoder
from tidegate.nn.initialisation import built


def network(cell="lstm", seed=5):
    generator = torch.Generator().manual_seed(seed)

    def make():
        encoder = RecurrentEncoder(cell, 2, hidden_size=8, n_layers=1, dropout=Dropout(0.0, generator))
        return EncoderDecoder(encoder, DirectDecoder(8, 3, hidden_size=8, horizon=4, activation="gelu", per_step=True))

    return built(make, generator)


def test_the_generator_alone_decides():
    torch.manual_seed(1)
    first = network()
    untouched = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = network()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), untouched)
    other = network(seed=6)
    assert not torch.equal(first.encoder.layers[0].weight_ih_l0, other.encoder.layers[0].weight_ih_l0)


def test_every_parameter_is_set():
    for cell in ("rnn", "lstm", "gru"):
        assert all(bool(parameter.isfinite().all()) for parameter in network(cell).parameters())
        assert all(not parameter.is_meta for parameter in network(cell).parameters())


def test_recurrent_weights_are_orthogonal_gate_by_gate():
    for gate in network().encoder.layers[0].weight_hh_l0.split(8):
        torch.testing.assert_close(gate @ gate.T, torch.eye(8))


def test_forget_gate_starts_open():
    bias = network().encoder.layers[0].bias_ih_l0
    assert bias.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16


def test_the_start_is_near_the_reference():
    generator = torch.Generator().manual_seed(1)
    made = network()(
        torch.randn(24, 64, 2, generator=generator), torch.zeros(64, 0), torch.randn(64, 4, 3, generator=generator)
    )
    assert float(made.detach().abs().mean()) < 0.1
