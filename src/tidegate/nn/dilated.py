"""Dilated recurrent layers: each reads its own state of d steps before, so that few layers reach far back.

Axis letters: T time, B batch, I inputs, H hidden units, d dilation in steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.nn.cells.cell import Cell


class DilatedStack(torch.nn.Module):
    """Blocks of dilated layers, of which every one from the second on adds its input to its output.

    In a layer of dilation d the step t goes on from the state of step t - d instead of t - 1: the sequence falls into
    d interleaved ones, which are walked side by side.

    Source: Chang et al. (2017), Dilated recurrent neural networks, NeurIPS, section 2; in blocks with shortcuts
    around them: Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time series
    forecasting, International Journal of Forecasting 36(1), figure 1.

    Parameters
    ----------
    cell
        The equations of one step.
    n_inputs
        Features per step, I.
    hidden_size
        Hidden units of every layer, H.
    blocks
        The dilations of the layers of each block, in steps, at least 1.

    Raises
    ------
    ValueError
        If there is no block, one has no layer, or a dilation is below 1.
    """

    def __init__(self, cell: Cell, n_inputs: int, hidden_size: int, blocks: Sequence[Sequence[int]]) -> None:
        super().__init__()
        if not blocks or not all(blocks) or any(d < 1 for block in blocks for d in block):
            raise ValueError(
                f"blocks must name dilations of at least 1 step for each block, as ((1, 3), (6, 12)); {blocks}"
            )
        self.blocks = tuple(tuple(block) for block in blocks)
        n_layers = sum(map(len, self.blocks))
        widths = [n_inputs, *[hidden_size] * (n_layers - 1)]
        self.layers = torch.nn.ModuleList(Recurrent(cell, width, hidden_size) for width in widths)
        self.width = hidden_size

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs of every step, shape (T, B, H), for inputs of shape (T, B, I); none sees a later step."""
        return self.through(inputs, dilated)

    def through(
        self, inputs: torch.Tensor, run: Callable[[torch.nn.Module, torch.Tensor, int], torch.Tensor]
    ) -> torch.Tensor:
        """Return what the stack makes of `inputs` (T, B, I) where `run(layer, inputs, dilation)` computes a layer."""
        values, layers = inputs, iter(self.layers)
        for number, block in enumerate(self.blocks):
            made = values
            for dilation in block:
                made = run(next(layers), made, dilation)
            values = made + values if number else made
        return values


def dilated(layer: torch.nn.Module, inputs: torch.Tensor, dilation: int) -> torch.Tensor:
    """Return what a recurrent `layer` makes of the d interleaved sequences of `inputs` (T, B, I), shape (T, B, H).

    Steps are added at the end to make T a multiple of d; what they yield is left out.
    """
    n_steps, n_sequences, _ = inputs.shape
    missing = -n_steps % dilation
    full = torch.nn.functional.pad(inputs, (0, 0, 0, 0, 0, missing)) if missing else inputs
    outputs, _ = layer(full.reshape(-1, dilation * n_sequences, full.shape[-1]))
    made: torch.Tensor = outputs.reshape(n_steps + missing, n_sequences, -1)
    return made[:n_steps]
