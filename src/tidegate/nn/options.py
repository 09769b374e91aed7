"""How layers of a cell are put together.

Axis letters: B batch, T time, L layers, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

    from tidegate.nn.backends import Backend

Merge = Literal["concat", "sum", "mean"]


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
        "auto", "kernels", "torch" or "reference".
    generator
        Source of the dropout masks; None for torch's global one.
    recompute
        Whether the backward pass of the kernels computes the gates again instead of keeping them: less memory, a third
        more arithmetic.
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
    recompute: bool = False

    @property
    def standard(self) -> bool:
        """Whether torch's own modules put layers together this way.

        >>> Stack(num_layers=2, bidirectional=True).standard, Stack(layer_norm=True).standard
        (True, False)
        """
        merged = self.bidirectional and self.merge != "concat"
        added = self.residual and self.num_layers > 1
        return not (merged or added or self.layer_norm or self.reverse)
