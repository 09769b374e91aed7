"""Recurrent layers, drop-in for torch's: the one place that knows where their arithmetic comes from.

All three take inputs of shape (T, B, I) and return the hidden states (T, B, H) and the final state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = Literal["rnn", "lstm", "gru"]


class RNN(torch.nn.RNN):
    """Elman layer: h_t = tanh(W x_t + b + R h_{t-1} + r).

    Source: Elman (1990), Finding structure in time, Cognitive Science 14.
    """


class LSTM(torch.nn.LSTM):
    """LSTM layer: c_t = forget_t * c_{t-1} + input_t * candidate_t; h_t = output_t * tanh(c_t).

    The gates are sigmoids of W x_t + b + R h_{t-1} + r, the candidate a tanh of its own; weights hold them in the
    order input, forget, candidate, output. Source: Hochreiter & Schmidhuber (1997), Long short-term memory, Neural
    Computation 9; forget gate: Gers, Schmidhuber & Cummins (2000), Neural Computation 12.
    """


class GRU(torch.nn.GRU):
    """GRU layer: h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}.

    candidate_t = tanh(W x_t + b + reset_t * (R h_{t-1} + r)); weights hold reset, update, candidate. Source: Cho et
    al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP, in the form with the reset gate after
    the matrix product.
    """


LAYERS: Mapping[Cell, type[RNN | LSTM | GRU]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def layer(cell: Cell, n_inputs: int, hidden_size: int) -> RNN | LSTM | GRU:
    """Return one layer of `cell` that reads I = `n_inputs` features and keeps H = `hidden_size` hidden units."""
    return LAYERS[cell](n_inputs, hidden_size)
