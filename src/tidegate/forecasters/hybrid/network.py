"""The network of the hybrid: smoothing of every series, one dilated network over all, a forecast from every step.

Axis letters: T time, B columns (series), m steps of a season, I values read per step, O origins, F future steps,
H hidden units, P numbers per step, S features of a series.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.dilated import DilatedStack
from tidegate.nn.heads import head, table
from tidegate.nn.smoothing import Season, smooth

if TYPE_CHECKING:
    from tidegate.forecasters.hybrid.columns import Columns

_FASTER_SMOOTHING = 4.0
_ALPHA, _GAMMA = 0.5, 0.2
_LEAST_UNIT = 1e-3
_FARTHEST = 20.0
_SMALL = 0.1
_EXTRA = 2


class Plan(NamedTuple):
    """What the network is made of.

    Attributes
    ----------
    n_series
        Series of training, N.
    seasons
        Cycles in steps, m each.
    input_steps, horizon
        I and F.
    n_features
        S.
    blocks
        Dilations of each block.
    hidden_size
        H.
    head
        By name.
    """

    n_series: int
    seasons: tuple[int, ...]
    input_steps: int
    horizon: int
    n_features: int
    blocks: tuple[tuple[int, ...], ...]
    hidden_size: int
    head: str


class Walk(NamedTuple):
    """What the network makes of columns, step by step.

    Attributes
    ----------
    levels
        Shape (T, B): logs.
    factors
        Of each season, logs, shape (T + m, B).
    unit
        Shape (T, B): the mean absolute step so far of what is left without seasons.
    states
        Shape (T, B, H).
    """

    levels: torch.Tensor
    factors: tuple[torch.Tensor, ...]
    unit: torch.Tensor
    states: torch.Tensor


class Made(NamedTuple):
    """What is told at O origins.

    Attributes
    ----------
    numbers
        Shape (O, F, P), in units from the base.
    base
        Shape (O, F): level times factors, a log.
    unit
        Shape (O, 1).
    """

    numbers: torch.Tensor
    base: torch.Tensor
    unit: torch.Tensor


class SmoothingParameters(torch.nn.Module):
    """How each series is smoothed: alpha and gamma by a sigmoid, the first factors by exp.

    What all series have in common is one number for each, and a series has what it departs by; their sum is multiplied
    by 4: with Adam, whose steps do not depend on the size of a gradient, that is a learning rate as many times as high.
    A series that was not seen in training has the mean of those that were, and the season of its own first cycles.

    Parameters
    ----------
    n_series
        Series of training, N.
    seasons
        Cycles in steps.
    """

    def __init__(self, n_series: int, seasons: tuple[int, ...]) -> None:
        super().__init__()
        self.seasons = seasons
        self.shared = torch.nn.Parameter(torch.empty(1 + len(seasons)))
        self.own = torch.nn.Embedding(n_series + 1, 1 + len(seasons))
        self.first = torch.nn.Embedding(n_series + 1, sum(seasons)) if seasons else None

    @torch.no_grad()
    def start(self) -> None:
        """Begin with alpha 0.5 and gamma 0.2 for all, and the seasons of the first cycles."""
        self.shared[:] = torch.tensor([_logit(_ALPHA), *[_logit(_GAMMA)] * len(self.seasons)]) / _FASTER_SMOOTHING
        self.own.weight.zero_()
        if self.first is not None:
            self.first.weight.zero_()

    def forward(self, columns: Columns) -> tuple[torch.Tensor, tuple[Season, ...]]:
        """Return alpha, shape (B,), and the seasons."""
        seen = columns.numbers > 0
        own = torch.where(seen[:, None], self.own(columns.numbers), self.own.weight[1:].mean(0))
        rates = torch.sigmoid(_FASTER_SMOOTHING * (self.shared + own))
        if self.first is None:
            return rates[:, 0], ()
        learned = (columns.aligned & seen)[:, None]
        moved = torch.where(learned, self.first(columns.numbers), 0).T
        each = torch.split(moved, list(self.seasons))
        firsts = (torch.exp(known + part) for known, part in zip(columns.firsts, each, strict=True))
        return rates[:, 0], tuple(Season(first, rate) for first, rate in zip(firsts, rates.T[1:], strict=True))


class HybridNetwork(torch.nn.Module):
    """Exponential smoothing and a recurrent network, trained together.

    At step t the network reads log(y / (level_t season)) of the newest I values, each with the factors of its own step
    and all with the newest level; dilated layers, a tanh layer and a linear one tell how log y departs from
    log(level_t season) at each of F steps ahead. Beyond a season ahead its newest factors repeat.

    Source: Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time series
    forecasting, International Journal of Forecasting 36(1), equations (3) to (9). Not there: what is read and told is
    in units of the mean absolute step of the series so far, and that unit is read too, so that quiet and lively series
    weigh alike and the head tells of the spread in proportion.

    Parameters
    ----------
    plan
        What it is made of.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan, self.head = plan, head(plan.head)
        self.smoothing = SmoothingParameters(plan.n_series, plan.seasons)
        self.layers = DilatedStack(Lstm(), plan.input_steps + _EXTRA + plan.n_features, plan.hidden_size, plan.blocks)
        self.hidden = torch.nn.Linear(self.layers.width, plan.hidden_size)
        self.adapter = torch.nn.Linear(plan.hidden_size, plan.horizon * self.head.width)

    @torch.no_grad()
    def start(self) -> None:
        """Begin near the forecasts of the smoothing alone."""
        self.adapter.weight.mul_(_SMALL)

    def forward(self, columns: Columns) -> Walk:
        """Return what the network makes of columns; nothing at a step depends on a later one."""
        alpha, seasons = self.smoothing(columns)
        smoothed = smooth(columns.values.exp(), alpha, seasons)
        levels = smoothed.levels.log().nan_to_num(0.0)
        factors = tuple(part.log() for part in smoothed.factors)
        left = columns.values
        for part in factors:
            left = left - part[: len(left)]
        unit = _unit(left.detach())
        return Walk(levels, factors, unit, self.layers(self._inputs(left, levels, unit, columns.features)))

    def at(self, walk: Walk, steps: torch.Tensor, columns: torch.Tensor) -> Made:
        """Return what is told after the steps `steps` (O,), counted from 0, of `columns` (O,)."""
        ahead = torch.arange(self.plan.horizon)
        base = walk.levels[steps, columns][:, None]
        for season, part in zip(self.plan.seasons, walk.factors, strict=True):
            base = base + part[steps[:, None] + 1 + ahead % season, columns[:, None]]
        states = torch.tanh(self.hidden(walk.states[steps, columns]))
        numbers = self.adapter(states).unflatten(1, (self.plan.horizon, self.head.width))
        return Made(numbers, base, walk.unit[steps, columns][:, None])

    def loss(self, made: Made, actual: torch.Tensor) -> torch.Tensor:
        """Return the loss of every step, shape (O, F); 0 where `actual` (O, F), a log, is missing."""
        there = ~actual.isnan()
        missed = (torch.where(there, actual, made.base) - made.base) / made.unit
        return torch.where(there, self.head.loss(made.numbers, missed, torch.ones_like(made.unit)), 0)

    @torch.no_grad()
    def told(self, made: Made) -> torch.Tensor:
        """Return the quantiles at `heads.QUANTILES`, logs, shape (O, F, Q)."""
        unit = made.unit[..., None]
        return table(self.head, made.numbers, torch.ones_like(made.unit)) * unit + made.base[..., None]

    def _inputs(
        self, left: torch.Tensor, levels: torch.Tensor, unit: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        """Return shape (T, B, I + 2 + S): the newest I values, whether the newest is there, the unit, the features."""
        steps = self.plan.input_steps
        before = torch.nn.functional.pad(left, (0, 0, steps - 1, 0), value=math.nan)
        newest = (before.unfold(0, steps, 1) - levels[..., None]) / unit[..., None]
        newest = newest.nan_to_num(0.0).clamp(-_FARTHEST, _FARTHEST)
        there = (~left.isnan()).float()
        return torch.cat([newest, there[..., None], unit.log()[..., None], features.expand(len(left), -1, -1)], dim=-1)


def wiggles(walk: Walk, values: torch.Tensor) -> torch.Tensor:
    """Return how uneven the levels are: the mean square of the second differences of their logs, in units.

    Source: Smyl (2020), section 3.4, the penalty on the variability of the level.

    Parameters
    ----------
    walk
        Of columns.
    values
        Shape (T, B): their values, NaN beyond their end.
    """
    if len(values) <= _EXTRA:
        return walk.levels.new_zeros(())
    there = ~values[2:].isnan()
    bends = torch.where(there, walk.levels.diff(dim=0).diff(dim=0) / walk.unit[2:], 0)
    return (bends**2).sum() / there.sum().clamp(min=1)


def _unit(left: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute step up to each step, shape (T, B), at least 0.001."""
    steps = torch.nn.functional.pad(left.diff(dim=0).abs(), (0, 0, 1, 0), value=math.nan)
    there = ~steps.isnan()
    mean = steps.nan_to_num(0.0).cumsum(0) / there.cumsum(0).clamp(min=1)
    return mean.clamp(min=_LEAST_UNIT)


def _logit(rate: float) -> float:
    return math.log(rate / (1 - rate))
