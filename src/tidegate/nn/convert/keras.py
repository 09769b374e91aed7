"""Recurrent layers from Keras and back; Keras itself is needed to build its layers, not to read them.

Our layers hold two biases. Where Keras holds one (all but a GRU with ``reset_after=True``), ours is it beside a
recurrent bias of 0: from Keras and back is exact to the bit. The other way Keras' bias is the sum of our two, which
costs one rounding unless the recurrent one is 0.
"""

from __future__ import annotations

import copy
import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tidegate.errors import SettingError
from tidegate.nn.arguments import check_own_parameters
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.keras_reading import MERGES, Array, LikeKeras, Read, check_stack, read
from tidegate.nn.convert.keras_weights import weights_from_keras, weights_to_keras
from tidegate.nn.convert.limits import check_options
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.stack import PARAMETERS, Recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.nn.cells.cell import Cell

_CLASSES: Mapping[str, tuple[str, dict[str, tuple[object, ...] | None]]] = {
    "elman": ("SimpleRNN", {"nonlinearity": None}),
    "lstm": ("LSTM", {"input_activation": ("identity",), "output_activation": ("identity",), "gate_bias": None}),
    "gru": ("GRU", {"reset": ("before",), "gate_bias": None}),
}


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """A layer of Keras as plain data.

    Parameters
    ----------
    class_name
        "SimpleRNN", "LSTM", "GRU" or "Bidirectional".
    config
        Arguments of that class by name, as from ``get_config()``; what is absent has Keras' default.
    weights
        Arrays in Keras' order: kernel (I, G*H), recurrent_kernel (H, G*H) and, with ``use_bias``, bias; of
        Bidirectional the forward layer's, then the backward layer's.
    """

    class_name: str
    config: Mapping[str, Any]
    weights: Sequence[Array] = field(repr=False)

    def get_config(self) -> Mapping[str, Any]:
        """Return the arguments by name."""
        return self.config

    def get_weights(self) -> Sequence[Array]:
        """Return the arrays."""
        return self.weights

    def build(self) -> Any:
        """Return this as a layer of the installed Keras, built and with these weights.

        Raises
        ------
        ModuleNotFoundError
            Where Keras is not installed.
        """
        kind = getattr(importlib.import_module("keras").layers, self.class_name)
        layer = kind.from_config(copy.deepcopy(dict(self.config)))
        layer.build((None, None, self.weights[0].shape[0]))
        layer.set_weights(list(self.weights))
        return layer


def from_keras(*layers: LikeKeras) -> RNN | LSTM | GRU:
    """Return one layer of ours with the weights of `layers`, in their precision, on the CPU.

    It reads (B, T, I), as Keras does, and always returns all outputs and the final state: with
    ``return_sequences=False`` Keras' output is the hidden state of that. Padding is told by ``lengths=`` instead of a
    mask, and outputs beyond a length are 0. Regularisers, constraints and initialisers are not carried over.

    Parameters
    ----------
    *layers
        Built SimpleRNN, LSTM or GRU layers of Keras, or Bidirectional around one, or `KerasLayer` holding the same as
        arrays. Several, bottom first, become a stack; they must be alike. One layer with ``go_backwards=True``
        becomes ``reverse=True``, whose outputs stay in the order of time, where Keras returns the last step first.

    Raises
    ------
    SettingError
        Naming the option that we do not have.
    ValueError
        Where arrays are missing or have the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(0).normal
    >>> arrays = [draw(size=(3, 15)), draw(size=(5, 15)), draw(size=(2, 15))]
    >>> from_keras(KerasLayer("GRU", {"units": 5}, arrays))
    GRU(3, 5, batch_first=True)
    """
    if not layers:
        raise ValueError("from_keras needs at least one layer")
    described = [read(layer) for layer in layers]
    check_stack(described)
    made = _empty(described[0], n_layers=len(described))
    state: dict[str, torch.Tensor] = {}
    for number, one in enumerate(described):
        for suffix, tensors in zip(("", "_reverse"), one.tensors, strict=False):
            roles = weights_from_keras(one.cell, tensors)
            state |= {f"{PARAMETERS[role]}_l{number}{suffix}": tensor for role, tensor in roles.items()}
    made.load_state_dict(state)
    for number, one in enumerate(described):
        for name, parameter in made.named_parameters():
            if name.removesuffix("_reverse").endswith(f"_l{number}"):
                parameter.requires_grad_(one.trainable)
    return made


