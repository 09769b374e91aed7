"""Layers from ONNX and back: `from_onnx`, `to_onnx`, and single nodes with `from_node` and `run_node`.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions. Weights keep their bits both ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tidegate.errors import SettingError
from tidegate.nn.convert.onnx_nodes import called, named_inputs, read_node
from tidegate.nn.convert.onnx_reading import read_chain
from tidegate.nn.convert.onnx_writing import Inputs, model_of
from tidegate.nn.options import Stack
from tidegate.nn.stack import PARAMETERS, Recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from tidegate.nn.convert.onnx_nodes import Node
    from tidegate.nn.convert.onnx_reading import Chain

_STATES: Mapping[str, str] = {"hidden": "initial_h", "cell": "initial_c"}


def to_onnx(layer: Recurrent, *, lengths: bool = False, initial_states: bool = False) -> onnx.ModelProto:
    """Return a model that computes what `layer` computes when it is not training, for any T and B.

    Its inputs are "input", (T, B, I) or (B, T, I) with ``batch_first``, and those asked for below; its outputs are
    "output", (T, B, D*H) or (B, T, D*H), and for each state "final_hidden" and "final_cell", (L*D, B, H).

    Parameters
    ----------
    layer
        Elman, LSTM or GRU layers. Merging, residual connections and layer normalisation become nodes of their own.
    lengths
        Whether the model takes "lengths", (B,), int32.
    initial_states
        Whether it takes "initial_hidden" and "initial_cell", (L*D, B, H); otherwise it starts from 0.

    Raises
    ------
    MissingExtraError
        When onnx is not installed.
    SettingError
        Where ONNX has no operator for the cell, or none with an option that is set.

    Notes
    -----
    Each layer becomes one node RNN-14, GRU-14 or LSTM-14. ONNX keeps `clip` in single precision. onnxruntime computes
    these operators in float32 alone.
    """
    starts = tuple(f"initial_{state}" for state in layer.cell.states) if initial_states else ()
    return model_of(layer, Inputs(lengths="lengths" if lengths else "", states=starts))


def from_onnx(model: onnx.ModelProto) -> Recurrent:
    """Return the recurrent nodes of `model` as one stack of layers, the inverse of `to_onnx`.

    Models of other exporters can be read when each node reads from the one before, as PyTorch writes them. What comes
    before the first node and after the last is left out. Options that ONNX does not keep (dropout, backend) are at
    their defaults; lengths and initial states are given in the call. Two options are told by zeros: gates whose biases
    are all 0 beside a candidate's that are not read as ``gate_bias=False``, and peepholes of which the output gate's
    alone are not 0 as ``peepholes="output"``.

    Raises
    ------
    MissingExtraError
        When onnx is not installed.
    SettingError
        Where a node, its attributes or its place in the graph have no counterpart here.
    """
    chain = read_chain(model.graph)
    nodes = [read_node(node, chain.constants) for node in chain.nodes]
    _check_alike(chain, nodes)
    first, inner = nodes[0], chain.links[-1]
    stack = Stack(
        num_layers=len(nodes),
        bias=first.bias,
        batch_first=first.batch_first != chain.swapped,
        bidirectional=len(first.weights) == 2,
        merge=inner.merge,
        residual=inner.residual,
        layer_norm=inner.norm is not None,
        reverse=first.reverse,
    )
    norms = [link.norm for link in chain.links if link.norm is not None]
    return _layer(nodes, stack, norms)


def from_node(node: onnx.NodeProto, arrays: Mapping[str, Any]) -> Recurrent:
    """Return the layer that computes `node`, an RNN, GRU or LSTM.

    Parameters
    ----------
    node
        With any direction and layout; activations as our cells have them.
    arrays
        NumPy arrays or tensors by the names of the node's inputs; W, R, B and P are read.

    Raises
    ------
    MissingExtraError
        When onnx is not installed.
    SettingError
        Where the node has no counterpart here.
    """
    read = read_node(node, arrays)
    both = len(read.weights) == 2
    stack = Stack(bias=read.bias, batch_first=read.batch_first, bidirectional=both, reverse=read.reverse)
    return _layer([read], stack, [])


def run_node(node: onnx.NodeProto, arrays: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return the outputs of `node` by name, computed by our layer, with ONNX's shapes.

    Y is (T, D, B, H), Y_h and Y_c are (D, B, H); (B, T, D, H) and (B, D, H) with ``layout=1``. A sequence of length 0
    ends in its initial state.

    Parameters
    ----------
    node
        As in `from_node`.
    arrays
        All its inputs by name.

    Raises
    ------
    SettingError
        As in `from_node`.
    ValueError, RuntimeError
        As in a call of the layer, where inputs do not go together.
    """
    layer = from_node(node, arrays)
    inputs = {role: torch.from_numpy(np.array(arrays[name])) for role, name in named_inputs(node).items()}
    by_batch = layer.batch_first
    values = inputs["X"]
    n_directions = 2 if layer.bidirectional else 1
    empty = values.new_zeros(n_directions, values.shape[0 if by_batch else 1], layer.hidden_size)
    given = [inputs.get(_STATES[state]) for state in layer.cell.states]
    starts = tuple(empty if part is None else part.transpose(0, 1) if by_batch else part for part in given)
    with torch.no_grad():
        outputs, state = layer(values, starts if len(starts) > 1 else starts[0], lengths=inputs.get("sequence_lens"))
    outputs = outputs.unflatten(-1, (n_directions, layer.hidden_size))
    finals = state if isinstance(state, tuple) else (state,)
    shaped = [outputs if by_batch else outputs.transpose(1, 2)]
    shaped.extend(part.transpose(0, 1) if by_batch else part for part in finals)
    return {name: values for name, values in zip(node.output, shaped, strict=False) if name}


