"""Exactness: whether the recurrent layers of a fitted model compute their published equations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import listing
from tidegate.evaluation.audit.mark import Mark
from tidegate.evaluation.held import held

if TYPE_CHECKING:
    from tidegate.nn.exactness import Departure

ROUNDING = 1e-4
"""Share of the largest entry up to which layers in single precision are their equations but for rounding."""


def exact(name: str, model: Any, *, seed: int = 0) -> Mark | None:
    """Return whether the layers of every recurrent model that a fitted model is or holds are exact; None without any.

    Outputs and gradients of the layers with their trained weights, as compiled kernels compute them, are compared with
    the loop over the cell's equations in double precision.

    Parameters
    ----------
    name
        What the mark is called.
    model
        A fitted forecaster.
    seed
        Draws the inputs.
    """
    inside = held(model)
    if not inside:
        return None
    from tidegate.nn.exactness import departure  # torch, only where there are networks

    found = [made for one in inside for net in one.model.opened().networks if (made := departure(net, seed=seed))]
    return _judged(name, found) if found else None


def _judged(name: str, found: list[Departure]) -> Mark:
    outputs, gradients = (
        float(np.max(part)) for part in zip(*((one.outputs, one.gradients) for one in found), strict=True)
    )
    cells = listing(sorted({cell for one in found for cell in one.cells}))
    n_layers = sum(one.n_layers for one in found)
    measured = f"within {max(outputs, gradients):.0e}"
    what = "1 layer" if n_layers == 1 else f"{n_layers} layers"
    if not np.isfinite([outputs, gradients]).all():
        said = f"Over random inputs the outputs of {what} ({cells}) or their gradients are not finite."
        return Mark(name, "failed", "not finite", said)
    said = (
        f"Over random inputs the outputs of {what} ({cells}) are within {outputs:.0e} of the loop over the published "
        f"equations in double precision, and their gradients within {gradients:.0e}"
    )
    if max(outputs, gradients) <= ROUNDING:
        return Mark(name, "passed", measured, f"{said}: that is rounding.")
    return Mark(name, "failed", measured, f"{said}: more than the {ROUNDING:.0e} that rounding explains.")
