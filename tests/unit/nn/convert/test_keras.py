import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.keras import KerasLayer, from_keras, to_keras
from tidegate.nn.stack import Recurrent

INPUTS, HIDDEN = 3, 4
LAYERS = {
    "rnn": (nn.RNN, {"nonlinearity": "relu"}),
    "rnn-deep": (nn.RNN, {"num_layers": 3}),
    "lstm": (nn.LSTM, {}),
    "lstm-linear": (nn.LSTM, {"input_activation": "identity", "output_activation": "identity"}),
    "lstm-backwards": (nn.LSTM, {"reverse": True}),
    "lstm-without-bias": (nn.LSTM, {"bias": False, "bidirectional": True, "merge": "mean"}),
    "gru": (nn.GRU, {"batch_first": True}),
    "gru-reset-before": (nn.GRU, {"reset": "before", "num_layers": 2, "bidirectional": True}),
    "gru-summed": (nn.GRU, {"num_layers": 2, "bidirectional": True, "merge": "sum"}),
}


def filled(layer, seed=3):
    """Random weights; where Keras holds one bias, ours beside the hidden state is 0."""
    generator = torch.Generator().manual_seed(seed)
    one_bias = layer.cell.name != "gru" or layer.cell.reset == "before"
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.normal_(generator=generator)
            if one_bias and name.startswith("bias_hh"):
                parameter.zero_()
    return layer


@pytest.fixture(params=LAYERS)
def layer(request):
    kind, options = LAYERS[request.param]
    return filled(kind(INPUTS, HIDDEN, dtype=torch.float64, **options))


def given(layer):
    axes = (5, 6, INPUTS)
    inputs = torch.randn(axes, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return inputs.transpose(0, 1) if layer.batch_first else inputs


def test_a_round_trip_gives_the_same_bits(layer):
    back = from_keras(*to_keras(layer))
    assert type(back) is type(layer)
    assert {name: tuple(part.shape) for name, part in back.named_parameters()} == {
        name: tuple(part.shape) for name, part in layer.named_parameters()
    }
    assert all(torch.equal(part, back.get_parameter(name)) for name, part in layer.named_parameters())
    inputs = given(layer)
    swapped = inputs if layer.batch_first else inputs.transpose(0, 1)
    outputs = back(swapped)[0]
    wanted = layer(inputs)[0]
    assert torch.equal(outputs, wanted if layer.batch_first else wanted.transpose(0, 1))


def test_keras_weights_survive_unchanged(layer):
    once = to_keras(layer)
    twice = to_keras(from_keras(*once))
    for one, other in zip(once, twice, strict=True):
        assert one.class_name == other.class_name
        assert one.config == other.config
        assert all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))


