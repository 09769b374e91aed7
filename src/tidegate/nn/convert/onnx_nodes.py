"""One RNN, GRU or LSTM node of ONNX and one of our layers: the same numbers in another order.

Axis letters: D directions, G gates, H hidden units, I inputs, T time, B batch. ONNX keeps W (D, G*H, I), R (D, G*H, H),
B (D, 2*G*H) with W's bias before R's, and P (D, 3*H). Source: the ONNX operator specification, RNN-14, GRU-14, LSTM-14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tidegate.errors import MissingExtraError, SettingError
from tidegate.nn.cells.cell import spread
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru, Reset
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.limits import check_options
from tidegate.nn.convert.onnx_activations import read_activations, written_activations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from tidegate.nn.cells.cell import Cell

Weights = dict[str, torch.Tensor]
"""Parameters of one direction by role."""

ROWS: Mapping[str, tuple[str, ...]] = {
    "RNN": ("hidden",),
    "GRU": ("update", "reset", "candidate"),
    "LSTM": ("input", "output", "forget", "candidate"),
}
"""Operator to the order of its blocks of rows, by our names of the gates."""

PEEPHOLES = ("input", "output", "forget")
"""Order of the blocks of the LSTM's input P."""

OPERATORS: Mapping[str, str] = {"elman": "RNN", "gru": "GRU", "lstm": "LSTM"}
"""Name of a cell to ONNX's operator."""

INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
"""Names of a node's inputs in their order; GRU and RNN end with initial_h."""

_KNOWN: Mapping[str, Mapping[str, tuple[object, ...] | None]] = {
    "elman": {"nonlinearity": ("relu", "sigmoid"), "clip": None},
    "gru": {"reset": ("before",), "gate_bias": None, "clip": None},
    "lstm": {
        "peepholes": ("output", "full"),
        "coupled": (True,),
        "input_activation": ("identity",),
        "output_activation": ("identity",),
        "gate_bias": None,
        "clip": None,
    },
}
_ATTRIBUTES = frozenset(
    {
        "activation_alpha",
        "activation_beta",
        "activations",
        "clip",
        "direction",
        "hidden_size",
        "input_forget",
        "layout",
        "linear_before_reset",
        "output_sequence",
    }
)


def library() -> Any:
    """Return the package onnx.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", "onnx") from error
    return onnx


@dataclass(frozen=True)
class Node:
    """What a node says, in our terms.

    Parameters
    ----------
    cell
        The equations of one step.
    weights
        Parameters by role, one mapping per direction.
    reverse
        Whether its only direction walks backwards.
    batch_first
        Whether its attribute ``layout`` is 1.
    """

    cell: Cell
    weights: tuple[Weights, ...]
    reverse: bool
    batch_first: bool

    @property
    def input_size(self) -> int:
        """Features per step, I."""
        return self.weights[0]["input"].shape[1]

    @property
    def hidden_size(self) -> int:
        """Hidden units, H."""
        return self.weights[0]["recurrent"].shape[1]

    @property
    def bias(self) -> bool:
        """Whether there is a B."""
        return "input_bias" in self.weights[0]


def called(node: onnx.NodeProto) -> str:
    """Return how a message names `node`: ``LSTM node 'encoder'``."""
    return f"{node.op_type} node {node.name!r}"


def named_inputs(node: onnx.NodeProto) -> dict[str, str]:
    """Return ONNX's name of each input that `node` has, with the name of the value that feeds it."""
    return {role: name for role, name in zip(INPUTS, node.input, strict=False) if name}


