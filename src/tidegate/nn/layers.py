"""Recurrent layers, drop-in for torch's: the same arguments in the same order, calls, states and state_dict keys.

Axis letters: T time, B batch, I inputs, H hidden units, P projected units, L layers, D directions. Options that torch
does not have are keyword-only: those of a cell, then those of the `Stack` that every layer shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.nn.cells.elman import NONLINEARITIES, Elman, Nonlinearity
from tidegate.nn.cells.gru import Gru, Reset
from tidegate.nn.cells.lstm import Gate, Lstm, Peepholes, Squashing
from tidegate.nn.options import Merge, Stack
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    import torch

    from tidegate.nn.backends import Backend


class RNN(Recurrent):
    """Elman's layers: h_t = g(W x_t + b + R h_{t-1} + r).

    Source: Elman 1990, Finding structure in time, Cognitive Science 14; ``Elman().card()`` has the equations.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    nonlinearity
        g: "tanh", "relu" or "sigmoid".
    bias, batch_first, dropout, bidirectional, device, dtype
        As in torch: whether there are biases; whether inputs and outputs are (B, T, ...); the fraction of each layer's
        outputs but the last one's that is set to 0 while training, in [0, 1]; whether a second set of weights reads
        from the last step to the first.
    clip
        Limit of the sums inside the activations, above 0; None for none.
    proj_size
        Of `LSTM` alone: refused, as torch refuses it.
    merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed, and where the dropout masks come from: see `Stack`.

    Raises
    ------
    TypeError, ValueError
        With torch's words, where an argument of torch's is outside its limits.
    SettingError
        Where another option is.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Nonlinearity = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        clip: float | None = None,
        proj_size: int | None = None,
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
    ) -> None:
        if proj_size is not None:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh', 'relu' or 'sigmoid'.")
        self.nonlinearity = nonlinearity
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, 0, *ours)
        super().__init__(Elman(nonlinearity, clip), input_size, hidden_size, stack=stack, device=device, dtype=dtype)

    @property
    def mode(self) -> str:
        """Name of the cell as torch's module gives it: "RNN_TANH"."""
        return f"RNN_{self.nonlinearity.upper()}"


class LSTM(Recurrent):
    """Long short-term memory: c_t = forget_t * c_{t-1} + input_t * candidate_t; h_t = output_t * tanh(c_t).

    Source: Hochreiter & Schmidhuber 1997, Long short-term memory, Neural Computation 9(8); forget gate: Gers,
    Schmidhuber & Cummins 2000; ``Lstm().card()`` has the equations, also of every variant.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        As in torch: whether there are biases; whether inputs and outputs are (B, T, ...); the fraction of each layer's
        outputs but the last one's that is set to 0 while training, in [0, 1]; whether a second set of weights reads
        from the last step to the first; the width P of the projected
        hidden state, 0 for none.
    peepholes
        "full": input and forget gate see c_{t-1}, the output gate c_t; "output": the output gate alone; "none".
    coupled
        Whether forget_t is 1 - input_t.
    squashed
        Whether c_t is sigma(forget_t * c_{t-1} + input_t * candidate_t), as some slides print it; it forgets.
    without
        Gates held at 1: any of "input", "forget", "output".
    input_activation, output_activation
        Of the candidate, and of the cell state on its way out: "tanh" or "identity".
    gate_bias
        Whether the gates have biases, or the candidate alone.
    clip
        Limit of the sums inside the activations, above 0; None for none.
    merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed, and where the dropout masks come from: see `Stack`.

    Raises
    ------
    TypeError, ValueError
        With torch's words, where an argument of torch's is outside its limits.
    SettingError
        Where another option is.

    Examples
    --------
    >>> import torch
    >>> outputs, (hidden, cell) = LSTM(8, 32, num_layers=2, peepholes="full")(torch.zeros(24, 5, 8))
    >>> outputs.shape, hidden.shape, cell.shape
    (torch.Size([24, 5, 32]), torch.Size([2, 5, 32]), torch.Size([2, 5, 32]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
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
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
    ) -> None:
        cell = Lstm(peepholes, coupled, squashed, without, input_activation, output_activation, gate_bias, clip)
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, proj_size, *ours)
        super().__init__(cell, input_size, hidden_size, stack=stack, device=device, dtype=dtype)


class GRU(Recurrent):
    """Gated recurrent units: h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}.

    Source: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, EMNLP; ``Gru().card()`` has the
    equations, also of every variant.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    bias, batch_first, dropout, bidirectional, device, dtype
        As in torch: whether there are biases; whether inputs and outputs are (B, T, ...); the fraction of each layer's
        outputs but the last one's that is set to 0 while training, in [0, 1]; whether a second set of weights reads
        from the last step to the first.
    reset
        Where the reset gate acts: "after" the recurrent product, as in torch; "before" it, as published; or "absent".
    gate_bias
        Whether the gates have biases, or the candidate alone.
    clip
        Limit of the sums inside the activations, above 0; None for none.
    proj_size
        Of `LSTM` alone: refused, as torch refuses it.
    merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed, and where the dropout masks come from: see `Stack`.

    Raises
    ------
    TypeError, ValueError
        With torch's words, where an argument of torch's is outside its limits.
    SettingError
        Where another option is.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset: Reset = "after",
        gate_bias: bool = True,
        clip: float | None = None,
        proj_size: int | None = None,
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
    ) -> None:
        if proj_size is not None:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, 0, *ours)
        super().__init__(Gru(reset, gate_bias, clip), input_size, hidden_size, stack=stack, device=device, dtype=dtype)
