"""How far the recurrent layers of a network, as they are computed, lie from their published equations.

Axis letters: T time, B batch, I inputs, H hidden units.
"""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import NamedTuple

import torch

from tidegate.nn.stack import Recurrent

_STEPS, _SEQUENCES = 12, 4


class Departure(NamedTuple):
    """How far layers lie from the loop over their cells' equations in double precision.

    Attributes
    ----------
    cells
        The names of their cells, each once.
    n_layers
        How many modules of layers were compared.
    outputs, gradients
        Largest difference of the outputs, and of the gradients by inputs and parameters of a sum of the outputs with
        random weights, as a share of the largest entry of each array; infinite where either is not finite.
    """

    cells: tuple[str, ...]
    n_layers: int
    outputs: float
    gradients: float


def departure(network: torch.nn.Module, *, seed: int = 0) -> Departure | None:
    """Return how far every recurrent layer of `network` is from its equations on random inputs; None without any.

    Parameters
    ----------
    network
        Any module; it is not changed.
    seed
        Draws inputs of 12 steps and 4 sequences with values of about 1.
    """
    layers = [module for module in network.modules() if isinstance(module, Recurrent)]
    if not layers:
        return None
    generator = torch.Generator().manual_seed(seed)
    found = [_of(layer, generator) for layer in layers]
    cells = tuple(dict.fromkeys(layer.cell.name for layer in layers))
    return Departure(cells, len(layers), *(max(part) for part in zip(*found, strict=True)))


def _of(layer: Recurrent, generator: torch.Generator) -> tuple[float, float]:
    shape = (_SEQUENCES, _STEPS) if layer.batch_first else (_STEPS, _SEQUENCES)
    inputs = torch.randn(*shape, layer.input_size, generator=generator)
    ours, theirs = _copied(layer), _copied(layer).double()
    theirs.stack = replace(theirs.stack, backend="reference")
    draw = torch.randn(*shape, layer.output_size, generator=generator)
    made, exact = _made(ours, inputs.to(next(ours.parameters()).dtype), draw), _made(theirs, inputs.double(), draw)
    apart = [_share(one, other) for one, other in zip(made, exact, strict=True)]
    return apart[0], max(apart[1:])


def _copied(layer: Recurrent) -> Recurrent:
    return copy.deepcopy(layer).requires_grad_().eval()


def _made(layer: Recurrent, inputs: torch.Tensor, draw: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs and the gradients of their product with `draw` by the inputs and by each parameter.

    Under layer normalisation the plain sum is a constant, whose gradient is nothing but rounding.
    """
    inputs = inputs.requires_grad_()
    with torch.enable_grad():
        outputs = layer(inputs)[0]
        gradients = torch.autograd.grad((outputs * draw.to(outputs.dtype)).sum(), [inputs, *layer.parameters()])
    return [outputs.detach(), *gradients]


def _share(made: torch.Tensor, exact: torch.Tensor) -> float:
    if not (made.isfinite().all() and exact.isfinite().all()):
        return math.inf
    size = float(exact.abs().max())
    return float((made.double() - exact).abs().max()) / size if size else float(made.abs().max())
