import pytest
import torch

from tidegate import nn
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import Encoded, LagEncoder, RecurrentEncoder, walked

STEPS, SERIES, INPUTS, HIDDEN = 6, 5, 3, 4
SHORT = torch.tensor([6, 2, 1, 5, 3])
EXACT = {"rtol": 0, "atol": 1e-12}
LAYERS = {
    "rnn": lambda: nn.RNN(INPUTS, HIDDEN, dtype=torch.float64),
    "deep lstm": lambda: nn.LSTM(INPUTS, HIDDEN, 2, dtype=torch.float64),
    "projected lstm": lambda: nn.LSTM(INPUTS, HIDDEN, proj_size=2, dtype=torch.float64),
    "residual gru": lambda: nn.GRU(INPUTS, HIDDEN, 3, residual=True, layer_norm=True, dtype=torch.float64),
    "slstm": lambda: nn.SLSTM(INPUTS, HIDDEN, dtype=torch.float64),
    "min lstm": lambda: nn.MinLSTM(INPUTS, HIDDEN, dtype=torch.float64),
}


@pytest.fixture(params=LAYERS)
def layers(request):
    torch.manual_seed(2)
    return LAYERS[request.param]()


@pytest.fixture
def window():
    return torch.randn(STEPS, SERIES, INPUTS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def flat(hx):
    return hx if isinstance(hx, tuple) else (hx,)


def whole(window):
    return torch.full((window.shape[1],), len(window))


def encoder(layers, fraction=0.0):
    return RecurrentEncoder(layers, Dropout(fraction, torch.Generator().manual_seed(3)))


def test_a_whole_window_is_a_walk_over_it(layers, window):
    states, hx = layers(window)
    made = walked(layers, window, whole(window))
    assert torch.equal(made.states, states)
    assert torch.equal(made.final, states[-1])
    assert all(torch.equal(one, other) for one, other in zip(flat(made.hx), flat(hx), strict=True))


@pytest.mark.parametrize("filling", [0.0, 1e9, float("nan")])
def test_steps_before_a_series_begins_are_not_read(layers, window, filling):
    before = torch.arange(STEPS)[:, None] < STEPS - SHORT
    made = walked(layers, window.masked_fill(before[..., None], filling), SHORT)
    for n, steps in enumerate(SHORT.tolist()):
        states, hx = layers(window[-steps:, n : n + 1])
        torch.testing.assert_close(made.states[:steps, n], states[:, 0], **EXACT)
        torch.testing.assert_close(made.final[n], states[-1, 0], **EXACT)
        assert not made.states[steps:, n].any()
        for one, other in zip(flat(made.hx), flat(hx), strict=True):
            torch.testing.assert_close(one[:, n], other[:, 0], **EXACT)


def test_every_step_of_a_series_is_read_and_none_before(layers, window):
    leaf = window.requires_grad_()
    walked(layers, leaf, SHORT).final.square().sum().backward()
    assert leaf.grad.any(-1).sum(0).tolist() == SHORT.tolist()
    assert bool(leaf.grad[-1].any(-1).all())


@pytest.mark.parametrize("steps", [whole(torch.zeros(STEPS, SERIES)), SHORT, torch.full((SERIES,), 1)])
@pytest.mark.parametrize("truncate", [1, 2, 4, 6])
def test_truncation_changes_no_value(layers, window, steps, truncate):
    plain, cut = walked(layers, window, steps), walked(layers, window, steps, truncate=truncate)
    torch.testing.assert_close(cut.states, plain.states, **EXACT)
    torch.testing.assert_close(cut.final, plain.final, **EXACT)
    for one, other in zip(flat(cut.hx), flat(plain.hx), strict=True):
        torch.testing.assert_close(one, other, **EXACT)


@pytest.mark.parametrize("truncate", [1, 2, 4, 9])
def test_the_final_state_learns_from_the_newest_steps_alone_while_training(layers, window, truncate):
    leaf = window.requires_grad_()
    walked(layers, leaf, SHORT, truncate=truncate).final.square().sum().backward()
    assert leaf.grad.any(-1).sum(0).tolist() == SHORT.clamp(max=truncate).tolist()
    leaf.grad = None
    walked(layers.eval(), leaf, SHORT, truncate=truncate).final.square().sum().backward()
    assert leaf.grad.any(-1).sum(0).tolist() == SHORT.tolist()


def test_every_state_learns_from_its_own_stretch(layers, window):
    leaf = window.requires_grad_()
    walked(layers, leaf, whole(window), truncate=4).states[1].square().sum().backward()
    assert leaf.grad.any(-1).any(1).tolist() == [True, True, False, False, False, False]
    leaf.grad = None
    walked(layers, leaf, whole(window), truncate=4).states[3].square().sum().backward()
    assert leaf.grad.any(-1).any(1).tolist() == [False, False, True, True, False, False]


def test_the_encoding_is_the_output_after_the_newest_value(layers, window):
    made = encoder(layers).eval()(window, SHORT)
    assert torch.equal(made.final, walked(layers, window, SHORT).final)
    assert made.final.shape == (SERIES, encoder(layers).width)
    assert encoder(layers).width == layers.output_size


def test_the_order_of_the_series_does_not_matter(layers, window):
    order = torch.tensor([3, 0, 4, 1, 2])
    made, moved = walked(layers, window, SHORT), walked(layers, window[:, order], SHORT[order])
    torch.testing.assert_close(moved.final, made.final[order], **EXACT)
    torch.testing.assert_close(moved.states, made.states[:, order], **EXACT)


def test_dropout_acts_on_the_encoding_while_training_alone():
    torch.manual_seed(2)
    module, window = encoder(nn.GRU(INPUTS, 40), fraction=0.5), torch.randn(STEPS, 50, INPUTS)
    made = module(window, whole(window))
    assert 0.4 < float((made.final == 0).float().mean()) < 0.6
    assert bool((made.states != 0).all())
    assert bool((flat(made.hx)[0] != 0).all())
    assert bool((module.eval()(window, whole(window)).final != 0).all())


def test_lags_are_laid_out_step_by_step():
    window = torch.arange(12.0).reshape(3, 2, 2)
    made = LagEncoder(2, 3)(window, whole(window))
    assert isinstance(made, Encoded)
    assert made.final.tolist() == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]
    assert LagEncoder(2, 3).width == 6
