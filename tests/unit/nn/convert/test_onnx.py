"""Layers to ONNX and back, bit for bit."""

import dataclasses
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn.utils import prune

from tidegate.errors import MissingExtraError, SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.onnx import from_node, from_onnx, run_node, to_onnx
from tidegate.nn.layers import GRU, LSTM
from tidegate.nn.stack import Recurrent, Stack

CELLS = {
    "tanh": Elman(),
    "relu-clip": Elman("relu", clip=0.1),
    "sigmoid": Elman("sigmoid"),
    "gru": Gru(),
    "gru-before": Gru("before", gate_bias=False),
    "lstm": Lstm(),
    "lstm-peepholes": Lstm(peepholes="full"),
    "lstm-output-peephole": Lstm(peepholes="output", gate_bias=False),
    "lstm-coupled": Lstm(coupled=True, peepholes="full", clip=0.3),
    "lstm-identity-in": Lstm(input_activation="identity"),
    "lstm-identity-out": Lstm(output_activation="identity"),
}
STACKS = {
    "one": Stack(),
    "no-bias-reverse": Stack(bias=False, reverse=True),
    "two-both-ways": Stack(2, batch_first=True, bidirectional=True),
    "three-normalised": Stack(3, bidirectional=True, merge="mean", residual=True, layer_norm=True),
    "two-summed": Stack(2, batch_first=True, bidirectional=True, merge="sum"),
}


@pytest.fixture
def make():
    def made(cell, stack, dtype=torch.float32):
        torch.manual_seed(3)
        layer = Recurrent(cell, 3, 4, stack=stack, dtype=dtype)
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter)
        return layer

    return made


def assert_equal(ours, expected):
    cell = expected.cell
    if not expected.bias and hasattr(cell, "gate_bias"):  # it says nothing where there is no bias at all
        cell = dataclasses.replace(cell, gate_bias=True)
    assert ours.cell == cell
    assert list(ours.state_dict()) == list(expected.state_dict())
    for name, values in expected.state_dict().items():
        assert torch.equal(ours.state_dict()[name], values), name
        assert ours.state_dict()[name].dtype is values.dtype


@pytest.mark.parametrize("lengths", [None, (5, 2)], ids=["whole", "lengths"])
@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("cell", CELLS)
def test_there_and_back(make, cell, stack, lengths):
    layer = make(CELLS[cell], STACKS[stack])
    back = from_onnx(to_onnx(layer, lengths=lengths is not None, initial_states=stack == "one"))
    assert back.stack == layer.stack
    assert_equal(back, layer)
    values = torch.randn(2, 5, 3) if layer.batch_first else torch.randn(5, 2, 3)
    given = None if lengths is None else torch.tensor(lengths)
    outputs, states = layer(values, lengths=given)
    outputs_back, states_back = back(values, lengths=given)
    assert torch.equal(outputs_back, outputs)
    for ours, expected in zip(states_back, states, strict=True):
        assert torch.equal(ours, expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64], ids=str)
def test_every_precision(make, dtype):
    layer = make(Lstm(clip=0.1), Stack(2, layer_norm=True), dtype)
    model = to_onnx(layer, lengths=True, initial_states=True)
    onnx.checker.check_model(model, full_check=True)
    assert_equal(from_onnx(model), layer)


def test_what_onnx_does_not_keep(make):
    layer = make(Gru(), Stack(2, dropout=0.5, backend="reference"))
    back = from_onnx(to_onnx(layer))
    assert back.stack == dataclasses.replace(layer.stack, dropout=0.0, backend="auto")
    assert_equal(back, layer)


def test_drop_in_layers(make):
    torch.manual_seed(1)
    for layer in (LSTM(3, 4, 2, bidirectional=True), GRU(3, 4, reset="before", batch_first=True)):
        assert_equal(from_onnx(to_onnx(layer)), layer)


def test_reading_draws_no_random_number_and_shares_no_memory(make):
    layer = make(Lstm(), Stack())
    model = to_onnx(layer)
    before = torch.get_rng_state()
    back = from_onnx(model)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        back.weight_ih_l0.zero_()
    assert_equal(from_onnx(model), layer)
    assert all(parameter.requires_grad for parameter in back.parameters())


