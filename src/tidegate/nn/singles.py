"""One step of a cell as a module, drop-in for torch's RNNCell, LSTMCell and GRUCell.

Axis letters: B batch, I inputs, H hidden units. Options that torch does not have are keyword-only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from tidegate.nn import arguments, precision
from tidegate.nn.cells.cell import Sizes, advance
from tidegate.nn.cells.elman import NONLINEARITIES, Elman, Nonlinearity
from tidegate.nn.cells.gru import Gru, Reset
from tidegate.nn.cells.lstm import Gate, Lstm, Peepholes, Squashing
from tidegate.nn.stack import PARAMETERS

if TYPE_CHECKING:
    from tidegate.nn.cells.cell import Cell, State


class Single(torch.nn.Module):
    """One step of any cell; `RNNCell`, `LSTMCell` and `GRUCell` are this with torch's arguments.

    Parameters
    ----------
    cell
        The equations of one step.
    input_size
        Features per step, I.
    hidden_size
        Hidden units, H.
    bias
        Whether there are biases.
    device, dtype
        Of the parameters.

    Raises
    ------
    TypeError, ValueError
        Where a size is no whole number above 0, with the words of torch's layers.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        arguments.check_sizes(input_size, hidden_size)
        self.cell, self.input_size, self.hidden_size, self.bias = cell, input_size, hidden_size, bias
        shapes = cell.shapes(Sizes(input_size, hidden_size))
        self._names: dict[str, str] = {}
        for role, name in PARAMETERS.items():
            if role.endswith("_bias") and not bias:
                self.register_parameter(name, None)
            elif role in shapes:
                made = torch.nn.Parameter(torch.empty(shapes[role], device=device, dtype=dtype))
                self.register_parameter(name, made)
                self._names[role] = name
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch does, in its order and from its generator."""
        reach = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -reach, reach)

    def extra_repr(self) -> str:
        """Return the arguments that differ from the defaults, as torch prints them."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        return ", ".join([*parts, *arguments.changed(self.cell)])

    def _advanced(self, input: torch.Tensor, states: State | None) -> State:
        """Return the next states for inputs of shape (B, I) or (I,); None for zeros."""
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
            states = None if states is None else tuple(state.unsqueeze(0) for state in states)
        if states is None:
            states = tuple(input.new_zeros(len(input), self.hidden_size) for _ in self.cell.states)
        self._check(input, states)
        weights = {role: getattr(self, name) for role, name in self._names.items()}
        dtype = precision.target(self.cell.name, "cell", input.device)
        if dtype is not None:
            input, states = input.to(dtype), precision.cast(states, dtype)
            weights = precision.cast_weights(weights, dtype)
        made = advance(self.cell, input, states, weights).state
        return made if batched else tuple(state.squeeze(0) for state in made)

    def _check(self, input: torch.Tensor, states: State) -> None:
        """Refuse widths and numbers of sequences that do not go together, with torch's words."""
        if input.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.size(1)} expected {self.input_size}")
        for index, state in enumerate(states):
            if input.size(0) != state.size(0):
                raise RuntimeError(
                    f"Input batch size {input.size(0)} doesn't match hidden{index} batch size {state.size(0)}"
                )
            if state.size(1) != self.hidden_size:
                raise RuntimeError(
                    f"hidden{index} has inconsistent hidden_size: got {state.size(1)}, expected {self.hidden_size}"
                )

    def _check_rank(self, values: torch.Tensor, what: str) -> None:
        if values.dim() not in (1, 2):
            name = arguments.called(self)
            raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {values.dim()}D instead")


class _Hidden(Single):
    """A cell whose only state is the hidden one."""

    def forward(self, input: torch.Tensor, hx: torch.Tensor | None = None) -> torch.Tensor:
        """Return the next hidden state, shape (B, H), or (H,) without a batch axis.

        Parameters
        ----------
        input
            Shape (B, I) or (I,).
        hx
            The hidden state before, shape (B, H) or (H,); None for zeros.

        Raises
        ------
        ValueError, RuntimeError
            With torch's words, where shapes do not go together.
        """
        self._check_rank(input, "input")
        if hx is not None:
            self._check_rank(hx, "hidden")
        return self._advanced(input, None if hx is None else (hx,))[0]


class RNNCell(_Hidden):
    """One step of Elman's cell: h_t = g(W x_t + b + R h_{t-1} + r).

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units, H; both at least 1.
    bias
        Whether there are biases.
    nonlinearity
        g: "tanh", "relu" or "sigmoid".
    device, dtype
        Of the parameters.
    clip
        Limit of the sums inside the activation, above 0; None for none.

    Raises
    ------
    TypeError, ValueError
        Where an argument is outside its limits, with the words of torch's layers.
    SettingError
        Where `clip` is.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Nonlinearity = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        clip: float | None = None,
    ) -> None:
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh', 'relu' or 'sigmoid'.")
        cell = Elman(nonlinearity, clip)
        super().__init__(cell, input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity


class GRUCell(_Hidden):
    """One step of a gated recurrent unit: h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units, H; both at least 1.
    bias
        Whether there are biases.
    device, dtype
        Of the parameters.
    reset, gate_bias, clip
        As of `tidegate.nn.GRU`.

    Raises
    ------
    TypeError, ValueError
        Where a size is no whole number above 0, with the words of torch's layers.
    SettingError
        Where an option that torch does not have is outside its limits.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset: Reset = "after",
        gate_bias: bool = True,
        clip: float | None = None,
    ) -> None:
        cell = Gru(reset, gate_bias, clip)
        super().__init__(cell, input_size, hidden_size, bias=bias, device=device, dtype=dtype)


class LSTMCell(Single):
    """One step of an LSTM: c_t = forget_t * c_{t-1} + input_t * candidate_t; h_t = output_t * tanh(c_t).

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units, H; both at least 1.
    bias
        Whether there are biases.
    device, dtype
        Of the parameters.
    peepholes, coupled, squashed, without, input_activation, output_activation, gate_bias, clip
        As of `tidegate.nn.LSTM`.

    Raises
    ------
    TypeError, ValueError
        Where a size is no whole number above 0, with the words of torch's layers.
    SettingError
        Where an option that torch does not have is outside its limits.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peepholes: Peepholes = "none",
        coupled: bool = False,
        squashed: bool = False,
        without: tuple[Gate, ...] = (),
        input_activation: Squashing = "tanh",
        output_activation: Squashing = "tanh",
        gate_bias: bool = True,
        clip: float | None = None,
    ) -> None:
        cell = Lstm(peepholes, coupled, squashed, without, input_activation, output_activation, gate_bias, clip)
        super().__init__(cell, input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def forward(
        self, input: torch.Tensor, hx: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next hidden and cell state, each of shape (B, H), or (H,) without a batch axis.

        Parameters
        ----------
        input
            Shape (B, I) or (I,).
        hx
            Hidden and cell state before, each of shape (B, H) or (H,); None for zeros.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            With torch's words, where shapes do not go together or a batch has one tensor for `hx`.
        """
        self._check_rank(input, "input")
        if hx is not None:
            if input.dim() == 2 and not isinstance(hx, tuple | list):
                raise TypeError(
                    f"lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not {type(hx).__name__}"
                )
            if len(hx) != len(self.cell.states):
                raise RuntimeError("lstm_cell expects two hidden states")
            for index, part in enumerate(hx):
                self._check_rank(part, f"hx[{index}]")
        h, c = self._advanced(input, None if hx is None else tuple(hx))
        return h, c