def _check_alike(chain: Chain, nodes: Sequence[Node]) -> None:
    """Refuse layers that differ where those of one stack cannot."""
    facts = [
        {
            "cell": str(node.cell),
            "hidden size": node.hidden_size,
            "bias": node.bias,
            "directions": len(node.weights),
            "reverse": node.reverse,
            "layout": node.batch_first,
            "merge": link.merge,
            "layer normalisation": link.norm is not None,
        }
        for node, link in zip(nodes, chain.links, strict=True)
    ]
    residual = chain.links[-1].residual
    for index, (link, fact) in enumerate(zip(chain.links, facts, strict=True)):
        differing = [name for name in fact if fact[name] != facts[0][name]]
        if not differing and link.residual != (residual and index > 0):
            differing = ["residual sum"]
        if differing:
            raise SettingError(
                f"{called(chain.nodes[index])} differs from the other layers in its {differing[0]}, "
                "so that they make no stack. Read each with from_node"
            )


def _layer(nodes: Sequence[Node], stack: Stack, norms: Sequence[tuple[np.ndarray, np.ndarray]]) -> Recurrent:
    """Return layers with the weights of `nodes`; no random number is drawn."""
    first = nodes[0]
    parameters = {
        f"{PARAMETERS[role]}_l{index}{suffix}": array
        for index, node in enumerate(nodes)
        for suffix, weights in zip(("", "_reverse"), node.weights, strict=False)
        for role, array in weights.items()
    }
    for index, pair in enumerate(norms):
        for kind, array in zip(("weight", "bias"), pair, strict=True):
            parameters[f"norm_{kind}_l{index}"] = torch.from_numpy(np.array(array))
    dtype = first.weights[0]["input"].dtype
    layer = Recurrent(first.cell, first.input_size, first.hidden_size, stack=stack, device="meta", dtype=dtype)
    layer = layer.to_empty(device="cpu")
    layer.load_state_dict(parameters)
    return layer