def read_node(node: onnx.NodeProto, arrays: Mapping[str, Any]) -> Node:
    """Return the cell and the weights of `node`.

    Parameters
    ----------
    node
        An RNN, GRU or LSTM.
    arrays
        Its W, R, B and P by the names of `node`'s inputs: NumPy arrays or tensors.

    Raises
    ------
    SettingError
        Where our cells have no counterpart of an operator or attribute, or weights are absent or of the wrong shape.
    """
    if node.op_type not in ROWS or node.domain not in ("", "ai.onnx"):
        raise SettingError(f"{called(node)} is not recurrent; {', '.join(ROWS)} of ONNX's own domain can be read")
    attributes = {entry.name: library().helper.get_attribute_value(entry) for entry in node.attribute}
    if unknown := sorted(set(attributes) - _ATTRIBUTES):
        raise SettingError(f"{called(node)} has an attribute {unknown[0]!r}, which ONNX does not define")
    direction = _direction(node, attributes)
    n_directions = 2 if direction == "bidirectional" else 1
    given = _weights_of(node, arrays)
    _check_shapes(node, given, n_directions, attributes.get("hidden_size"))
    cell = _cell(node, attributes, read_activations(node, attributes, n_directions), given)
    ways = [{role: array[way] for role, array in given.items()} for way in range(n_directions)]
    return Node(
        cell,
        tuple(_ours(node.op_type, cell, theirs) for theirs in ways),
        reverse=direction == "reverse",
        batch_first=attributes.get("layout", 0) == 1,
    )


def check_cell(cell: Cell) -> None:
    """Refuse a cell that no operator of ONNX computes.

    Raises
    ------
    SettingError
        Naming the option.
    """
    if cell.name not in OPERATORS:
        raise SettingError(
            f"cell {cell.name!r} has no operator in ONNX; cells that have one are {', '.join(map(repr, OPERATORS))}"
        )
    check_options(cell, _KNOWN[cell.name], f"ONNX's {OPERATORS[cell.name]}")


