"""Checks at the door of the recurrent layers: torch's own words where torch has them, ours elsewhere."""

from __future__ import annotations

import dataclasses
import warnings
from numbers import Number
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils.rnn import PackedSequence

from tidegate.checks import check_choice, check_switch
from tidegate.errors import SettingError
from tidegate.nn.backends import BACKENDS
from tidegate.nn.compilation import has_numbers
from tidegate.nn.operators import knows
from tidegate.nn.precision import autocasts
from tidegate.nn.unroll import ends_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.nn.cells.cell import Cell, State
    from tidegate.nn.options import Stack
    from tidegate.nn.stack import HX, Recurrent

_COUNTS = ("no", "one", "two", "three", "four", "five")


def check_construction(cell: Cell, input_size: int, hidden_size: int, stack: Stack) -> None:
    """Refuse sizes and options that make no layer, with torch's types and words, in torch's order.

    Raises
    ------
    TypeError
        Where a size is no int or a flag no bool.
    ValueError
        Where a number is outside its range.
    SettingError
        Where an option that torch does not have is.
    """
    _check_dropout(stack)
    for name, flag in (("bias", stack.bias), ("batch_first", stack.batch_first)):
        if not isinstance(flag, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(flag).__name__}")
    check_sizes(input_size, hidden_size)
    if stack.num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    _check_projection(cell, hidden_size, stack.proj_size)
    _check_options(stack)


def check_sizes(input_size: int, hidden_size: int) -> None:
    """Raise TypeError or ValueError where a size is no whole number above 0."""
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")


def _check_dropout(stack: Stack) -> None:
    dropout = stack.dropout
    if not issubclass(type(dropout), Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and stack.num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={stack.num_layers}",
            stacklevel=5,  # where the layer is made
        )


def _check_projection(cell: Cell, hidden_size: int, proj_size: int) -> None:
    if proj_size and cell.name != "lstm":
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


def _check_options(stack: Stack) -> None:
    for name in ("residual", "layer_norm", "reverse", "recompute"):
        check_switch(name, getattr(stack, name))
    check_choice("merge", stack.merge, ("concat", "sum", "mean"))
    check_choice("backend", stack.backend, BACKENDS)
    if stack.reverse and stack.bidirectional:
        raise SettingError("reverse=True is for one direction; leave it out with bidirectional=True")


def check_call(layer: Recurrent, input: torch.Tensor | PackedSequence, hx: HX | None) -> None:
    """Refuse inputs of the wrong rank, width, dtype or device, and a state whose rank does not go with them."""
    if isinstance(input, PackedSequence):
        raise ValueError("a PackedSequence cannot be traced; give padded inputs and lengths=")
    if input.dim() not in (2, 3):
        name = called(layer)
        tensor = " tensor" if name == "RNN" else ""  # torch's words differ from module to module
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D{tensor} instead")
    if hx is not None:
        _check_ranks(given_states(layer, hx), input.dim())
    _check_input(layer, input)


def check_packed(layer: Recurrent, input: PackedSequence, lengths: object) -> None:
    """Refuse packed inputs of the wrong width, dtype or device, or with lengths beside them."""
    if lengths is not None:
        raise ValueError("a PackedSequence knows its lengths; leave out lengths=")
    _check_input(layer, input.data)


def check_step(layer: Recurrent, input: torch.Tensor) -> None:
    """Refuse a layer that reads backwards, and what is not one observation of each series."""
    if layer.stack.bidirectional or layer.stack.reverse:
        option = "bidirectional=True" if layer.stack.bidirectional else "reverse=True"
        raise SettingError(
            f"{called(layer)} with {option} reads from the last step to the first, and the last is not known while "
            f"steps come one by one. Leave out {option}, or call the layer with all steps"
        )
    if not isinstance(input, torch.Tensor) or input.dim() not in (1, 2):
        given = f"{input.dim()}-D" if isinstance(input, torch.Tensor) else type(input).__name__
        raise ValueError(
            f"{called(layer)}.step takes one observation of each series, shape (B, I), or (I,) for one series; "
            f"got {given}. Call the layer for more steps"
        )


def check_truncation(truncate: int | None) -> None:
    """Refuse a stretch without gradient cuts that is shorter than one step."""
    whole = isinstance(truncate, int) and not isinstance(truncate, bool)
    if truncate is not None and (not whole or truncate < 1):
        raise ValueError(f"truncate must be at least 1 step, or None for the whole gradient; got {truncate}")


def check_own_parameters(module: Recurrent | torch.nn.RNNBase) -> None:
    """Refuse a recurrent module, ours or torch's, some weight of which is computed from other parameters.

    Raises
    ------
    SettingError
        Where a weight is pruned or parametrised.
    """
    if not all(isinstance(weight, torch.nn.Parameter) for group in module.all_weights for weight in group):
        raise SettingError(
            f"a weight of this {type(module).__name__} is computed from other parameters, by pruning or a "
            "parametrisation. Make it a parameter again first: torch.nn.utils.prune.remove(layer, name) or "
            "torch.nn.utils.parametrize.remove_parametrizations(layer, name)"
        )


def called(layer: torch.nn.Module) -> str:
    """Return the name that `layer` has here, also where a subclass or a parametrisation has renamed it."""
    return next(kind.__name__ for kind in type(layer).__mro__ if kind.__module__.startswith("tidegate."))


