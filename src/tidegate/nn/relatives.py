"""Layers of the cells that torch does not have, with the options of every `Stack`.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.options import Merge, Stack
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    import torch

    from tidegate.nn.backends import Backend
    from tidegate.nn.cells.affine import Candidate


class MinGRU(Recurrent):
    """Minimal gated recurrent units: h_t = (1 - update_t) * h_{t-1} + update_t * candidate_t, by a scan.

    Gate and candidate do not see the state, so that all steps are computed at once.
    Source: Feng et al. 2024, Were RNNs all we needed?, arXiv 2410.01201; ``MinGru().card()`` has the equations.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    candidate
        "linear", or "positive": a function of it that stays above 0.
    bias, batch_first, dropout, bidirectional, merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed: see `Stack`.
    device, dtype
        Of the parameters.

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
        *,
        candidate: Candidate = "linear",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, 0, *ours)
        super().__init__(MinGru(candidate), input_size, hidden_size, stack=stack, device=device, dtype=dtype)


class MinLSTM(Recurrent):
    """Minimal LSTM: h_t = forget_t * h_{t-1} + input_t * candidate_t, by a scan.

    Gates and candidate do not see the state, so that all steps are computed at once. There is no cell state.
    Source: Feng et al. 2024, Were RNNs all we needed?, arXiv 2410.01201; ``MinLstm().card()`` has the equations.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    candidate
        "linear", or "positive": a function of it that stays above 0.
    normalised
        Whether forget and input gate are divided by their sum.
    bias, batch_first, dropout, bidirectional, merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed: see `Stack`.
    device, dtype
        Of the parameters.

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
        *,
        candidate: Candidate = "linear",
        normalised: bool = True,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, 0, *ours)
        super().__init__(
            MinLstm(candidate, normalised), input_size, hidden_size, stack=stack, device=device, dtype=dtype
        )


class SLSTM(Recurrent):
    """LSTM with exponential gates and a normaliser state n: h_t = output_t * c_t / n_t.

    It carries four states: hidden, cell, normaliser and stabiliser.
    Source: Beck et al. 2024, xLSTM: extended long short-term memory, NeurIPS; ``Slstm().card()`` has the equations.

    Parameters
    ----------
    input_size, hidden_size
        Features per step, I, and hidden units per layer and direction, H; both at least 1.
    num_layers
        Layers on top of each other, L.
    bias, batch_first, dropout, bidirectional, merge, residual, layer_norm, reverse, backend, generator, recompute
        How the layers are put together and computed: see `Stack`.
    device, dtype
        Of the parameters.

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
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        merge: Merge = "concat",
        residual: bool = False,
        layer_norm: bool = False,
        reverse: bool = False,
        backend: Backend = "auto",
        generator: torch.Generator | None = None,
        recompute: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        ours = (merge, residual, layer_norm, reverse, backend, generator, recompute)
        stack = Stack(num_layers, bias, batch_first, dropout, bidirectional, 0, *ours)
        super().__init__(Slstm(), input_size, hidden_size, stack=stack, device=device, dtype=dtype)
