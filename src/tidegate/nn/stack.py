"""Any cell as a stack of layers over time, with the face of torch's recurrent modules.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import layer_norm
from torch.nn.utils.rnn import PackedSequence

from tidegate.nn import arguments, operators
from tidegate.nn.backends import Choice, choose, repeated, run
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.dropout import dropped
from tidegate.nn.flows import listener
from tidegate.nn.options import Stack
from tidegate.nn.packed import padding
from tidegate.nn.unroll import AHEAD, Call, Course, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegate.nn.cells.cell import Cell, State
    from tidegate.nn.options import Merge

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
        self._standard = operators.knows(cell) and stack.standard
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
            operators.flatten(plan, self._sizes(first // n_directions))

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
            Where ``backend="kernels"`` or ``"torch"`` cannot do this work.
        """
        arguments.check_truncation(truncate)
        course = Course(self.stack.reverse, truncate)
        if isinstance(input, PackedSequence):
            arguments.check_packed(self, input, lengths)
            return self._over_packed(input, hx, course)
        outputs, state, _ = self._over_padded(input, hx, lengths, course)
        return outputs, state

    def step(self, input: torch.Tensor, hx: HX | None = None) -> tuple[torch.Tensor, HX]:
        """Return the outputs and the state after one new observation of each series: a call with T = 1, in everything.

        Parameters
        ----------
        input
            Shape (B, I), or (I,) for one series without a batch axis.
        hx
            What the last step, or a call over the past, returned: each state of shape (L, B, H), or (L, H) without a
            batch axis. None for zeros.

        Returns
        -------
        output
            Shape (B, H), or (H,).
        hx
            What the next step takes.

        Raises
        ------
        SettingError
            Where the layer reads from the last step to the first, alone or besides.
        ValueError, RuntimeError
            Where shapes, types or devices do not go together, as in a call.
        """
        arguments.check_step(self, input)
        axis = 1 if self.batch_first and input.dim() == 2 else 0
        outputs, hx = self(input.unsqueeze(axis), hx)
        return outputs.squeeze(axis), hx

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

    def _whole(self, first: Call, choice: Choice) -> operators.Plan | None:
        """Return all layers as one piece of work for torch's operators, with torch's dropout; None where it is not.

        `first` is the first layer's work, `choice` who computes it.
        """
        drawn = self.stack.generator is not None and self.dropout and self.training
        if not self._standard or first.course != AHEAD or drawn or choice.name != "torch":
            return None
        return self._plan(self._flat_weights, self.num_layers)

    def _over_packed(self, input: PackedSequence, hx: HX | None, course: Course) -> tuple[PackedSequence, HX]:
        """Run in the packed order, longest first, and pack the outputs the same way."""
        states = self._states(input.data, int(input.batch_sizes[0]), hx)
        start = operators.permuted(states, input.sorted_indices)
        first = self._call(0, input.data[None, : len(states[0][0])], start, lengths=None, course=course)
        plan = self._whole(first, choose(first, self.stack.backend))
        if plan is not None:
            made, states = operators.over_packed(plan, input, states)
            return made, self._shown(states)
        how = padding(input.batch_sizes, input.data.device)
        lengths = None if how.is_full else how.lengths.to(input.data.device)
        outputs, states, _ = self._walk(how.padded(input.data), start, lengths, course)
        made = PackedSequence(how.packed(outputs), input.batch_sizes, input.sorted_indices, input.unsorted_indices)
        states = operators.permuted(states, input.unsorted_indices)
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
        if batched and not self.batch_first:
            return outputs, self._shown(states), traces

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
        finals: list[State] = []
        traces: list[dict[str, torch.Tensor]] = []
        values = inputs
        for layer in range(self.num_layers):
            call = self._call(layer, values, states, lengths=lengths, course=course)
            made = repeated(call, self.stack.backend)
            if made is None:
                choice = choose(call, self.stack.backend)
                plan = None if layer else self._whole(call, choice)
                if plan is not None:
                    return *operators.stacked(plan, inputs, states, lengths=lengths), []
                made = run(call, self.stack.backend, choice)
            finals.append(made.states)
            traces.extend(made.traces)
            values = self.between(layer, values, made.outputs, lengths)
        if len(finals) == 1:
            return values, finals[0], traces
        return values, tuple(torch.cat(parts) for parts in zip(*finals, strict=True)), traces

    def _weight(self, name: str) -> torch.Tensor:
        """Return the parameter `name`, sooner than as an attribute, or the attribute that stands in for it."""
        own = self._parameters.get(name)
        weight: torch.Tensor = getattr(self, name) if own is None else own
        return weight

    def _call(
        self, layer: int, inputs: torch.Tensor, states: State, *, lengths: torch.Tensor | None, course: Course
    ) -> Call:
        """Return the work of one layer."""
        n_directions = 2 if self.bidirectional else 1
        here = slice(layer * n_directions, (layer + 1) * n_directions)
        weights = tuple(
            {role: self._weight(name) for role, name in zip(self._roles, names, strict=True)}
            for names in self._all_weights[here]
        )
        own = tuple(state[here] for state in states) if self.num_layers > 1 else states
        told = listener(self, layer)
        return Call(self.cell, weights, inputs, own, lengths, course, self.stack.recompute, told)

    def between(
        self, layer: int, inputs: torch.Tensor, outputs: torch.Tensor, lengths: torch.Tensor | None
    ) -> torch.Tensor:
        """Merge the directions, normalise, add the input and drop out: what lies between two layers.

        Parameters
        ----------
        layer
            The lower one, from 0.
        inputs, outputs
            Of that layer: shapes (T, B, I) and (T, B, D*H).
        lengths
            Shape (B,), or None for T everywhere.
        """
        merged = _merged(outputs, self.stack.merge) if self.bidirectional else outputs
        if self.stack.layer_norm:
            weight, bias = getattr(self, f"norm_weight_l{layer}"), getattr(self, f"norm_bias_l{layer}")
            merged = layer_norm(merged, merged.shape[-1:], weight, bias)
            if lengths is not None:  # the norm's bias would otherwise fill what lies beyond a sequence
                merged = torch.where(within(lengths, len(merged)), merged, 0)
        if self.stack.residual and layer:
            merged = merged + inputs
        if layer < self.num_layers - 1 and self.training and self.dropout:
            merged = dropped(merged, self.dropout, self.stack.generator, lengths=lengths)
        return merged


def _merged(outputs: torch.Tensor, merge: Merge) -> torch.Tensor:
    """Return both directions' outputs, shape (T, B, 2*H), as one."""
    if merge == "concat":
        return outputs
    forward, backward = outputs.chunk(2, -1)
    return forward + backward if merge == "sum" else (forward + backward) / 2
