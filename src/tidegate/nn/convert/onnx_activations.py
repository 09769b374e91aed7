"""ONNX's lists of activation functions, and the options of our cells that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.lstm import Lstm

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx

    from tidegate.nn.cells.cell import Cell

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "RNN": ("Tanh",),
    "GRU": ("Sigmoid", "Tanh"),
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
}
"""Operator to the functions f, g, h of one direction."""

OURS: Mapping[str, str] = {"Tanh": "tanh", "Relu": "relu", "Sigmoid": "sigmoid", "Affine": "identity"}
"""ONNX's name of a function to ours. Affine(x) = alpha x + beta is the identity for alpha = 1, beta = 0."""

_SUPPORTED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "RNN": (("Tanh", "Relu", "Sigmoid"),),
    "GRU": (("Sigmoid",), ("Tanh",)),
    "LSTM": (("Sigmoid",), ("Tanh", "Affine"), ("Tanh", "Affine")),
}


def read_activations(node: onnx.NodeProto, attributes: Mapping[str, Any], n_directions: int) -> tuple[Any, ...]:
    """Return our names of the functions f, g, h of `node`.

    Raises
    ------
    SettingError
        Where our cells lack a function, or the directions differ.
    """
    supported = _SUPPORTED[node.op_type]
    where = f"activations of {node.op_type} node {node.name!r}"
    names = [name.decode() for name in attributes.get("activations", [])] or [*DEFAULTS[node.op_type]] * n_directions
    if len(names) != len(supported) * n_directions:
        raise SettingError(f"{where} are {len(names)}; there must be {len(supported)} for each direction")
    first = names[: len(supported)]
    if names != first * n_directions:
        raise SettingError(f"{where} differ between the directions: {', '.join(names)}. One cell serves both here")
    for letter, name, choices in zip("fgh", first, supported, strict=False):
        if name not in choices:
            raise SettingError(f"{where}: {letter} is {name!r}; it must be {' or '.join(map(repr, choices))}")
    n_affine = names.count("Affine")
    factors = list(attributes.get("activation_alpha", []))
    shifts = list(attributes.get("activation_beta", []))
    if n_affine and (factors != [1.0] * n_affine or shifts not in ([], [0.0] * n_affine)):
        raise SettingError(
            f"{where}: Affine must be the identity, with activation_alpha 1 and activation_beta 0 for each; "
            f"got {factors} and {shifts}"
        )
    return tuple(OURS[name] for name in first)


def written_activations(cell: Cell, n_directions: int) -> dict[str, Any]:
    """Return the attributes that say which functions `cell` has; none where they are ONNX's defaults."""
    options: list[str]
    if isinstance(cell, Elman):
        operator, options = "RNN", [cell.nonlinearity]
    elif isinstance(cell, Lstm):
        operator, options = "LSTM", ["sigmoid", cell.input_activation, cell.output_activation]
    else:
        return {}
    theirs = {ours: name for name, ours in OURS.items()}
    names = tuple(theirs[option] for option in options)
    if names == DEFAULTS[operator]:
        return {}
    attributes: dict[str, Any] = {"activations": [*names] * n_directions}
    if n_affine := attributes["activations"].count("Affine"):
        attributes["activation_alpha"] = [1.0] * n_affine
        attributes["activation_beta"] = [0.0] * n_affine
    return attributes