@pytest.mark.parametrize(("kind", "blocks"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_gates_without_biases_have_biases_of_0(kind, blocks):
    layer = filled(kind(INPUTS, HIDDEN, gate_bias=False, batch_first=True, dtype=torch.float64))
    bias = to_keras(layer)[0].weights[2]
    assert np.count_nonzero(bias) == HIDDEN * (1 if blocks == 4 else 2)
    inputs = given(layer)
    torch.testing.assert_close(from_keras(*to_keras(layer))(inputs)[0], layer(inputs)[0], rtol=0, atol=1e-14)


def test_a_second_bias_is_added_to_the_first():
    ours = nn.LSTM(INPUTS, HIDDEN, dtype=torch.float64)
    back = from_keras(*to_keras(ours))
    assert torch.equal(back.bias_ih_l0, ours.bias_ih_l0 + ours.bias_hh_l0)
    assert not back.bias_hh_l0.any()
    inputs = given(ours)
    torch.testing.assert_close(back(inputs.transpose(0, 1))[0].transpose(0, 1), ours(inputs)[0], rtol=0, atol=1e-12)


def test_the_arrays_are_copies():
    ours = nn.LSTM(INPUTS, HIDDEN)
    (described,) = to_keras(ours)
    described.weights[0][:] = 0
    assert bool(ours.weight_ih_l0.all())


def test_flags_and_types_are_carried_over():
    ours = filled(nn.GRU(INPUTS, HIDDEN, num_layers=2, dtype=torch.float32))
    for name, parameter in ours.named_parameters():
        parameter.requires_grad_("_l1" in name)
    first, second = to_keras(ours)
    assert (first.config["trainable"], second.config["trainable"]) == (False, True)
    assert first.config["dtype"] == "float32"
    back = from_keras(first, second)
    assert [name for name, part in back.named_parameters() if part.requires_grad] == [
        name for name, part in ours.named_parameters() if part.requires_grad
    ]
    assert back.weight_ih_l0.dtype == torch.float32


def test_converting_draws_no_random_numbers():
    described = to_keras(nn.GRU(INPUTS, HIDDEN))
    state = torch.get_rng_state()
    from_keras(*described)
    assert torch.equal(torch.get_rng_state(), state)


def test_backwards_stays_in_the_order_of_time():
    ours = from_keras(*to_keras(filled(nn.LSTM(INPUTS, HIDDEN, reverse=True, dtype=torch.float64))))
    inputs = torch.randn(2, 5, INPUTS, dtype=torch.float64)
    outputs, (hidden, _) = ours(inputs)
    assert torch.equal(outputs[:, 0], hidden[0])
    changed = inputs.clone()
    changed[:, 0] += 1
    assert torch.equal(ours(changed)[0][:, 1:], outputs[:, 1:])


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Recurrent(Lstm(peepholes="full"), INPUTS, HIDDEN), "peepholes is 'full'; Keras' LSTM knows 'none' alone"),
        (
            nn.LSTM(INPUTS, HIDDEN, output_activation="identity"),
            "input_activation is 'tanh' and output_activation 'identity'; Keras' LSTM has one activation for both",
        ),
        (
            Recurrent(Gru(reset="absent"), INPUTS, HIDDEN),
            "reset is 'absent'; Keras' GRU knows 'after' or 'before' alone",
        ),
        (nn.LSTM(INPUTS, HIDDEN, proj_size=2), "proj_size is 2; Keras knows 0 alone"),
        (nn.GRU(INPUTS, HIDDEN, num_layers=2, dropout=0.5), "dropout is 0.5; Keras knows 0.0 alone"),
        (nn.GRU(INPUTS, HIDDEN, num_layers=2, residual=True), "residual is True; Keras knows False alone"),
        (nn.GRU(INPUTS, HIDDEN, num_layers=2, reverse=True), "reverse is True; Keras knows False alone"),
        (nn.GRU(INPUTS, HIDDEN, dtype=torch.bfloat16), r"the parameters are torch.bfloat16, which NumPy does not have"),
    ],
    ids=["peepholes", "activations", "reset", "projection", "dropout", "residual", "reverse", "bfloat16"],
)
def test_what_keras_does_not_have_is_named(layer, words):
    with pytest.raises(SettingError, match=words):
        to_keras(layer)


def test_a_layer_that_is_trained_in_part_is_named():
    layer = nn.GRU(INPUTS, HIDDEN)
    layer.bias_hh_l0.requires_grad_(requires_grad=False)
    with pytest.raises(SettingError, match="layer 0 requires gradients in part; Keras' trainable holds for a whole"):
        to_keras(layer)


def test_a_cell_of_another_kind_is_named():
    layer = nn.GRU(INPUTS, HIDDEN)
    layer.cell = type("Stranger", (), {"name": "stranger"})()
    with pytest.raises(SettingError, match="Keras has no layer of cell 'stranger'; it has SimpleRNN, LSTM and GRU"):
        to_keras(layer)


def test_no_layer_is_no_stack():
    with pytest.raises(ValueError, match="from_keras needs at least one layer"):
        from_keras()


class Stub:
    """A layer of a library in Keras' place."""

    def __init__(self, config):
        self.config = config

    @classmethod
    def from_config(cls, config):
        config["seen"] = True
        return cls(config)

    def build(self, shape):
        self.shape = shape

    def set_weights(self, weights):
        self.weights = weights


def test_building_passes_config_and_weights_on(monkeypatch):
    keras = ModuleType("keras")
    keras.layers = type("Layers", (), {"GRU": Stub})
    monkeypatch.setitem(sys.modules, "keras", keras)
    (described,) = to_keras(nn.GRU(INPUTS, HIDDEN))
    built = described.build()
    assert built.shape == (None, None, INPUTS)
    assert built.weights == list(described.weights)
    assert "seen" not in described.config


def test_building_without_keras_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ModuleNotFoundError, match="keras"):
        KerasLayer("GRU", {"units": HIDDEN}, []).build()


def test_a_pruned_layer_is_refused():
    layer = nn.LSTM(2, 3)
    prune.l1_unstructured(layer, "weight_hh_l0", 0.5)
    with pytest.raises(SettingError, match=r"Make it a parameter again first: torch.nn.utils.prune.remove"):
        to_keras(layer)
