import pytest
import torch

from tidegate.nn.decoders import DirectDecoder, EncoderDecoder
from tidegate.nn.encoder import LagEncoder


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def randomised(module, generator):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module


def test_decoder_is_its_equation(generator):
    decoder = randomised(DirectDecoder(4, 2, hidden_size=3, horizon=5, activation="tanh", per_step=True), generator)
    encoding = torch.randn(7, 4, generator=generator)
    known = torch.randn(7, 5, 2, generator=generator)
    made = decoder(encoding, known)
    for k in range(5):
        hidden = torch.tanh(decoder.from_encoding(encoding) + known[:, k] @ decoder.from_known.weight.T)
        step = hidden @ decoder.output.weight[0] + decoder.output.bias + known[:, k] @ decoder.direct.weight[0]
        torch.testing.assert_close(made[:, k], step + encoding @ decoder.steps.weight[k] + decoder.steps.bias[k])


def test_every_step_sees_the_whole_encoding(generator):
    decoder = randomised(DirectDecoder(4, 2, hidden_size=3, horizon=5, activation="gelu", per_step=False), generator)
    encoding, known = torch.randn(1, 4, generator=generator), torch.zeros(1, 5, 2)
    assert bool((decoder(encoding, known) != decoder(encoding + 1, known)).all())


def test_context_stands_beside_the_encoding(generator):
    decoder = randomised(DirectDecoder(7, 2, hidden_size=3, horizon=5, activation="gelu", per_step=True), generator)
    model = EncoderDecoder(LagEncoder(2, 3), decoder)
    window, context = torch.randn(3, 4, 2, generator=generator), torch.randn(4, 1, generator=generator)
    known = torch.randn(4, 5, 2, generator=generator)
    expected = decoder(torch.cat([window.transpose(0, 1).flatten(1), context], dim=1), known)
    assert torch.equal(model(window, context, known), expected)
