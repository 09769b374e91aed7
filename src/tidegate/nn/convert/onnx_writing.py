"""A stack of layers as a graph of ONNX: one recurrent node per layer, plain nodes between them.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.errors import SettingError
from tidegate.nn.arguments import check_own_parameters
from tidegate.nn.convert.limits import check_options
from tidegate.nn.convert.onnx_nodes import (
    OPERATORS,
    check_cell,
    library,
    written_arrays,
    written_attributes,
)
from tidegate.nn.stack import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from tidegate.nn.stack import Recurrent

OPSET = 18
"""Version of ONNX's operators: the first with all that is used here (LayerNormalization 17, ReduceMean 18)."""

NORM_EPSILON = 1e-5
"""What torch's layer_norm adds to the variance."""

_MERGES: Mapping[str, str] = {"sum": "ReduceSum", "mean": "ReduceMean"}
_KNOWN: Mapping[str, tuple[object, ...] | None] = {
    "num_layers": None,
    "bias": (False,),
    "batch_first": (True,),
    "dropout": None,
    "bidirectional": (True,),
    "merge": ("sum", "mean"),
    "residual": (True,),
    "layer_norm": (True,),
    "reverse": (True,),
    "backend": None,
    "generator": None,
    "recompute": None,
}
_DTYPES = (torch.float16, torch.float32, torch.float64)


class Inputs(NamedTuple):
    """Names of the graph's inputs.

    Parameters
    ----------
    values
        Shape (T, B, I), or (B, T, I) with ``batch_first``.
    lengths
        Shape (B,); "" where the graph does not ask for lengths.
    states
        Shape (L*D, B, H) each; empty where the graph starts from 0.
    """

    values: str = "input"
    lengths: str = ""
    states: tuple[str, ...] = ()


class _Graph:
    """Nodes and constants in the making."""

    def __init__(self) -> None:
        self.onnx = library()
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: Any) -> str:
        self.constants[name] = self.onnx.numpy_helper.from_array(np.asarray(values), name)
        return name

    def node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Any] | None = None
    ) -> str:
        """Add a node named after its first output, and return that output."""
        made = self.onnx.helper.make_node(operator, inputs, outputs, name=outputs[0], **(attributes or {}))
        self.nodes.append(made)
        return outputs[0]


def model_of(layer: Recurrent, inputs: Inputs) -> onnx.ModelProto:
    """Return the model that computes what `layer` computes when it is not training.

    Raises
    ------
    SettingError
        Where ONNX lacks an option of `layer` or its dtype.
    """
    _check(layer)
    graph = _Graph()
    values, finals = _written(graph, layer, inputs)
    if layer.batch_first:
        values = graph.node("Transpose", [values], ["output"], {"perm": [1, 0, 2]})
    else:
        values = graph.node("Identity", [values], ["output"])
    for state, parts in finals.items():
        graph.node("Concat", parts, [f"final_{state}"], {"axis": 0})
    helper = library().helper
    described = helper.make_graph(
        graph.nodes,
        f"{layer.cell.name} layers",
        _input_infos(layer, inputs),
        _output_infos(layer),
        list(graph.constants.values()),
    )
    opset = helper.make_opsetid("", OPSET)
    model: onnx.ModelProto = helper.make_model(
        described, opset_imports=[opset], ir_version=helper.find_min_ir_version_for([opset]), producer_name="tidegate"
    )
    return model


def _check(layer: Recurrent) -> None:
    check_own_parameters(layer)
    weight = next(layer.parameters())
    if weight.dtype not in _DTYPES:
        raise SettingError(
            f"layer has {weight.dtype} weights; ONNX's recurrent operators take float16, float32 or float64. "
            "Convert it first: layer.float()"
        )
    check_cell(layer.cell)
    check_options(layer.stack, _KNOWN, f"ONNX's {OPERATORS[layer.cell.name]}")


def _written(graph: _Graph, layer: Recurrent, inputs: Inputs) -> tuple[str, dict[str, list[str]]]:
    """Write all layers; return the name of the outputs (T, B, features), and of the final states by state and layer."""
    values = inputs.values
    if layer.batch_first:
        values = graph.node("Transpose", [values], ["input_by_time"], {"perm": [1, 0, 2]})
    valid = _written_mask(graph, values, inputs.lengths) if inputs.lengths and layer.stack.layer_norm else ""
    starts = [_written_split(graph, layer, name) for name in inputs.states]
    finals: dict[str, list[str]] = {state: [] for state in layer.cell.states}
    for index in range(layer.num_layers):
        outputs = [f"Y_l{index}", *(f"final_{state}_l{index}" for state in layer.cell.states)]
        fed = [values, *_written_weights(graph, layer, index)]
        fed[4:4] = [inputs.lengths, *([start[index] for start in starts] or [""] * len(layer.cell.states))]
        direction = "bidirectional" if layer.bidirectional else "reverse" if layer.stack.reverse else "forward"
        attributes = written_attributes(layer.cell, layer.hidden_size, direction)
        graph.node(OPERATORS[layer.cell.name], _trimmed(fed), outputs, attributes)
        for state, name in zip(layer.cell.states, outputs[1:], strict=True):
            finals[state].append(name)
        values = _written_between(graph, layer, index, (outputs[0], values, valid))
    return values, finals