def node_and_arrays(direction="forward", layout=0, outputs=("Y", "Y_h", "Y_c")):
    rng = np.random.default_rng(0)
    ways = 2 if direction == "bidirectional" else 1
    shapes = {"X": (5, 2, 3), "W": (ways, 16, 3), "R": (ways, 16, 4), "initial_c": (ways, 2, 4), "P": (ways, 12)}
    arrays = {name: rng.normal(size=shape).astype("f4") for name, shape in shapes.items()}
    if layout:
        arrays |= {name: arrays[name].swapaxes(0, 1) for name in ("X", "initial_c")}
    names = ["X", "W", "R", "", "", "", "initial_c", "P"]
    return helper.make_node("LSTM", names, outputs, hidden_size=4, direction=direction, layout=layout), arrays


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_a_node_has_onnx_shapes(direction):
    ways = 2 if direction == "bidirectional" else 1
    made = run_node(*node_and_arrays(direction))
    assert {name: tuple(values.shape) for name, values in made.items()} == {
        "Y": (5, ways, 2, 4),
        "Y_h": (ways, 2, 4),
        "Y_c": (ways, 2, 4),
    }
    by_batch = run_node(*node_and_arrays(direction, layout=1))
    assert torch.equal(by_batch["Y"], made["Y"].movedim(2, 0))
    assert torch.equal(by_batch["Y_h"], made["Y_h"].transpose(0, 1))
    assert torch.equal(by_batch["Y_c"], made["Y_c"].transpose(0, 1))
    last = {"forward": [4], "reverse": [0], "bidirectional": [4, 0]}[direction]
    assert torch.equal(made["Y_h"], torch.stack([made["Y"][step, way] for way, step in enumerate(last)]))


def test_only_the_outputs_that_the_node_has():
    made = run_node(*node_and_arrays(outputs=("", "final")))
    assert list(made) == ["final"]
    assert torch.equal(made["final"], run_node(*node_and_arrays())["Y_h"])


def test_a_node_from_tensors():
    node, arrays = node_and_arrays()
    layer = from_node(node, {name: torch.from_numpy(array) for name, array in arrays.items()})
    assert layer.cell == Lstm(peepholes="full")
    assert layer.stack == Stack(bias=False)
    assert_equal(from_node(node, arrays), layer)


def two_nodes(change):
    """A model of two layers, with `change` made to the second before it is written."""
    torch.manual_seed(0)
    first, second = Recurrent(Elman(), 4, 4), change(4)
    models = [to_onnx(first), to_onnx(second)]
    nodes, constants = [], []
    for index, model in enumerate(models):
        renamed = {"input": f"output_{index - 1}" if index else "input", "output": f"output_{index}"}
        for node in model.graph.node:
            for names in (node.input, node.output):
                names[:] = [renamed.get(name, f"{name}_{index}" if name else "") for name in names]
            nodes.append(node)
        constants.extend(
            numpy_helper.from_array(numpy_helper.to_array(entry), f"{entry.name}_{index}")
            for entry in model.graph.initializer
        )
    values = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["time", "batch", 4])
    return helper.make_model(helper.make_graph(nodes, "two", [values], [], constants))


def test_two_models_in_one_are_a_stack():
    back = from_onnx(two_nodes(lambda width: Recurrent(Elman(), width, 4)))
    assert back.stack == Stack(2)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda width: Recurrent(Elman("relu"), width, 4), "cell"),
        (lambda width: Recurrent(Elman(), width, 5), "hidden size"),
        (lambda width: Recurrent(Elman(), width, 4, stack=Stack(bias=False)), "bias"),
        (lambda width: Recurrent(Elman(), width, 4, stack=Stack(bidirectional=True)), "directions"),
        (lambda width: Recurrent(Elman(), width, 4, stack=Stack(reverse=True)), "reverse"),
        (lambda width: Recurrent(Elman(), width, 4, stack=Stack(layer_norm=True)), "layer normalisation"),
    ],
    ids=["cell", "hidden size", "bias", "directions", "reverse", "layer norm"],
)
def test_layers_that_make_no_stack(change, what):
    with pytest.raises(SettingError, match=rf"differs from the other layers in its {what}, so that they make no stack"):
        from_onnx(two_nodes(change))


def test_residual_sums_that_make_no_stack(make):
    model = to_onnx(make(Elman(), Stack(3, bidirectional=True, residual=True)))
    (first,) = [node for node in model.graph.node if node.output[0] == "summed_l1"]
    first.op_type = "Identity"
    del first.input[1]
    with pytest.raises(SettingError, match=r"RNN node 'Y_l1' differs from the other layers in its residual sum"):
        from_onnx(model)


def test_without_onnx(monkeypatch, make):
    layer = make(Gru(), Stack())
    model = to_onnx(layer)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"onnx is not installed. .*tidegate\[onnx\]"):
        to_onnx(layer)
    with pytest.raises(MissingExtraError, match=r"onnx is not installed. .*tidegate\[onnx\]"):
        from_onnx(model)


def test_a_pruned_layer_is_refused():
    layer = LSTM(2, 3)
    prune.l1_unstructured(layer, "weight_hh_l0", 0.5)
    with pytest.raises(SettingError, match=r"Make it a parameter again first: torch.nn.utils.prune.remove"):
        to_onnx(layer)
