import math

import pytest
import torch

from tidegate.nn.decoders.direct import DirectDecoder, DirectNetwork
from tidegate.nn.decoders.reading import SeriesContext
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import LagEncoder
from tidegate.nn.heads import head
from tidegate.nn.initialisation import built

EXACT = {"rtol": 0, "atol": 1e-12}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def drawn(generator, *shape):
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def made(generator, **options):
    decoder = DirectDecoder(4, 2, hidden_size=3, horizon=5, **options).double()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.normal_(generator=generator)
    return decoder.eval()


def gelu(values):
    return values * 0.5 * (1 + torch.erf(values / math.sqrt(2)))


@pytest.mark.parametrize(("activation", "f"), [("gelu", gelu), ("tanh", torch.tanh)], ids=["gelu", "tanh"])
def test_every_step_is_its_equation(activation, f, generator):
    decoder = made(generator, width=2, activation=activation)
    encoding, known = drawn(generator, 7, 4), drawn(generator, 7, 5, 2)
    found = decoder(encoding, known)
    A, a = decoder.hidden.weight, decoder.hidden.bias  # noqa: N806
    G, g = decoder.shared.weight, decoder.shared.bias  # noqa: N806
    B, U, W = decoder.of_known.weight, decoder.output.weight, decoder.direct.weight  # noqa: N806
    for row in range(7):
        e = encoding[row]
        for k in range(5):
            x = known[row, k]
            V, v = decoder.steps.weight[2 * k : 2 * k + 2], decoder.steps.bias[2 * k : 2 * k + 2]  # noqa: N806
            expected = V @ f(A @ e + a) + v + U @ f(G @ e + g + B @ x) + W @ x
            torch.testing.assert_close(found[row, k], expected, **EXACT)


def test_no_step_sees_what_is_known_of_another(generator):
    known = drawn(generator, 1, 5, 2).requires_grad_()
    found = made(generator)(drawn(generator, 1, 4), known)
    for k in range(5):
        (gradient,) = torch.autograd.grad(found[0, k].sum(), known, retain_graph=True)
        assert gradient[0].any(-1).nonzero()[:, 0].tolist() == [k]


def test_steps_have_weights_of_their_own(generator):
    known = drawn(generator, 1, 1, 2).expand(1, 5, 2)
    found = made(generator)(drawn(generator, 1, 4), known)[0, :, 0]
    assert len({round(value, 9) for value in found.tolist()}) == 5


def test_it_starts_near_zero_with_no_weight_on_what_is_known(generator):
    decoder = built(lambda: DirectDecoder(40, 2, hidden_size=30, horizon=5), generator)
    found = decoder(torch.randn(50, 40, generator=generator), torch.randn(50, 5, 2, generator=generator))
    assert not decoder.direct.weight.any()
    assert 0 < float(found.detach().abs().mean()) < 0.1


@pytest.mark.parametrize("silent", ["steps", "output"])
def test_dropout_acts_on_each_hidden_layer(silent, generator):
    decoder = made(generator, dropout=Dropout(0.5, torch.Generator().manual_seed(1))).train()
    encoding, known = drawn(generator, 200, 4), drawn(generator, 200, 5, 2)
    with torch.no_grad():
        getattr(decoder, silent).weight.zero_()  # what is left comes from the other layer
        assert float((decoder(encoding, known) != decoder(encoding, known)).any(1).float().mean()) > 0.5
        decoder.eval()
        assert torch.equal(decoder(encoding, known), decoder(encoding, known))


def test_the_context_stands_beside_the_encoding(generator, read):
    reading, told = read(), head("normal")
    decoder = DirectDecoder(7 * 3 + 2, 2, hidden_size=3, horizon=5, width=2).double()
    network = DirectNetwork(LagEncoder(3, 7), SeriesContext(2), decoder, head=told)
    encoding = torch.cat([reading.window.transpose(0, 1).flatten(1), reading.context], dim=1)
    expected = decoder(encoding, reading.known)
    torch.testing.assert_close(network.corrections(reading, None), expected, **EXACT)
    torch.testing.assert_close(network(reading)[..., 0], expected[..., 0] + reading.base, **EXACT)


def test_the_true_future_is_not_read(plain, read):
    network, reading = plain.network("direct", "normal"), read()
    assert torch.equal(network(reading, reading.base + 5), network(reading))