def _written_weights(graph: _Graph, layer: Recurrent, index: int) -> list[str]:
    """Write W, R, B and P of a layer; return their names, "" where there is none."""
    known = dict(layer.named_parameters())
    suffixes = (f"l{index}", f"l{index}_reverse") if layer.bidirectional else (f"l{index}",)
    directions = [
        {role: known[f"{name}_{suffix}"] for role, name in PARAMETERS.items() if f"{name}_{suffix}" in known}
        for suffix in suffixes
    ]
    arrays = written_arrays(layer.cell, directions)
    return [
        graph.constant(f"{role}_l{index}", arrays[role].cpu().numpy()) if role in arrays else ""
        for role in ("W", "R", "B", "P")
    ]


def _written_split(graph: _Graph, layer: Recurrent, name: str) -> list[str]:
    """Write what cuts a state of shape (L*D, B, H) into one per layer; return their names."""
    if layer.num_layers == 1:
        return [name]
    parts = [f"{name}_l{index}" for index in range(layer.num_layers)]
    graph.node("Split", [name], parts, {"axis": 0, "num_outputs": layer.num_layers})
    return parts


def _written_mask(graph: _Graph, values: str, lengths: str) -> str:
    """Write which steps lie within the lengths, shape (T, B, 1)."""
    zero, one = graph.constant("zero", np.int32(0)), graph.constant("one", np.int32(1))
    shape = graph.node("Shape", [values], ["steps_as_shape"], {"start": 0, "end": 1})
    scalar = graph.node("Squeeze", [shape], ["steps_as_scalar"])
    steps = graph.node("Cast", [scalar], ["steps"], {"to": library().TensorProto.INT32})
    times = graph.node("Range", [zero, steps, one], ["times"])
    column = graph.node("Unsqueeze", [times, graph.constant("after_time", [1])], ["times_as_column"])
    within = graph.node("Less", [column, lengths], ["within"])
    return graph.node("Unsqueeze", [within, graph.constant("after_batch", [2])], ["valid"])


def _written_between(graph: _Graph, layer: Recurrent, index: int, names: tuple[str, str, str]) -> str:
    """Write what follows a node: merge its directions, normalise, add its input.

    `names` are those of the node's outputs Y (T, D, B, H), of its inputs, and of the mask of valid steps or "".
    """
    outputs, inputs, valid = names
    merge = layer.stack.merge if layer.bidirectional else "concat"
    if merge in _MERGES:
        merged = graph.node(
            _MERGES[merge], [outputs, graph.constant("directions", [1])], [f"merged_l{index}"], {"keepdims": 0}
        )
    elif layer.bidirectional:
        swapped = graph.node("Transpose", [outputs], [f"directions_last_l{index}"], {"perm": [0, 2, 1, 3]})
        shape = graph.constant("joined", [0, 0, 2 * layer.hidden_size])
        merged = graph.node("Reshape", [swapped, shape], [f"merged_l{index}"])
    else:
        merged = graph.node("Squeeze", [outputs, graph.constant("directions", [1])], [f"merged_l{index}"])
    if layer.stack.layer_norm:
        roles = [f"norm_{kind}_l{index}" for kind in ("weight", "bias")]
        fed = [graph.constant(role, layer.get_parameter(role).detach().cpu().numpy()) for role in roles]
        attributes = {"axis": -1, "epsilon": NORM_EPSILON}
        merged = graph.node("LayerNormalization", [merged, *fed], [f"normalised_l{index}"], attributes)
        if valid:
            nothing = graph.constant("nothing", np.zeros((), _dtype(layer)))
            merged = graph.node("Where", [valid, merged, nothing], [f"kept_l{index}"])
    if layer.stack.residual and index:
        merged = graph.node("Add", [merged, inputs], [f"summed_l{index}"])
    return merged


def _dtype(layer: Recurrent) -> np.dtype[Any]:
    """Return NumPy's name of the weights' dtype."""
    return np.dtype(str(next(layer.parameters()).dtype).removeprefix("torch."))


def _trimmed(names: list[str]) -> list[str]:
    """Return `names` without the empty ones at the end: optional inputs that no later one follows."""
    while not names[-1]:
        names = names[:-1]
    return names


def _input_infos(layer: Recurrent, inputs: Inputs) -> list[onnx.ValueInfoProto]:
    helper = library().helper
    kind = helper.np_dtype_to_tensor_dtype(_dtype(layer))
    infos = [helper.make_tensor_value_info(inputs.values, kind, [*_outer(layer), layer.input_size])]
    if inputs.lengths:
        infos.append(helper.make_tensor_value_info(inputs.lengths, library().TensorProto.INT32, ["batch"]))
    return [*infos, *(helper.make_tensor_value_info(name, kind, _state_shape(layer)) for name in inputs.states)]


def _output_infos(layer: Recurrent) -> list[onnx.ValueInfoProto]:
    helper = library().helper
    kind = helper.np_dtype_to_tensor_dtype(_dtype(layer))
    outputs = helper.make_tensor_value_info("output", kind, [*_outer(layer), layer.output_size])
    finals = [helper.make_tensor_value_info(f"final_{state}", kind, _state_shape(layer)) for state in layer.cell.states]
    return [outputs, *finals]


def _outer(layer: Recurrent) -> tuple[str, str]:
    return ("batch", "time") if layer.batch_first else ("time", "batch")


def _state_shape(layer: Recurrent) -> list[Any]:
    return [layer.num_layers * (2 if layer.bidirectional else 1), "batch", layer.hidden_size]
