import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.keras import KerasLayer
from tidegate.nn.convert.keras_reading import check_stack, read

UNITS = 4
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def arrays(kind, n_inputs=3, **config):
    draw = np.random.default_rng(1).normal
    columns = GATES[kind] * UNITS
    bias = (2, columns) if kind == "GRU" and config.get("reset_after", True) else columns
    return [draw(size=(n_inputs, columns)), draw(size=(UNITS, columns)), draw(size=bias)]


def layer(kind, n_inputs=3, **config):
    return KerasLayer(kind, {"units": UNITS, **config}, arrays(kind, n_inputs, **config))


def both(kind="GRU", backward=None, outer=None, **config):
    inner = {"class_name": kind, "config": {"units": UNITS, **config}}
    wrapper = {"layer": inner, **(outer or {})}
    if backward is not None:
        wrapper["backward_layer"] = {"class_name": kind, "config": {"units": UNITS, "go_backwards": True, **backward}}
    return KerasLayer("Bidirectional", wrapper, [*arrays(kind, **config), *arrays(kind, **config)])


@pytest.mark.parametrize(
    ("one", "cell"),
    [
        (layer("SimpleRNN"), Elman()),
        (layer("SimpleRNN", activation="relu"), Elman("relu")),
        (layer("SimpleRNN", activation="sigmoid"), Elman("sigmoid")),
        (layer("LSTM", activation="tanh", recurrent_activation="sigmoid"), Lstm()),
        (layer("LSTM", activation="linear"), Lstm(input_activation="identity", output_activation="identity")),
        (layer("GRU"), Gru()),
        (layer("GRU", reset_after=False), Gru(reset="before")),
        (both("LSTM"), Lstm()),
    ],
    ids=["rnn", "rnn relu", "rnn sigmoid", "lstm", "lstm linear", "gru", "gru reset before", "bidirectional"],
)
def test_the_cell_is_found(one, cell):
    assert read(one).cell == cell


def test_the_class_of_a_layer_that_is_not_ours_is_its_name():
    class LSTM:
        def get_config(self):
            return {"units": UNITS}

        def get_weights(self):
            return arrays("LSTM")

    assert read(LSTM()).cell == Lstm()


def test_what_was_read_is_a_copy():
    one = layer("LSTM")
    tensors = read(one).tensors[0]
    one.weights[0][:] = 0
    assert bool(tensors[0].all())


def test_bidirectional_without_a_backward_layer_mirrors_the_forward_one():
    made = read(both(outer={"merge_mode": "ave"}))
    assert made.merge == "ave"
    assert len(made.tensors) == 2


def test_trainable_needs_the_wrapper_and_the_layer():
    assert read(both()).trainable
    assert not read(both(outer={"trainable": False})).trainable
    assert not read(both(trainable=False)).trainable


