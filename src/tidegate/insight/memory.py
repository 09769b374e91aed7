"""How long a layer remembers: the half-life of each unit, the reach of its gradient, its recurrent Jacobian.

Axis letters: T time, B windows, H hidden units, S states, P places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.nn.cells.cell import project, spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegate.insight.walk import Walked
    from tidegate.nn.cells.cell import Cell

    Floats = NDArray[np.float64]

_PLACES = 16
_LEAST_KEPT, _MOST_KEPT = 1e-12, 1 - 1e-12


@dataclass(frozen=True, eq=False)
class Memory:
    """What one layer keeps in one direction.

    Parameters
    ----------
    half_lives
        Shape (H,): steps after which half of what a unit kept is left, ln 0.5 / mean(ln kept) over all steps of all
        windows; None for a cell without a gate that keeps its state.
    reach
        Effective memory length: the first lag at which the gradient of the loss of all steps, by the cell state or,
        where there is none, by the hidden state, is at most 1/e of that of the newest step; None where it stays above
        throughout the window.
    radii
        Shape (P,): spectral radius, the largest eigenvalue in size, of the Jacobian of the states of one step by those
        before it, at P steps spread over the windows; None for sLSTM, whose states are stored in a moving scale.
    singular_values
        Shape (P, S * H), descending: those of the same Jacobians.
    """

    half_lives: Floats | None
    reach: int | None
    radii: Floats | None
    singular_values: Floats | None


def memory(cell: Cell, walked: Walked, lag_steps: int) -> Memory:
    """Return what a layer keeps; lengths are in steps of the series, of which one of the layer's has `lag_steps`."""
    kept = keeping(cell, walked.trace)
    lives = None if kept is None else np.asarray(lag_steps * half_lives(kept.double().numpy()))
    found = None if "stabiliser" in cell.states else jacobians(cell, walked)
    radii = values = None
    if found is not None:
        radii = np.abs(np.linalg.eigvals(found)).max(axis=-1).astype(np.float64)
        values = np.linalg.svd(found, compute_uv=False).astype(np.float64)
    length = reach(walked.kept)
    return Memory(lives, None if length is None else lag_steps * length, radii, values)


def keeping(cell: Cell, trace: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
    """Return the share of its state that each unit keeps at each step, shape (T, B, H); None where no gate says.

    That is the forget gate; 1 - input where the two are coupled; the update gate of a GRU and 1 minus that of a minimal
    one; and 1 - input / normaliser of an sLSTM, whose output is a mean of candidates with these weights.
    """
    if "normaliser" in trace:
        return 1 - trace["input"] / trace["normaliser"]
    if "forget" in trace:
        return trace["forget"]
    if "update" in trace:
        return 1 - trace["update"] if cell.name == "min_gru" else trace["update"]
    if getattr(cell, "coupled", False) and "input" in trace:
        return 1 - trace["input"]
    return None


def half_lives(kept: Floats) -> Floats:
    """Return ln 0.5 / mean(ln kept) over all steps, shape (H,), of shares of shape (T, B, H).

    >>> half_lives(np.full((5, 1, 1), 0.9)).round(2).tolist()
    [6.58]
    """
    logs = np.log(np.clip(kept, _LEAST_KEPT, _MOST_KEPT)).mean(axis=(0, 1))
    return np.asarray(math.log(0.5) / logs)


def reach(flow: Floats) -> int | None:
    """Return the first lag at which a gradient, shape (T,), is at most 1/e of its newest; None if there is none.

    >>> reach(np.array([1.0, 0.6, 0.3, 0.5]))
    2
    """
    below = np.flatnonzero(flow <= flow[0] / math.e)
    return int(below[0]) if len(below) and flow[0] > 0 else None


def jacobians(cell: Cell, walked: Walked, places: int = _PLACES) -> Floats:
    """Return the Jacobian of all states after a step by all states before it at some steps, (P, S * H, S * H).

    The steps are spread evenly over all windows, the first of each left out: before it the states are 0. States stand
    in the cell's order.
    """
    trace, weights = walked.trace, spread(walked.weights, cell)
    n_steps, n_windows = walked.inputs.shape[:2]
    if n_steps < 2:
        width = sum(trace[name].shape[-1] for name in cell.states)
        return np.empty((0, width, width))
    count = min(places, (n_steps - 1) * n_windows)
    at = torch.linspace(0, (n_steps - 1) * n_windows - 1, count).round().long()
    b, t = at // (n_steps - 1), 1 + at % (n_steps - 1)
    before = t + 1 if walked.direction else t - 1
    if walked.direction:
        t, before = t - 1, before - 1
    widths = [trace[name].shape[-1] for name in cell.states]
    states = torch.cat([trace[name][before, b] for name in cell.states], dim=-1)
    sums = project(walked.inputs[t, b], weights)

    def step(state: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        made = cell.step(total[None], torch.split(state[None], widths, dim=-1), weights).state
        return torch.cat(made, dim=-1)[0]

    found: torch.Tensor = torch.func.vmap(torch.func.jacrev(step))(states, sums)
    return found.detach().double().numpy()
