import torch

from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import LagEncoder, RecurrentEncoder
from tidegate.nn.initialisation import built


def made(cell, n_layers, fraction=0.0):
    generator = torch.Generator().manual_seed(2)
    dropout = Dropout(fraction, generator)
    return built(lambda: RecurrentEncoder(cell, 3, hidden_size=4, n_layers=n_layers, dropout=dropout), generator)


def test_encoding_is_the_final_state_of_the_last_layer():
    window = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(1))
    for cell in ("rnn", "lstm", "gru"):
        encoder = made(cell, 2).eval()
        lower, _ = encoder.layers[0](window)
        upper, _ = encoder.layers[1](lower)
        assert torch.equal(encoder(window), upper[-1])


def test_newest_step_is_read():
    window = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(1))
    raised = window.clone()
    raised[-1] += 1
    for cell in ("rnn", "lstm", "gru"):
        assert bool((made(cell, 1)(window) != made(cell, 1)(raised)).all())


def test_dropout_acts_while_training_alone():
    window = torch.randn(6, 50, 3, generator=torch.Generator().manual_seed(1))
    encoder = made("gru", 2, fraction=0.5)
    assert 0.3 < float((encoder(window) == 0).float().mean()) < 0.7
    assert bool((encoder.eval()(window) != 0).all())


def test_lags_are_laid_out_step_by_step():
    window = torch.arange(12.0).reshape(3, 2, 2)
    assert LagEncoder(2, 3)(window).tolist() == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]
    assert LagEncoder(2, 3).width == 6