def given_states(layer: Recurrent, hx: HX) -> State:
    """Return the states of `hx`, one tensor per name in the cell's `states`.

    Raises
    ------
    RuntimeError
        Where their number is another.
    """
    states = tuple(hx) if isinstance(hx, tuple | list) else (hx,)
    expected = layer.cell.states
    if len(states) != len(expected) or (len(expected) == 1 and isinstance(hx, tuple | list)):
        plural = "s" if len(expected) > 1 else ", a tensor on its own"
        raise RuntimeError(f"{layer.cell.name} expects {_COUNTS[len(expected)]} hidden state{plural}")
    return states


def _check_ranks(states: State, rank: int) -> None:
    if all(part.dim() == rank for part in states):
        return
    kind, what = ("batched 3-D", "3-D") if rank == 3 else ("unbatched 2-D", "2-D")
    shown = ", ".join(f"{part.dim()}-D" for part in states)
    if len(states) == 1:
        raise RuntimeError(f"For {kind} input, hx should also be {what} but got {shown} tensor")
    raise RuntimeError(f"For {kind} input, hx and cx should also be {what} but got ({shown}) tensors")


def _check_input(layer: Recurrent, input: torch.Tensor) -> None:
    weight: torch.Tensor = getattr(layer, "weight_ih_l0")  # noqa: B009 (a module's attribute may be a module too)
    if input.dtype != weight.dtype and not autocasts(input.device):
        raise ValueError(
            f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
        )
    if input.shape[-1] != layer.input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {layer.input_size}, got {input.shape[-1]}"
        )
    _check_device(input, "parameter", weight)


def _check_device(input: torch.Tensor, kind: str, other: torch.Tensor) -> None:
    if input.device != other.device:
        raise RuntimeError(
            f"Input and {kind} tensors are not at the same device, found input tensor at {input.device} and {kind} "
            f"tensor at {other.device}"
        )


def state_widths(layer: Recurrent) -> tuple[int, ...]:
    """Return the width of each of the cell's states; the hidden state alone may be projected."""
    return (layer.proj_size or layer.hidden_size, *[layer.hidden_size] * (len(layer.cell.states) - 1))


def check_states(layer: Recurrent, states: State, inputs: torch.Tensor, n_sequences: int) -> None:
    """Refuse states of the wrong shape, device or dtype for `n_sequences` sequences, B, of `inputs`."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    for index, (state, width) in enumerate(zip(states, state_widths(layer), strict=True)):
        expected = (count, n_sequences, width)
        if state.shape != expected:
            which = f"hidden[{index}]" if len(states) > 1 else "hidden"
            raise RuntimeError(f"Expected {which} size {expected}, got {list(state.shape)}")
        _check_device(inputs, "hidden", state)
        if state.dtype != inputs.dtype and not autocasts(inputs.device):
            raise RuntimeError(
                "Input and hidden tensors are not the same dtype, found input tensor with "
                f"{_type_name(inputs)} and hidden tensor with {_type_name(state)}"
            )


def _type_name(values: torch.Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")


def checked_lengths(lengths: torch.Tensor | Sequence[int] | None, inputs: torch.Tensor) -> torch.Tensor | None:
    """Return `lengths` on the device of inputs of shape (T, B, I); None where every sequence has all T steps.

    Raises
    ------
    ValueError
        Where they are not one whole number per sequence, from 0 to T, with one above 0. What is compiled or exported
        cannot see them: the kernels then refuse them when they run, but for lengths that are all 0.
    RuntimeError
        Where T is 0.
    """
    steps, n_sequences, _ = inputs.shape
    if steps == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    if lengths is None:
        return None
    lengths = lengths if isinstance(lengths, torch.Tensor) else torch.as_tensor(lengths, device="cpu")
    whole = not (lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool)
    if tuple(lengths.shape) != (n_sequences,) or not whole:
        raise ValueError(
            f"lengths must hold one whole number per sequence, shape ({n_sequences},); "
            f"got {_type_name(lengths)} of shape {tuple(lengths.shape)}"
        )
    if not has_numbers(lengths):
        return lengths.to(inputs.device)
    if not n_sequences:
        return None
    least, most = ends_within(lengths, steps, "the input")
    if most == 0:
        raise ValueError("lengths are all 0: there is no step to read. Leave out empty batches")
    return None if least == steps else lengths.to(inputs.device)


def written(layer: Recurrent) -> str:
    """Return the arguments of `layer` that differ from the defaults: first torch's, as torch prints them, then ours."""
    plain: Mapping[str, Any] = {
        "proj_size": 0,
        "num_layers": 1,
        "bias": True,
        "batch_first": False,
        "dropout": 0.0,
        "bidirectional": False,
    }
    parts = [f"{layer.input_size}, {layer.hidden_size}"]
    parts += [f"{name}={getattr(layer, name)}" for name, usual in plain.items() if getattr(layer, name) != usual]
    if not knows(layer.cell):
        parts += changed(layer.cell)
    parts += [part for part in changed(layer.stack) if part.partition("=")[0] not in (*plain, "generator")]
    return ", ".join(parts)


def changed(options: Any) -> list[str]:
    """Return ``name=value`` for each field of a dataclass that is not at its default, unquoted as torch prints it."""
    fields = [field for field in dataclasses.fields(options) if getattr(options, field.name) != field.default]
    return [f"{field.name}={getattr(options, field.name)}" for field in fields]