REFUSED = {
    "Dense is no layer that from_keras reads: SimpleRNN, LSTM, GRU and Bidirectional around one": KerasLayer(
        "Dense", {"units": UNITS}, []
    ),
    "activation is 'elu'; for SimpleRNN it must be 'tanh' or 'relu' or 'sigmoid'": layer("SimpleRNN", activation="elu"),
    "activation is 'relu'; for LSTM it must be 'tanh' or 'linear'": layer("LSTM", activation="relu"),
    "activation is {'class_name': 'Own'}; for GRU it must be 'tanh'": layer("GRU", activation={"class_name": "Own"}),
    "recurrent_activation is 'hard_sigmoid'; for GRU it must be 'sigmoid'": layer(
        "GRU", recurrent_activation="hard_sigmoid"
    ),
    "dropout is 0.5: tidegate has no such option. Keras drops the same": layer("GRU", dropout=0.5),
    "recurrent_dropout is 0.1: tidegate has no such option. It acts in training alone": layer(
        "LSTM", recurrent_dropout=0.1
    ),
    "stateful is True: tidegate has no such option. Set it to False and pass the state": layer("LSTM", stateful=True),
    "the config of GRU lacks 'units'": KerasLayer("GRU", {}, arrays("GRU")),
    "merge_mode is 'mul'; it must be one of 'concat', 'sum', 'ave'": both(outer={"merge_mode": "mul"}),
    "merge_mode is None; it must be one of": both(outer={"merge_mode": None}),
    "the forward layer has go_backwards=True; exchange": both(go_backwards=True, backward={"go_backwards": False}),
    "the directions differ in trainable: True and False; tidegate has them alike": both(backward={"trainable": False}),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_we_do_not_have_is_named(words):
    with pytest.raises(SettingError) as caught:
        read(REFUSED[words])
    assert words in str(caught.value)


MISSHAPEN = {
    r"GRU holds 0 arrays; with use_bias=True it needs 3. Build the layer first": KerasLayer(
        "GRU", {"units": UNITS}, []
    ),
    r"LSTM holds 3 arrays; with use_bias=False it needs 2": layer("LSTM", use_bias=False),
    r"kernel has shape \(3, 12\); LSTM with 4 units needs \(any, 16\)": KerasLayer(
        "LSTM", {"units": UNITS}, arrays("GRU")
    ),
    r"recurrent_kernel has shape \(4, 12, 1\); GRU with 4 units needs \(4, 12\)": KerasLayer(
        "GRU", {"units": UNITS}, [arrays("GRU")[0], arrays("GRU")[1][..., None], arrays("GRU")[2]]
    ),
    r"bias has shape \(2, 12\); GRU with 4 units needs \(12,\)": KerasLayer(
        "GRU", {"units": UNITS, "reset_after": False}, arrays("GRU")
    ),
}


@pytest.mark.parametrize("words", MISSHAPEN)
def test_arrays_that_do_not_fit_are_named(words):
    with pytest.raises(ValueError, match=words):
        read(MISSHAPEN[words])


def stacked(*layers):
    check_stack([read(one) for one in layers])


SEQUENCES = {"return_sequences": True}


def test_alike_layers_make_a_stack():
    stacked(layer("GRU", **SEQUENCES), layer("GRU", UNITS, **SEQUENCES), layer("GRU", UNITS))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((layer("GRU", **SEQUENCES), layer("LSTM", UNITS)), "the layers differ in class_name: GRU and LSTM"),
        (
            (layer("GRU", **SEQUENCES), layer("GRU", UNITS, reset_after=False)),
            r"the layers differ in cell: Gru\(reset='after'",
        ),
        ((layer("GRU"), layer("GRU", UNITS)), "layer 0 has return_sequences=False: the layer above it would read no"),
        (
            (layer("GRU", **SEQUENCES), layer("GRU", UNITS, go_backwards=True)),
            "go_backwards is True in a stack, where Keras' layers turn time around",
        ),
    ],
    ids=["classes", "options", "sequences", "direction"],
)
def test_layers_that_are_no_stack_are_named(layers, words):
    with pytest.raises(SettingError, match=words):
        stacked(*layers)


def test_widths_must_fit():
    with pytest.raises(ValueError, match="layer 1 reads 5 features, but the layer below it yields 4"):
        stacked(layer("GRU", **SEQUENCES), layer("GRU", 5))
    with pytest.raises(ValueError, match="layer 1 reads 3 features, but the layer below it yields 8"):
        stacked(both(**SEQUENCES), both(**SEQUENCES))


@pytest.mark.parametrize(("kind", "shown"), [(np.float32, "float32 and float64"), (np.int64, "float64 and int64")])
def test_types_must_agree(kind, shown):
    mixed = KerasLayer("LSTM", {"units": UNITS}, [arrays("LSTM")[0].astype(kind), *arrays("LSTM")[1:]])
    with pytest.raises(ValueError, match=f"the arrays hold {shown}; one floating-point type is needed"):
        stacked(mixed)


def test_whole_numbers_are_no_weights():
    whole = KerasLayer("LSTM", {"units": UNITS}, [array.astype(np.int64) for array in arrays("LSTM")])
    assert read(whole).tensors[0][0].dtype == torch.int64
    with pytest.raises(ValueError, match="the arrays hold int64; one floating-point type is needed"):
        stacked(whole)
