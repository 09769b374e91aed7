"""The graph of a stack: its inputs, outputs and nodes, and what cannot be written."""

import onnx
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.onnx_writing import Inputs, model_of
from tidegate.nn.stack import Recurrent, Stack


def shapes(entries):
    return {e.name: [d.dim_param or d.dim_value for d in e.type.tensor_type.shape.dim] for e in entries}


def test_inputs_and_outputs():
    layer = Recurrent(Lstm(), 3, 4, stack=Stack(2, batch_first=True, bidirectional=True))
    model = model_of(layer, Inputs(lengths="lengths", states=("initial_hidden", "initial_cell")))
    onnx.checker.check_model(model, full_check=True)
    assert shapes(model.graph.input) == {
        "input": ["batch", "time", 3],
        "lengths": ["batch"],
        "initial_hidden": [4, "batch", 4],
        "initial_cell": [4, "batch", 4],
    }
    assert shapes(model.graph.output) == {
        "output": ["batch", "time", 8],
        "final_hidden": [4, "batch", 4],
        "final_cell": [4, "batch", 4],
    }


def test_one_node_a_layer():
    model = model_of(Recurrent(Gru("before", clip=0.5), 3, 4, stack=Stack(3, reverse=True)), Inputs())
    nodes = [node for node in model.graph.node if node.op_type == "GRU"]
    assert [node.name for node in nodes] == ["Y_l0", "Y_l1", "Y_l2"]
    attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in nodes[0].attribute}
    assert attributes == {"hidden_size": 4, "direction": b"reverse", "linear_before_reset": 0, "clip": 0.5}
    assert shapes(model.graph.input) == {"input": ["time", "batch", 3]}
    assert model.producer_name == "tidegate"


def test_nothing_is_written_that_no_node_reads():
    for stack in (Stack(), Stack(2, bidirectional=True), Stack(2, bidirectional=True, merge="sum", layer_norm=True)):
        model = model_of(Recurrent(Elman(), 3, 4, stack=stack), Inputs(lengths="lengths"))
        read = {name for node in model.graph.node for name in node.input}
        assert {entry.name for entry in model.graph.initializer} <= read


def test_half_precision_of_another_kind():
    layer = Recurrent(Gru(), 3, 4, dtype=torch.bfloat16)
    with pytest.raises(SettingError, match=r"layer has torch\.bfloat16 weights; .* take float16, float32 or float64"):
        model_of(layer, Inputs())


def test_projection():
    layer = Recurrent(Lstm(), 3, 4, stack=Stack(proj_size=2))
    with pytest.raises(SettingError, match=r"proj_size is 2; ONNX's LSTM knows 0 alone"):
        model_of(layer, Inputs())


def test_a_cell_that_onnx_lacks():
    with pytest.raises(SettingError, match=r"reset is 'absent'; ONNX's GRU knows 'after' or 'before' alone"):
        model_of(Recurrent(Gru("absent"), 3, 4), Inputs())