def to_keras(layer: Recurrent) -> tuple[KerasLayer, ...]:
    """Return `layer` as layers of Keras, one for each of its own, bottom first, all returning sequences.

    ``to_keras(layer)[0].build()`` is the first as a Keras object. With ``reverse=True`` Keras returns the outputs in
    the order of its walk, last step first.

    Parameters
    ----------
    layer
        One of ours with a cell and a stack that Keras has.

    Raises
    ------
    SettingError
        Naming the option that Keras does not have.
    """
    _check(layer)
    made = []
    for number in range(layer.num_layers):
        suffixes = ("", "_reverse") if layer.bidirectional else ("",)
        named = [
            {role: layer.get_parameter(f"{PARAMETERS[role]}_l{number}{suffix}") for role in _roles(layer)}
            for suffix in suffixes
        ]
        flags = {parameter.requires_grad for one in named for parameter in one.values()}
        if len(flags) > 1:
            raise SettingError(f"layer {number} requires gradients in part; Keras' trainable holds for a whole layer")
        weights = [
            tensor.detach().cpu().numpy().copy() for one in named for tensor in weights_to_keras(layer.cell, one)
        ]
        made.append(_described(layer, weights, trainable=flags.pop()))
    return tuple(made)


def _empty(one: Read, *, n_layers: int) -> RNN | LSTM | GRU:
    """Return a layer of ours, without values yet, for what was read."""
    shared: dict[str, Any] = {
        "num_layers": n_layers,
        "bias": one.use_bias,
        "batch_first": True,
        "bidirectional": bool(one.merge),
        "merge": MERGES[one.merge or "concat"],
        "reverse": one.go_backwards,
        "dtype": one.tensors[0][0].dtype,
        "device": "meta",
    }
    sizes = len(one.tensors[0][0]), one.units
    made: RNN | LSTM | GRU
    if isinstance(one.cell, Elman):
        made = RNN(*sizes, nonlinearity=one.cell.nonlinearity, **shared)
    elif isinstance(one.cell, Gru):
        made = GRU(*sizes, reset=one.cell.reset, **shared)
    else:
        squashing = one.cell.input_activation
        made = LSTM(*sizes, input_activation=squashing, output_activation=squashing, **shared)
    return made.to_empty(device="cpu")


def _roles(layer: Recurrent) -> tuple[str, ...]:
    return ("input", "recurrent", *(("input_bias", "recurrent_bias") if layer.bias else ()))


def _check(layer: Recurrent) -> None:
    check_own_parameters(layer)
    if layer.cell.name not in _CLASSES:
        raise SettingError(f"Keras has no layer of cell {layer.cell.name!r}; it has SimpleRNN, LSTM and GRU")
    name, known = _CLASSES[layer.cell.name]
    check_options(layer.cell, known, f"Keras' {name}")
    if isinstance(layer.cell, Lstm) and layer.cell.input_activation != layer.cell.output_activation:
        raise SettingError(
            f"input_activation is {layer.cell.input_activation!r} and output_activation "
            f"{layer.cell.output_activation!r}; Keras' LSTM has one activation for both"
        )
    free = ["num_layers", "bias", "batch_first", "bidirectional", "merge", "backend", "recompute"]
    check_options(layer.stack, dict.fromkeys([*free, *(["reverse"] if layer.num_layers == 1 else [])]), "Keras")
    dtype = layer.get_parameter("weight_ih_l0").dtype
    if dtype == torch.bfloat16:
        raise SettingError(f"the parameters are {dtype}, which NumPy does not have. Convert first: layer.float()")


def _activation(cell: Cell) -> str:
    if isinstance(cell, Elman):
        return cell.nonlinearity
    return "linear" if isinstance(cell, Lstm) and cell.input_activation == "identity" else "tanh"


def _described(layer: Recurrent, weights: Sequence[Array], *, trainable: bool) -> KerasLayer:
    name = _CLASSES[layer.cell.name][0]
    kind = {"trainable": trainable, "dtype": str(weights[0].dtype)}
    config = {
        **kind,
        "units": layer.hidden_size,
        "activation": _activation(layer.cell),
        "use_bias": layer.bias,
        "return_sequences": True,
        "go_backwards": layer.stack.reverse,
    }
    if name != "SimpleRNN":
        config["recurrent_activation"] = "sigmoid"
    if isinstance(layer.cell, Gru):
        config["reset_after"] = layer.cell.reset == "after"
    if not layer.bidirectional:
        return KerasLayer(name, config, weights)
    inner = {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    other = {**inner, "config": {**config, "go_backwards": True}}
    merge = next(theirs for theirs, ours in MERGES.items() if ours == layer.stack.merge)
    both = {**kind, "merge_mode": merge, "layer": inner, "backward_layer": other}
    return KerasLayer("Bidirectional", both, weights)
