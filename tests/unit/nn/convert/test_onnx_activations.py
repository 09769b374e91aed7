"""Activation functions by ONNX's names and by ours."""

import pytest
from onnx import helper

from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.onnx_activations import read_activations, written_activations


def read(operator, n_directions=1, **attributes):
    node = helper.make_node(operator, ["X", "W", "R"], ["Y"], name="one", **attributes)
    return read_activations(node, {a.name: helper.get_attribute_value(a) for a in node.attribute}, n_directions)


def test_defaults():
    assert read("RNN", 2) == ("tanh",)
    assert read("GRU") == ("sigmoid", "tanh")
    assert read("LSTM", 2) == ("sigmoid", "tanh", "tanh")
    assert [written_activations(cell, 2) for cell in (Elman(), Gru(), Lstm())] == [{}, {}, {}]


def test_stated_functions():
    assert read("RNN", activations=["Relu"]) == ("relu",)
    assert read("GRU", 2, activations=["Sigmoid", "Tanh"] * 2) == ("sigmoid", "tanh")
    assert read("LSTM", activations=["Sigmoid", "Tanh", "Affine"], activation_alpha=[1.0]) == (
        "sigmoid",
        "tanh",
        "identity",
    )


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize(
    "cell",
    [Elman("relu"), Elman("sigmoid"), Lstm(input_activation="identity"), Lstm(output_activation="identity")],
    ids=["relu", "sigmoid", "identity-in", "identity-out"],
)
def test_there_and_back(cell, n_directions):
    attributes = written_activations(cell, n_directions)
    operator = "RNN" if isinstance(cell, Elman) else "LSTM"
    functions = read(operator, n_directions, **attributes)
    if isinstance(cell, Elman):
        assert functions == (cell.nonlinearity,)
    else:
        assert functions == ("sigmoid", cell.input_activation, cell.output_activation)


@pytest.mark.parametrize(
    ("operator", "n_directions", "attributes", "message"),
    [
        ("LSTM", 1, {"activations": ["Sigmoid"]}, r"activations of LSTM node 'one' are 1; there must be 3 for each"),
        ("RNN", 2, {"activations": ["Tanh"]}, r"activations of RNN node 'one' are 1; there must be 1 for each"),
        ("RNN", 2, {"activations": ["Tanh", "Relu"]}, r"differ between the directions: Tanh, Relu\. One cell serves"),
        ("RNN", 1, {"activations": ["Elu"]}, r"f is 'Elu'; it must be 'Tanh' or 'Relu' or 'Sigmoid'"),
        ("GRU", 1, {"activations": ["HardSigmoid", "Tanh"]}, r"f is 'HardSigmoid'; it must be 'Sigmoid'"),
        ("GRU", 1, {"activations": ["Sigmoid", "Relu"]}, r"g is 'Relu'; it must be 'Tanh'"),
        ("LSTM", 1, {"activations": ["Sigmoid", "Tanh", "Relu"]}, r"h is 'Relu'; it must be 'Tanh' or 'Affine'"),
        (
            "LSTM",
            1,
            {"activations": ["Sigmoid", "Affine", "Tanh"], "activation_alpha": [2.0], "activation_beta": [0.0]},
            r"Affine must be the identity, with activation_alpha 1 and activation_beta 0 for each; got \[2\.0\] and",
        ),
        (
            "LSTM",
            1,
            {"activations": ["Sigmoid", "Affine", "Tanh"]},
            r"Affine must be the identity, .*; got \[\] and \[\]",
        ),
    ],
    ids=["too few", "one for two", "differing", "elu", "hard sigmoid", "relu gru", "relu lstm", "affine", "no alpha"],
)
def test_refused_functions(operator, n_directions, attributes, message):
    with pytest.raises(SettingError, match=message):
        read(operator, n_directions, **attributes)
