"""Encoders: a window of the past becomes one vector."""

from __future__ import annotations

import torch

from tidegate.nn.dropout import Dropout
from tidegate.nn.layers import Kind, layer


class RecurrentEncoder(torch.nn.Module):
    """Recurrent layers over the window; the encoding is the hidden state after the newest value.

    Parameters
    ----------
    cell
        "rnn", "lstm" or "gru".
    n_inputs
        Features per time step, I.
    hidden_size
        Hidden units per layer, H.
    n_layers
        Layers on top of each other, at least 1.
    dropout
        Between the layers and after the last.
    """

    def __init__(self, cell: Kind, n_inputs: int, *, hidden_size: int, n_layers: int, dropout: Dropout) -> None:
        super().__init__()
        widths = [n_inputs, *[hidden_size] * (n_layers - 1)]
        self.layers = torch.nn.ModuleList(layer(cell, width, hidden_size) for width in widths)
        self.dropout = dropout
        self.width = hidden_size

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Return the final state, shape (B, H), of a window of shape (T, B, I), newest step last."""
        states = window
        for recurrent in self.layers:
            states, _ = recurrent(states)
            states = self.dropout(states)
        return states[-1]


class LagEncoder(torch.nn.Module):
    """The window itself, laid out as one vector of lags.

    Parameters
    ----------
    n_inputs
        Features per time step, I.
    window_steps
        Length of the window, T.
    """

    def __init__(self, n_inputs: int, window_steps: int) -> None:
        super().__init__()
        self.width = n_inputs * window_steps

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Return shape (B, T * I) for a window of shape (T, B, I)."""
        return window.transpose(0, 1).flatten(1)
