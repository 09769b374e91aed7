"""The loop over time, once for every cell.

Axis letters: T time, B batch, I inputs, H hidden units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.cells.cell import project, spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.cell import Cell, State
    from tidegate.nn.flows import Listener, Walk


class Course(NamedTuple):
    """How to walk through time.

    Parameters
    ----------
    reverse
        From the last step to the first.
    truncate
        Cut the gradient through the state after every so many steps, counted from where the walk begins; None never
        does. The state itself is carried on: values do not change.
    trace
        Keep every gate and state of every step.
    """

    reverse: bool = False
    truncate: int | None = None
    trace: bool = False


AHEAD = Course()
"""From the first step to the last, with the whole gradient and no trace."""


class Call(NamedTuple):
    """One layer's work, in one direction or two.

    Parameters
    ----------
    cell
        The equations of one step.
    weights
        Parameters by role for each direction; the second direction walks backwards.
    inputs
        Shape (T, B, I).
    states
        The state before the first step, one tensor of shape (D, B, H) per name in the cell's `states`.
    lengths
        Shape (B,), or None for T everywhere.
    course
        How to walk; ``reverse`` only with one direction.
    recompute
        Whether the backward pass may compute gates again instead of keeping them all.
    listener
        Hears what the backward pass tells; None where nobody watches.
    """

    cell: Cell
    weights: tuple[Mapping[str, torch.Tensor], ...]
    inputs: torch.Tensor
    states: State
    lengths: torch.Tensor | None = None
    course: Course = AHEAD
    recompute: bool = False
    listener: Listener | None = None


class Outcome(NamedTuple):
    """What one layer yields.

    Parameters
    ----------
    outputs
        Hidden state after each step, shape (T, B, D*H); 0 at steps beyond a sequence's length.
    states
        The state after each sequence's last step, one tensor of shape (D, B, H) per name in the cell's `states`.
    traces
        Of each direction, as in `Unrolled`; none unless asked for.
    """

    outputs: torch.Tensor
    states: State
    traces: tuple[dict[str, torch.Tensor], ...] = ()


class Unrolled(NamedTuple):
    """What a walk through time yields.

    Parameters
    ----------
    outputs
        Hidden state after each step, shape (T, B, H); 0 at steps beyond a sequence's length.
    state
        The state after each sequence's last step, one tensor of shape (B, H) per name in the cell's `states`.
    trace
        Gates and states by name, each of shape (T, B, H); empty unless asked for. Beyond a sequence's length gates
        are 0 and states stay.
    """

    outputs: torch.Tensor
    state: State
    trace: dict[str, torch.Tensor]


def within(lengths: torch.Tensor, steps: int) -> torch.Tensor:
    """Return whether each of `steps` steps, T, lies within sequences of `lengths`, shape (B,): shape (T, B, 1).

    >>> within(torch.tensor([2, 1]), 3)[..., 0].tolist()
    [[True, True], [True, False], [False, False]]
    """
    return (torch.arange(steps, device=lengths.device)[:, None] < lengths)[..., None]


def ends_within(lengths: torch.Tensor, steps: int, what: str) -> tuple[int, int]:
    """Return the least and the greatest of `lengths`, of which there must be some; `what` has the `steps`.

    Raises
    ------
    ValueError
        Where one lies outside 0 to `steps`.

    Examples
    --------
    >>> ends_within(torch.tensor([2, 1]), 3, "the input")
    (1, 2)
    """
    least, most = (int(end) for end in lengths.aminmax())
    if least < 0 or most > steps:
        wrong = least if least < 0 else most
        raise ValueError(f"lengths must lie between 0 and the {steps} steps of {what}; got {wrong}")
    return least, most


def unroll(
    cell: Cell,
    weights: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    *,
    state: State,
    lengths: torch.Tensor | None = None,
    course: Course = AHEAD,
    walk: Walk | None = None,
) -> Unrolled:
    """Run `cell` over `inputs`.

    Parameters
    ----------
    cell
        The equations of one step.
    weights
        Parameters by role, as in ``cell.shapes``.
    inputs
        Shape (T, B, I), T at least 1.
    state
        The state before the first step (with ``course.reverse``: before the last), as in ``cell.states``.
    lengths
        Shape (B,): steps of each sequence, 0 to T; what lies beyond changes neither values nor gradients, even NaN.
        None for T everywhere.
    course
        Direction, truncation and trace.
    walk
        Sees every step, and hears what the backward pass tells; None where nobody watches.
    """
    steps = inputs.shape[0]
    valid = None if lengths is None else within(lengths, steps)
    if valid is not None:
        inputs = torch.where(valid, inputs, 0)
    weights = spread(weights, cell)
    sums = project(inputs, weights).unbind(0)  # the gradient of sums[t] would be an array over all steps, every step
    outputs, traces = [], []
    for walked, t in enumerate(reversed(range(steps)) if course.reverse else range(steps)):
        if course.truncate is not None and walked and walked % course.truncate == 0:
            state = tuple(part.detach() for part in state)
        made = cell.step(sums[t], state, weights)
        if walk is not None:
            walk.step(t, made, None if valid is None else valid[t])
        output, gates = made.state[0], made.gates
        if valid is None:
            state = made.state
        else:
            pairs = zip(made.state, state, strict=True)
            state = tuple(torch.where(valid[t], new, old.to(new.dtype)) for new, old in pairs)
            output = torch.where(valid[t], output, 0)
            gates = {name: torch.where(valid[t], gate, 0) for name, gate in gates.items()} if course.trace else {}
        outputs.append(output)
        if course.trace:
            traces.append({**gates, **dict(zip(cell.states, state, strict=True))})
    if course.reverse:
        outputs.reverse()
        traces.reverse()
    trace = {name: torch.stack([step[name] for step in traces]) for name in traces[0]} if traces else {}
    return Unrolled(torch.stack(outputs), state, trace)
