"""Exponential smoothing as its equations are written, and its gradient, in torch's operations.

Axis letters: T time, B batch (series), m steps of a season. `tidegate.nn.smoothing.smooth` states the equations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.compilation import uncompiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.kernels.smoothing import Work


def observed(values: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """Return where there is a value, shape (T, B): within `lengths`, shape (B,), and no NaN.

    >>> observed(torch.tensor([[1.0, torch.nan], [2.0, 3.0]]), torch.tensor([1, 2])).tolist()
    [[True, False], [False, True]]
    """
    seen = values.isnan().logical_not()
    if lengths is None:
        return seen
    return seen & (_places(values) < lengths)


@uncompiled
def reference(work: Work) -> tuple[torch.Tensor, ...]:
    """Return the levels and the factors of each season, computed as the equations are written.

    Parameters
    ----------
    work
        Tensors that go together, of any dtype and device.
    """
    seen = observed(work.values, work.lengths)
    values = torch.where(seen, work.values, 0)
    level = _start(work, seen)
    alpha, gammas = work.alpha, work.seasons[1::2]
    factors = [list(first.unbind(0)) for first in work.seasons[::2]]
    levels = []
    for t, (y, here) in enumerate(zip(values.unbind(0), seen.unbind(0), strict=True)):
        now = [of_season[t] for of_season in factors]
        updated = alpha * (y / math.prod(now)) + (1 - alpha) * level if now else alpha * y + (1 - alpha) * level
        level = torch.where(here, updated, level)
        levels.append(level)
        for k, gamma in enumerate(gammas):
            rest = math.prod(now[:k] + now[k + 1 :], start=torch.where(here, level, 1))
            factors[k].append(torch.where(here, gamma * y / rest + (1 - gamma) * now[k], now[k]))
    return _told(work, seen, torch.stack(levels)), *map(torch.stack, factors)


def _start(work: Work, seen: torch.Tensor) -> torch.Tensor:
    """Return the level before the first step; 1 for a series without any value, to compute on with."""
    if work.start is not None:
        return work.start
    first = _first(seen)
    value = torch.where(seen, work.values, 0).gather(0, first)
    for season in work.seasons[::2]:
        value = value / season.gather(0, first % len(season))
    return torch.where(seen.any(0), value[0], 1)


def _first(seen: torch.Tensor) -> torch.Tensor:
    """Return the step of each series' first value, shape (1, B); 0 where there is none."""
    return seen.to(torch.uint8).argmax(0, keepdim=True)


def _told(work: Work, seen: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Return the levels, NaN for a series that has neither a value nor a start."""
    return levels if work.start is not None else torch.where(seen.any(0), levels, torch.nan)


def written_gradients(
    work: Work, outputs: Sequence[torch.Tensor], flows: Sequence[torch.Tensor | None]
) -> list[torch.Tensor | None]:
    """Return the gradients that `tidegate.kernels.smoothing.backward` returns, by operations that have gradients.

    With q_t = y_t / (level_t s_t u_t) the factor ahead is s_{t+m} = s_t (gamma q_t + 1 - gamma): backwards in time
    each step takes the gradient of its level and of the factors ahead to y_t, the level before and its own factors.

    Parameters
    ----------
    work
        What was smoothed.
    outputs
        The levels and the factors of each season.
    flows
        Their gradients; None for zeros.
    """
    steps = _steps(work, outputs)
    rows = [
        list((torch.zeros_like(made) if flow is None else flow).unbind(0))
        for flow, made in zip(flows, outputs, strict=True)
    ]
    of_values, of_levels, of_start = _walked_back(work, steps, rows)
    changes = torch.where(steps.seen, of_levels * (steps.x - steps.before), 0)
    results = [of_values, changes.sum(0), of_start]
    for of_factors, s in zip(rows[1:], steps.factors, strict=True):
        n_first = len(of_factors) - len(s)
        changes = torch.where(steps.seen, torch.stack(of_factors[n_first:]) * s * (steps.q - 1), 0)
        results += torch.stack(of_factors[:n_first]), changes.sum(0)
    return [*results] if work.start is not None else _from_start(work, steps, results)


class _Steps(NamedTuple):
    """What every step computed, each of shape (T, B); without a value y, x and q are 0."""

    seen: torch.Tensor
    y: torch.Tensor
    x: torch.Tensor
    q: torch.Tensor
    level: torch.Tensor
    before: torch.Tensor
    factors: list[torch.Tensor]


def _steps(work: Work, outputs: Sequence[torch.Tensor]) -> _Steps:
    seen = observed(work.values, work.lengths)
    levels = outputs[0] if work.start is not None else torch.where(seen.any(0), outputs[0], 1)
    y, level = torch.where(seen, work.values, 0), torch.where(seen, levels, 1)
    factors = [made[: len(y)] for made in outputs[1:]]
    x = y / math.prod(factors) if factors else y
    before = torch.cat([_start(work, seen)[None], levels[:-1]])
    return _Steps(seen, y, x, x / level, level, before, factors)


def _walked_back(
    work: Work, steps: _Steps, rows: list[list[torch.Tensor]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the gradients of values and levels, shape (T, B), and of the level before the first step, shape (B,).

    `rows` holds the gradients of the levels and of each season's factors, step by step; those of the factors become
    whole as the walk comes by.
    """
    alpha, gammas = work.alpha, work.seasons[1::2]
    flow, of_values, of_levels = torch.zeros_like(steps.y[0]), [], []
    for t in reversed(range(len(steps.y))):
        here, q, now = steps.seen[t], steps.q[t], [s[t] for s in steps.factors]
        pulls = [of_factors[t + len(of_factors) - len(steps.y)] for of_factors in rows[1:]]
        of_x = flow.new_zeros(())
        for pull, gamma, s in zip(pulls, gammas, now, strict=True):
            of_x = of_x + torch.where(here, pull * gamma * s, 0) / steps.level[t]
        flow = flow + rows[0][t] - of_x * q
        of_levels.append(flow)
        of_y = torch.where(here, of_x + alpha * flow, 0)
        of_y = of_y / math.prod(now) if now else of_y
        of_values.append(of_y)
        flow = torch.where(here, (1 - alpha) * flow, flow)
        for k, (pull, gamma) in enumerate(zip(pulls, gammas, strict=True), start=1):
            kept = torch.where(here, pull * (gamma * q + 1 - gamma), pull)
            rows[k][t] = rows[k][t] + kept - of_y * steps.y[t] / now[k - 1]
    return torch.stack(of_values[::-1]), torch.stack(of_levels[::-1]), flow


def _from_start(work: Work, steps: _Steps, results: list[torch.Tensor]) -> list[torch.Tensor | None]:
    """Return the gradients where the level before the first step was the first value divided by its factors."""
    first = _first(steps.seen)
    pull = torch.where(steps.seen.any(0), results[2], 0)
    of_values, of_alpha, _, *of_seasons = results
    at_first = [season.gather(0, first % len(season)) for season in work.seasons[::2]]
    direct = pull / math.prod(at_first) if at_first else pull
    of_values = of_values + torch.where(_places(steps.y) == first, direct, 0)
    for k, season in enumerate(work.seasons[::2]):
        chosen = _places(season) == first % len(season)
        of_seasons[2 * k] = of_seasons[2 * k] - torch.where(chosen, pull * _start(work, steps.seen) / season, 0)
    return [of_values, of_alpha, None, *of_seasons]


def _places(rows: torch.Tensor) -> torch.Tensor:
    return torch.arange(len(rows), device=rows.device)[:, None]
