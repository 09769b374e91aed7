"""Recurrent layers from torch.nn and back: the same parameters, flags and mode in the other library's class.

Torch's row blocks and names of parameters are ours, so nothing is computed: every tensor is copied as it is. Gates
without biases become gates whose biases are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch

from tidegate.errors import SettingError
from tidegate.nn.arguments import check_own_parameters
from tidegate.nn.cells.cell import spread
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.limits import check_options
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Module = TypeVar("_Module", bound=torch.nn.Module)
_OURS: Mapping[type, Callable[..., RNN | LSTM | GRU]] = {
    torch.nn.RNN: RNN,
    torch.nn.LSTM: LSTM,
    torch.nn.GRU: GRU,
}
_THEIRS: Mapping[type, Callable[..., torch.nn.RNNBase]] = {
    Elman: torch.nn.RNN,
    Lstm: torch.nn.LSTM,
    Gru: torch.nn.GRU,
}
_NAMES: Mapping[type, str] = {Elman: "RNN", Lstm: "LSTM", Gru: "GRU"}
_SHARED = ("num_layers", "bias", "batch_first", "dropout", "bidirectional")
_WITHOUT_EFFECT = ("backend", "recompute")  # how it is computed is no part of what is computed


def from_torch(module: torch.nn.RNNBase) -> RNN | LSTM | GRU:
    """Return our layer with the parameters of `module`, copied bit by bit, its dtype, device, flags and mode.

    Parameters
    ----------
    module
        A ``torch.nn.RNN``, ``torch.nn.LSTM`` or ``torch.nn.GRU`` itself: a subclass may compute something else.
        Hooks are not carried over; a parameter that two places share becomes two.

    Raises
    ------
    SettingError
        When `module` is anything else, or a weight of it is pruned or parametrised.

    Examples
    --------
    >>> from_torch(torch.nn.GRU(3, 5, bidirectional=True))
    GRU(3, 5, bidirectional=True)
    """
    if type(module) not in _OURS:
        raise SettingError(
            f"module is a {type(module).__module__}.{type(module).__qualname__}; from_torch reads torch.nn.RNN, "
            "torch.nn.LSTM and torch.nn.GRU. Copy the weights into one of these first"
        )
    check_own_parameters(module)
    made = _OURS[type(module)](
        module.input_size, module.hidden_size, **_arguments(module), **_own_arguments(module), device="meta"
    )
    return _like(made, module)


def to_torch(layer: Recurrent) -> torch.nn.RNNBase:
    """Return torch's module with the parameters of `layer`, copied bit by bit, its dtype, device, flags and mode.

    Parameters
    ----------
    layer
        One of our layers with a cell and a stack that torch has. Hooks are not carried over.

    Raises
    ------
    SettingError
        Naming the option that torch does not have.

    Examples
    --------
    >>> to_torch(RNN(3, 5, nonlinearity="relu"))
    RNN(3, 5)
    """
    _check(layer)
    made = _THEIRS[type(layer.cell)](
        layer.input_size, layer.hidden_size, **_arguments(layer), **_own_arguments(layer), device="meta"
    )
    return _like(made, layer)


def _arguments(source: Recurrent | torch.nn.RNNBase) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _SHARED} | {"dtype": source.get_parameter("weight_ih_l0").dtype}


def _own_arguments(source: Recurrent | torch.nn.RNNBase) -> dict[str, Any]:
    """Return what only one kind of layer takes."""
    if isinstance(source, torch.nn.LSTM) or (isinstance(source, Recurrent) and isinstance(source.cell, Lstm)):
        return {"proj_size": source.proj_size}
    if isinstance(source, torch.nn.RNN):
        return {"nonlinearity": source.nonlinearity}
    if isinstance(source, Recurrent) and isinstance(source.cell, Elman):
        return {"nonlinearity": source.cell.nonlinearity}
    return {}


def _like(made: _Module, source: torch.nn.Module) -> _Module:
    """Give `made`, which holds no memory yet, the parameters and the mode of `source`."""
    made = made.to_empty(device=next(source.parameters()).device)
    made.load_state_dict(_state(source) if isinstance(source, Recurrent) else source.state_dict())
    for name, parameter in source.named_parameters():
        made.get_parameter(name).requires_grad_(parameter.requires_grad)
    return made.train(source.training)


def _state(layer: Recurrent) -> dict[str, torch.Tensor]:
    """Return the parameters by name, with a row of every bias for every gate."""
    state = layer.state_dict()
    biases = {name: tensor for name, tensor in state.items() if name.startswith("bias_")}
    for name, bias in biases.items():
        rows = state[name.replace("bias_", "weight_")]
        state[name] = spread({"input": rows, "input_bias": bias}, layer.cell)["input_bias"]
    return state


def _check(layer: Recurrent) -> None:
    check_own_parameters(layer)
    kind = type(layer.cell)
    if kind not in _THEIRS:
        raise SettingError(f"torch.nn has no layer of cell {layer.cell.name!r}; it has RNN, LSTM and GRU")
    check_options(layer.cell, {"nonlinearity": ("relu",), "gate_bias": None}, f"torch.nn.{_NAMES[kind]}")
    check_options(layer.stack, dict.fromkeys((*_SHARED, "proj_size", *_WITHOUT_EFFECT)), "torch.nn")