def written_arrays(cell: Cell, directions: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return W, R, and B and P where there are any, of one layer with the given parameters per direction."""
    order = ROWS[OPERATORS[cell.name]]
    arrays: dict[str, list[torch.Tensor]] = {}
    for parameters in directions:
        weights = spread(parameters, cell)
        theirs = {"W": _arranged(weights["input"], cell.gates, order)}
        theirs["R"] = _arranged(weights["recurrent"], cell.gates, order)
        if "input_bias" in weights:
            pair = (weights["input_bias"], weights["recurrent_bias"])
            theirs["B"] = torch.cat([_arranged(bias, cell.gates, order) for bias in pair])
        if isinstance(cell, Lstm) and cell.peeping:
            theirs["P"] = _arranged(weights["peephole"].flatten(), cell.peeping, PEEPHOLES)
        for role, array in theirs.items():
            arrays.setdefault(role, []).append(array)
    return {role: torch.stack(parts) for role, parts in arrays.items()}


def written_attributes(cell: Cell, hidden_size: int, direction: str) -> dict[str, Any]:
    """Return the attributes of the node that computes `cell`.

    Raises
    ------
    SettingError
        Where ONNX's operators lack an option of the cell.
    """
    check_cell(cell)
    attributes: dict[str, Any] = {"hidden_size": hidden_size, "direction": direction}
    attributes.update(written_activations(cell, 2 if direction == "bidirectional" else 1))
    if (clip := getattr(cell, "clip", None)) is not None:
        attributes["clip"] = float(clip)
    if isinstance(cell, Gru):
        attributes["linear_before_reset"] = int(cell.reset == "after")
    if isinstance(cell, Lstm) and cell.coupled:
        attributes["input_forget"] = 1
    return attributes


def _direction(node: onnx.NodeProto, attributes: Mapping[str, Any]) -> str:
    direction = attributes.get("direction", b"forward").decode()
    if direction not in ("forward", "reverse", "bidirectional"):
        raise SettingError(
            f"direction of {called(node)} is {direction!r}; it must be 'forward', 'reverse' or 'bidirectional'"
        )
    return str(direction)


def _weights_of(node: onnx.NodeProto, arrays: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return W, R, B and P as tensors of their own."""
    inputs = named_inputs(node)
    given = {}
    for role in ("W", "R", "B", "P"):
        if role not in inputs and role in ("B", "P"):
            continue
        if inputs.get(role) not in arrays:
            raise SettingError(
                f"{role} of {called(node)} is not among the arrays. In a model it must be an initializer or a "
                "Constant: fold constants first"
            )
        array = arrays[inputs[role]]
        given[role] = array.detach().clone() if isinstance(array, torch.Tensor) else torch.from_numpy(np.array(array))
    return given


def _check_shapes(
    node: onnx.NodeProto, given: Mapping[str, torch.Tensor], n_directions: int, stated: int | None
) -> None:
    n_gates = len(ROWS[node.op_type])
    if given["W"].dim() != 3 or given["R"].dim() != 3:
        dims = {role: given[role].dim() for role in ("W", "R")}
        raise SettingError(f"W and R of {called(node)} must have 3 axes; got {dims['W']} and {dims['R']}")
    H, I = given["R"].shape[2], given["W"].shape[2]  # noqa: E741, N806
    if stated is not None and stated != H:
        raise SettingError(f"hidden_size of {called(node)} is {stated}, but its R is for {H} hidden units")
    expected = {
        "W": (n_directions, n_gates * H, I),
        "R": (n_directions, n_gates * H, H),
        "B": (n_directions, 2 * n_gates * H),
        "P": (n_directions, 3 * H),
    }
    for role, array in given.items():
        if tuple(array.shape) != expected[role]:
            raise SettingError(f"{role} of {called(node)} has shape {tuple(array.shape)}; it must be {expected[role]}")


def _cell(
    node: onnx.NodeProto, attributes: Mapping[str, Any], functions: Sequence[Any], given: Mapping[str, torch.Tensor]
) -> Cell:
    clip, biased = _clip(attributes), _gate_bias(node, given.get("B"))
    if node.op_type == "RNN":
        return Elman(nonlinearity=functions[0], clip=clip)
    if node.op_type == "GRU":
        reset: Reset = "after" if attributes.get("linear_before_reset", 0) else "before"
        return Gru(reset=reset, gate_bias=biased, clip=clip)
    return Lstm(
        peepholes=_peepholes(given.get("P")),
        coupled=attributes.get("input_forget", 0) != 0,
        input_activation=functions[1],
        output_activation=functions[2],
        gate_bias=biased,
        clip=clip,
    )


def _clip(attributes: Mapping[str, Any]) -> float | None:
    """Return the limit as the shortest decimal that rounds to the single-precision number of the node."""
    if "clip" not in attributes:
        return None
    return float(str(np.float32(attributes["clip"])))


def _gate_bias(node: onnx.NodeProto, biases: torch.Tensor | None) -> bool:
    """Return whether a gate has a bias other than 0; True where the candidate has none either."""
    if biases is None:
        return True
    order = ROWS[node.op_type]
    rows = biases.unflatten(-1, (2, len(order), -1)).movedim(-2, 0)  # type: ignore[no-untyped-call]
    of_gates = rows[[index for index, name in enumerate(order) if name != "candidate"]]
    return bool(of_gates.any()) or not bool(rows.any())


def _peepholes(weights: torch.Tensor | None) -> Any:
    """Return "output" where the input and forget gate's weights are all 0 but the output gate's are not."""
    if weights is None:
        return "none"
    input_, output, forget = weights.chunk(3, -1)
    return "output" if output.any() and not input_.any() and not forget.any() else "full"


def _ours(operator: str, cell: Cell, theirs: Mapping[str, torch.Tensor]) -> Weights:
    """Return one direction's parameters by role."""
    order = ROWS[operator]
    weights = {"input": _arranged(theirs["W"], order, cell.gates)}
    weights["recurrent"] = _arranged(theirs["R"], order, cell.gates)
    if "B" in theirs:
        biases = theirs["B"].chunk(2)
        biased = cell.gates if getattr(cell, "gate_bias", True) else ("candidate",)
        weights["input_bias"], weights["recurrent_bias"] = (_arranged(bias, order, biased) for bias in biases)
    if isinstance(cell, Lstm) and cell.peeping:
        rows = _arranged(theirs["P"], PEEPHOLES, cell.peeping)
        weights["peephole"] = rows.reshape(len(cell.peeping), -1)
    return weights


def _arranged(rows: torch.Tensor, order: Sequence[str], wanted: Sequence[str]) -> torch.Tensor:
    """Return the blocks of `rows`, which stand in `order`, as `wanted`; 0 for a block that is not there."""
    blocks = dict(zip(order, rows.detach().chunk(len(order)), strict=True))
    return torch.cat([blocks[name] if name in blocks else torch.zeros_like(blocks[order[0]]) for name in wanted])
