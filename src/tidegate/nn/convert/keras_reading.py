"""What a layer of Keras is, read from its class, its config and its arrays; what we do not have is refused by name."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch

from tidegate.checks import check_choice
from tidegate.errors import SettingError
from tidegate.nn.cells.elman import NONLINEARITIES, Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.keras_weights import shapes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.nn.cells.lstm import Squashing
    from tidegate.nn.options import Merge

Array = np.ndarray[Any, Any]

MERGES: Mapping[str, Merge] = {"concat": "concat", "sum": "sum", "ave": "mean"}
_TRAINING_ALONE = "It acts in training alone: set it to 0 in the Keras layer, whose weights stay as they are"
_REFUSED = {
    "dropout": f"Keras drops the same inputs at every step. {_TRAINING_ALONE}",
    "recurrent_dropout": _TRAINING_ALONE,
    "stateful": "Set it to False and pass the state on yourself",
}


class LikeKeras(Protocol):
    """What is asked of a layer of Keras: the name of its class, and these."""

    def get_config(self) -> Mapping[str, Any]:
        """Return its arguments by name."""

    def get_weights(self) -> Sequence[Array]:
        """Return its arrays, forward direction first."""


class Read(NamedTuple):
    """One layer of Keras: its cell, the arguments that matter, and the arrays of each direction.

    ``merge`` is empty for a layer of one direction; all other fields are named as in Keras.
    """

    class_name: str
    cell: Elman | Lstm | Gru
    units: int
    use_bias: bool
    merge: str
    go_backwards: bool
    return_sequences: bool
    trainable: bool
    tensors: tuple[list[torch.Tensor], ...]


def read(layer: LikeKeras) -> Read:
    """Return what `layer` is, with its arrays as tensors of their own.

    Parameters
    ----------
    layer
        A built SimpleRNN, LSTM or GRU layer of Keras, or Bidirectional around one.

    Raises
    ------
    SettingError
        Naming the option that we do not have.
    ValueError
        Where arrays are missing or have the wrong shape or type.
    """
    name = getattr(layer, "class_name", type(layer).__name__)
    config, arrays = layer.get_config(), layer.get_weights()
    if name != "Bidirectional":
        return _read_direction(name, config, arrays)
    merge = config.get("merge_mode", "concat")
    check_choice("merge_mode", merge, MERGES)
    inner, half = config["layer"], len(arrays) // 2
    other = config.get("backward_layer") or {**inner, "config": {**inner["config"], "go_backwards": True}}
    forward = _read_direction(inner["class_name"], inner["config"], arrays[:half])
    backward = _read_direction(other["class_name"], other["config"], arrays[half:])
    if forward.go_backwards or not backward.go_backwards:
        raise SettingError("the forward layer has go_backwards=True; exchange the two layers of Bidirectional")
    _check_same(forward, backward, ("class_name", "cell", "units", "use_bias", "trainable"), "directions")
    return forward._replace(
        merge=merge,
        trainable=forward.trainable and config.get("trainable", True),
        tensors=(*forward.tensors, *backward.tensors),
    )


def _read_direction(name: str, config: Mapping[str, Any], arrays: Sequence[Array]) -> Read:
    cell = _read_cell(name, config)
    for option, repair in _REFUSED.items():
        if config.get(option):
            raise SettingError(f"{option} is {config[option]!r}: tidegate has no such option. {repair}")
    if "units" not in config:
        raise SettingError(f"the config of {name} lacks 'units', the number of hidden units")
    units, use_bias = config["units"], config.get("use_bias", True)
    wanted = shapes(cell, units)[: 3 if use_bias else 2]
    if len(arrays) != len(wanted):
        raise ValueError(
            f"{name} holds {len(arrays)} arrays; with use_bias={use_bias} it needs {len(wanted)}. "
            "Build the layer first, by a call or by its build()"
        )
    for (array_name, shape), array in zip(wanted, arrays, strict=True):
        if array.ndim != len(shape) or any(size not in (-1, has) for size, has in zip(shape, array.shape, strict=True)):
            shown = str(shape).replace("-1", "any")
            raise ValueError(f"{array_name} has shape {array.shape}; {name} with {units} units needs {shown}")
    return Read(
        class_name=name,
        cell=cell,
        units=units,
        use_bias=use_bias,
        merge="",
        go_backwards=config.get("go_backwards", False),
        return_sequences=config.get("return_sequences", False),
        trainable=config.get("trainable", True),
        tensors=([torch.from_numpy(np.array(array)) for array in arrays],),
    )


def _read_cell(name: str, config: Mapping[str, Any]) -> Elman | Lstm | Gru:
    kinds = {"SimpleRNN": tuple(NONLINEARITIES), "LSTM": ("tanh", "linear"), "GRU": ("tanh",)}
    if name not in kinds:
        raise SettingError(f"{name} is no layer that from_keras reads: {', '.join(kinds)} and Bidirectional around one")
    for option, allowed in (("activation", kinds[name]), ("recurrent_activation", ("sigmoid",))):
        value = config.get(option, allowed[0])
        if value not in allowed:
            raise SettingError(f"{option} is {value!r}; for {name} it must be {' or '.join(map(repr, allowed))}")
    if name == "SimpleRNN":
        return Elman(config.get("activation", "tanh"))
    if name == "LSTM":
        squashing: Squashing = "identity" if config.get("activation") == "linear" else "tanh"
        return Lstm(input_activation=squashing, output_activation=squashing)
    return Gru(reset="after" if config.get("reset_after", True) else "before")


def _check_same(one: Read, other: Read, names: Sequence[str], what: str) -> None:
    for name in names:
        has, needs = getattr(other, name), getattr(one, name)
        if has != needs:
            raise SettingError(
                f"the {what} differ in {name}: {needs} and {has}; tidegate has them alike: convert one by one"
            )


def check_stack(read: Sequence[Read]) -> None:
    """Refuse layers that do not lie on top of each other as ours do.

    Raises
    ------
    SettingError
        Naming the option in which they differ, or that keeps them from being stacked.
    ValueError
        Where widths or number types do not fit.
    """
    dtypes = {tensor.dtype for one in read for tensors in one.tensors for tensor in tensors}
    if len(dtypes) > 1 or not all(dtype.is_floating_point for dtype in dtypes):
        shown = " and ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
        raise ValueError(f"the arrays hold {shown}; one floating-point type is needed")
    for number, (below, above) in enumerate(pairwise(read)):
        _check_same(below, above, ("class_name", "cell", "units", "use_bias", "merge"), "layers")
        if not below.return_sequences:
            raise SettingError(f"layer {number} has return_sequences=False: the layer above it would read no sequence")
        width, rows = below.units * (2 if below.merge == "concat" else 1), len(above.tensors[0][0])
        if rows != width:
            raise ValueError(f"layer {number + 1} reads {rows} features, but the layer below it yields {width}")
        if below.go_backwards or above.go_backwards:
            raise SettingError("go_backwards is True in a stack, where Keras' layers turn time around one by one")
