"""Any cell as a stack of layers over time, with the face of torch's recurrent modules.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn.functional import layer_norm
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from tidegate.nn import arguments, operators
from tidegate.nn.backends import Backend, run
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.dropout import dropped
from tidegate.nn.unroll import AHEAD, Call, Course, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegate.nn.cells.cell import Cell, State

Merge = Literal["concat", "sum", "mean"]
HX = torch.Tensor | tuple[torch.Tensor, ...]

PARAMETERS: Mapping[str, str] = {
    "input": "weight_ih",
    "recurrent": "weight_hh",
    "input_bias": "bias_ih",
    "recurrent_bias": "bias_hh",
    "projection": "weight_hr",
    "peephole": "weight_ph",
}
"""Role of a parameter to its name in a ``state_dict``, which is torch's where torch has it, in torch's order."""


@dataclass(frozen=True)
class Stack:
    """How layers of a cell are put together.

    Parameters
    ----------
    num_layers
        Layers on top of each other, L.
    bias
        Whether the layers have biases.
    batch_first
        Whether inputs and outputs are (B, T, ...) instead of (T, B, ...).
    dropout
        Probability of 0 for each output of every layer but the last, while training.
    bidirectional
        Whether a second set of weights reads from the last step to the first.
    proj_size
        Width of the projected hidden state; 0 for none.
    merge
        How the directions' outputs become one: "concat", "sum" or "mean".
    residual
        Whether each layer from the second on adds its input to its output.
    layer_norm
        Whether each layer's output is normalised over its features (before the residual sum).
    reverse
        Whether a stack of one direction reads from the last step to the first.
    backend
        "auto", "torch" or "reference".
    generator
        Source of the dropout masks; None for torch's global one.
    """

    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    proj_size: int = 0
    merge: Merge = "concat"
    residual: bool = False
    layer_norm: bool = False
    reverse: bool = False
    backend: Backend = "auto"
    generator: torch.Generator | None = None


class Recurrent(torch.nn.Module):
    """Layers of any cell over time; `RNN`, `LSTM` and `GRU` are this with torch's arguments.

    Parameters
    ----------
    cell
        The equations of one step.
    input_size
        Features per step, I.
    hidden_size
        Hidden units per layer and direction, H.
    stack
        How the layers are put together.
    device, dtype
        Of the parameters.

    Raises
    ------
    ValueError, TypeError
        With torch's words, where an argument is outside its limits.
    SettingError
        Where an option that torch does not have is.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        *,
        stack: Stack = Stack(),
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        arguments.check_construction(cell, input_size, hidden_size, stack)
        self.cell, self.stack = cell, stack
        self.input_size, self.hidden_size, self.proj_size = input_size, hidden_size, stack.proj_size
        self.num_layers, self.bias, self.batch_first = stack.num_layers, stack.bias, stack.batch_first
        self.dropout, self.bidirectional = float(stack.dropout), stack.bidirectional
        self._all_weights: list[list[str]] = []
        for layer in range(stack.num_layers):
            shapes = self._shapes(layer)
            for suffix in (f"l{layer}", f"l{layer}_reverse") if stack.bidirectional else (f"l{layer}",):
                self._all_weights.append([f"{PARAMETERS[role]}_{suffix}" for role in shapes])
                for name, shape in zip(self._all_weights[-1], shapes.values(), strict=True):
                    made = torch.nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                    self.register_parameter(name, made)
        for layer in range(stack.num_layers if stack.layer_norm else 0):
            for kind in ("weight", "bias"):
                made = torch.nn.Parameter(torch.empty(self.output_size, device=device, dtype=dtype))
                self.register_parameter(f"norm_{kind}_l{layer}", made)
        self._roles = tuple(shapes)
        self._standard = operators.knows(cell) and _standard(stack)
        self.reset_parameters()
        self.flatten_parameters()

    @property
    def mode(self) -> str:
        """Name of the cell as torch's modules give it, which code written for them asks for: "LSTM"."""
        return self.cell.name.upper()

    @property
    def output_size(self) -> int:
        """Features of each output step."""
        shown = Sizes(self.input_size, self.hidden_size, self.proj_size).shown
        return shown * (2 if self.bidirectional and self.stack.merge == "concat" else 1)

    @property
    def all_weights(self) -> list[list[torch.nn.Parameter]]:
        """The parameters of each layer and direction, as torch lists them."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        """What code written for torch's modules reads, as it does `_all_weights` and `_flat_weights`."""
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[torch.Tensor]:
        return [getattr(self, name) for names in self._all_weights for name in names]

    def reset_parameters(self) -> None:
        """Draw every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch does, in its order and from its generator.

        The weights of a layer normalisation start at 1 and its biases at 0.
        """
        reach = 1 / math.sqrt(self.hidden_size)
        for name, parameter in self.named_parameters(recurse=False):
            if name.startswith("norm_"):
                torch.nn.init.constant_(parameter, 1.0 if "weight" in name else 0.0)
            else:
                torch.nn.init.uniform_(parameter, -reach, reach)

    def flatten_parameters(self) -> None:
        """Lay the weights out in one piece for cuDNN, which copies them in every call otherwise; nothing elsewhere."""
        flat = [self._parameters.get(name) for name in self._flat_weights_names]
        if not operators.knows(self.cell) or not all(weight is not None and weight.is_cuda for weight in flat):
            return
        n_directions = 2 if self.bidirectional else 1
        together = len(self._all_weights) if self._standard else n_directions
        for first in range(0, len(self._all_weights), together):
            names = [name for group in self._all_weights[first:][:together] for name in group]
            plan = self._plan([getattr(self, name) for name in names], together // n_directions)
            operators.flatten(plan, self._sizes(first // n_directions), names)

    def forward(
        self,
        input: torch.Tensor | PackedSequence,
        hx: HX | None = None,
        *,
        lengths: torch.Tensor | Sequence[int] | None = None,
        truncate: int | None = None,
    ) -> tuple[torch.Tensor | PackedSequence, HX]:
        """Return the outputs and the final state.

        Parameters
        ----------
        input
            Shape (T, B, I), (B, T, I) with ``batch_first``, (T, I) for one sequence without a batch axis, or packed.
        hx
            State before the first step, shape (L*D, B, H) for each of the cell's states; a tuple when there is more
            than one. None for zeros.
        lengths
            Shape (B,): steps of each sequence, 0 to T, instead of packing; outputs beyond are 0.
        truncate
            Cut the gradient through time after every so many steps (truncated backpropagation).

        Raises
        ------
        ValueError, RuntimeError
            With torch's words, where shapes, types or devices do not go together.
        SettingError
            Where ``backend="torch"`` cannot do this work.
        """
        arguments.check_truncation(truncate)
        course = Course(self.stack.reverse, truncate)
        if isinstance(input, PackedSequence):
            arguments.check_packed(self, input, lengths)
            return self._over_packed(input, hx, course)
        outputs, state, _ = self._over_padded(input, hx, lengths, course)
        return outputs, state

    def trace(
        self,
        input: torch.Tensor,
        hx: HX | None = None,
        *,
        lengths: torch.Tensor | Sequence[int] | None = None,
    ) -> list[dict[str, torch.Tensor]]:
        """Return gates and states of every step, by name, for each layer and direction in the order of the states.

        Every array has the axes of the outputs: (T, B, H), or (B, T, H) with ``batch_first``. Arguments and errors
        as in a call.
        """
        return self._over_padded(input, hx, lengths, Course(self.stack.reverse, trace=True))[2]

    def extra_repr(self) -> str:
        """Return the arguments that differ from the defaults, as torch prints them."""
        return arguments.written(self)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Recurrent:  # noqa: FBT001, FBT002 (torch's)
        """Move or convert the parameters, as ``to`` and its like do, and lay them out anew."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.flatten_parameters()
        return self

    def _sizes(self, layer: int) -> Sizes:
        return Sizes(self.input_size if layer == 0 else self.output_size, self.hidden_size, self.proj_size)

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter of one direction by role, in torch's order."""
        shapes = self.cell.shapes(self._sizes(layer))
        return {r: shapes[r] for r in PARAMETERS if r in shapes and (self.bias or not r.endswith("_bias"))}

    def _plan(self, weights: list[torch.Tensor], num_layers: int) -> operators.Plan:
        """Return `num_layers` layers with these weights, as torch's operators take them."""
        options = (self.bias, num_layers, self.dropout, self.training, self.bidirectional)
        return operators.Plan(self.cell, weights, *options)

    def _whole(self, course: Course) -> operators.Plan | None:
        """Return all layers as one piece of work for torch's operators, with torch's dropout; None where it is not."""
        drawn = self.stack.generator is not None and self.dropout and self.training
        if not self._standard or course != AHEAD or drawn:
            return None
        return self._plan(self._flat_weights, self.num_layers)

    def _over_packed(self, input: PackedSequence, hx: HX | None, course: Course) -> tuple[PackedSequence, HX]:
        """Run in the packed order, longest first, and pack the outputs the same way."""
        states = self._states(input.data, int(input.batch_sizes[0]), hx)
        plan = self._whole(course)
        if plan is not None:
            made, states = operators.over_packed(plan, input, states)
            return made, self._shown(states)
        padded, lengths = pad_packed_sequence(PackedSequence(input.data, input.batch_sizes))
        states = operators.permuted(states, input.sorted_indices)
        outputs, states, _ = self._walk(padded, states, lengths.to(padded.device), course)
        states = operators.permuted(states, input.unsorted_indices)
        packed = pack_padded_sequence(outputs, lengths)
        made = PackedSequence(packed.data, input.batch_sizes, input.sorted_indices, input.unsorted_indices)
        return made, self._shown(states)

    def _over_padded(
        self, input: torch.Tensor, hx: HX | None, lengths: torch.Tensor | Sequence[int] | None, course: Course
    ) -> tuple[torch.Tensor, HX, list[dict[str, torch.Tensor]]]:
        """Run over inputs with or without a batch axis, in the order of axes that the caller has."""
        arguments.check_call(self, input, hx)
        batched = input.dim() == 3
        if not batched:
            input = input.unsqueeze(1)
            if hx is not None:
                hx = tuple(part.unsqueeze(1) for part in hx) if isinstance(hx, tuple | list) else hx.unsqueeze(1)
        elif self.batch_first:
            input = input.transpose(0, 1)
        states = self._states(input, input.shape[1], hx)
        outputs, states, traces = self._walk(input, states, arguments.checked_lengths(lengths, input), course)

        def back(values: torch.Tensor) -> torch.Tensor:
            if not batched:
                return values.squeeze(1)
            return values.transpose(0, 1) if self.batch_first else values

        if not batched:
            states = tuple(state.squeeze(1) for state in states)
        named = [{name: back(values) for name, values in trace.items()} for trace in traces]
        return back(outputs), self._shown(states), named

    def _states(self, like: torch.Tensor, n_sequences: int, hx: HX | None) -> State:
        """Return the given states or zeros, each of shape (L*D, B, ...), on the device and of the type of `like`."""
        if hx is not None:
            states = arguments.given_states(self, hx)
            arguments.check_states(self, states, like, n_sequences)
            return states
        count = self.num_layers * (2 if self.bidirectional else 1)
        return tuple(like.new_zeros(count, n_sequences, width) for width in arguments.state_widths(self))

    def _shown(self, states: State) -> HX:
        return states if len(states) > 1 else states[0]

    def _walk(
        self, inputs: torch.Tensor, states: State, lengths: torch.Tensor | None, course: Course
    ) -> tuple[torch.Tensor, State, list[dict[str, torch.Tensor]]]:
        """Run all layers over inputs of shape (T, B, I)."""
        plan = self._whole(course)
        if plan is not None and (lengths is None or int(lengths.min()) > 0):
            return *operators.stacked(plan, inputs, states, lengths=lengths), []
        n_directions = 2 if self.bidirectional else 1
        finals: list[State] = []
        traces: list[dict[str, torch.Tensor]] = []
        values = inputs
        for layer in range(self.num_layers):
            first = layer * n_directions
            weights, starts = zip(*(self._direction(first + way, states) for way in range(n_directions)), strict=True)
            made = run(Call(self.cell, weights, values, starts, lengths, course), self.stack.backend)
            finals.extend(part.state for part in made)
            traces.extend(part.trace for part in made)
            values = self._between(layer, values, tuple(part.outputs for part in made), lengths)
        return values, tuple(torch.stack(parts) for parts in zip(*finals, strict=True)), traces

    def _direction(self, index: int, states: State) -> tuple[dict[str, torch.Tensor], State]:
        """Return the weights by role and the first state of one layer in one direction."""
        names = zip(self._roles, self._all_weights[index], strict=True)
        return {role: getattr(self, name) for role, name in names}, tuple(state[index] for state in states)

    def _between(
        self, layer: int, inputs: torch.Tensor, outputs: tuple[torch.Tensor, ...], lengths: torch.Tensor | None
    ) -> torch.Tensor:
        """Merge the directions, normalise, add the input and drop out: what lies between two layers."""
        merged = _merged(outputs, self.stack.merge)
        if self.stack.layer_norm:
            weight, bias = getattr(self, f"norm_weight_l{layer}"), getattr(self, f"norm_bias_l{layer}")
            merged = layer_norm(merged, merged.shape[-1:], weight, bias)
            if lengths is not None:  # the norm's bias would otherwise fill what lies beyond a sequence
                merged = torch.where(within(lengths, len(merged)), merged, 0)
        if self.stack.residual and layer:
            merged = merged + inputs
        if self.dropout and self.training and layer < self.num_layers - 1:
            merged = dropped(merged, self.dropout, self.stack.generator)
        return merged


def _standard(stack: Stack) -> bool:
    """Return whether torch's own modules put layers together this way."""
    merged = stack.bidirectional and stack.merge != "concat"
    added = stack.residual and stack.num_layers > 1
    return not (merged or added or stack.layer_norm or stack.reverse or stack.backend == "reference")


def _merged(outputs: tuple[torch.Tensor, ...], merge: Merge) -> torch.Tensor:
    if len(outputs) == 1:
        return outputs[0]
    forward, backward = outputs
    if merge == "concat":
        return torch.cat(outputs, dim=-1)
    return forward + backward if merge == "sum" else (forward + backward) / 2
