import pytest
import torch

from tidegate.nn.layers import layer


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(1)


def filled(module, generator):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module


def test_rnn_is_the_published_equation(generator):
    rnn = filled(layer("rnn", 2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = torch.zeros(5, 3)
    for step in x:
        h = torch.tanh(step @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0)
    torch.testing.assert_close(rnn(x)[0][-1], h)


def test_lstm_is_the_published_equation(generator):
    lstm = filled(layer("lstm", 2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = c = torch.zeros(5, 3)
    for step in x:
        sums = step @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + h @ lstm.weight_hh_l0.T + lstm.bias_hh_l0
        input_, forget, candidate, output = sums.chunk(4, dim=1)
        c = torch.sigmoid(forget) * c + torch.sigmoid(input_) * torch.tanh(candidate)
        h = torch.sigmoid(output) * torch.tanh(c)
    torch.testing.assert_close(lstm(x)[0][-1], h)


def test_gru_is_the_published_equation(generator):
    gru = filled(layer("gru", 2, 3), generator)
    x = torch.randn(4, 5, 2, generator=generator)
    h = torch.zeros(5, 3)
    for step in x:
        reset_x, update_x, candidate_x = (step @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, dim=1)
        reset_h, update_h, candidate_h = (h @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, dim=1)
        reset, update = torch.sigmoid(reset_x + reset_h), torch.sigmoid(update_x + update_h)
        h = (1 - update) * torch.tanh(candidate_x + reset * candidate_h) + update * h
    torch.testing.assert_close(gru(x)[0][-1], h)
