"""How the hybrid network learns: whole series at a time, judged at some of their origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.forecasters.hybrid.network import wiggles
from tidegate.nn.heads import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.features.windows import OriginIndex, Origins
    from tidegate.forecasters.hybrid.columns import Columns, Source
    from tidegate.forecasters.hybrid.network import HybridNetwork, Made

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_ORIGINS, _ORIGINS_AT_ONCE = 24, 384
_JUDGED_SERIES, _JUDGED_ORIGINS, _JUDGED_AT_ONCE = 256, 8, 512
_CELLS_AT_ONCE = 65_536
_NAMED = 5


class Learning:
    """Series of a source: some origins of each chosen one to learn from, and held-out ones to judge by.

    An update draws 24 origins of each series, more of few, evenly spread over time.

    Parameters
    ----------
    network
        What learns.
    source
        Where columns come from.
    learned
        Origins to learn from.
    held_out
        Origins to judge by; None for none.
    penalty
        Weight of uneven levels.
    generator
        Draws the origins.
    """

    def __init__(
        self,
        network: HybridNetwork,
        source: Source,
        learned: OriginIndex,
        *,
        held_out: OriginIndex | None = None,
        penalty: float,
        generator: torch.Generator,
    ) -> None:
        self._network, self._source, self._learned = network, source, learned
        self._penalty, self._generator = penalty, generator
        self._series = np.flatnonzero(np.diff(learned.bounds))
        self._reach = learned.firsts + np.diff(learned.bounds) - 1 + network.plan.horizon
        self._judged: tuple[Columns, torch.Tensor, torch.Tensor] | None = None
        self._judges = np.zeros(0, dtype=np.int64)
        if held_out is not None and len(held_out):
            self._judges = chosen = _judges(held_out, source.lengths)
            count = max(_JUDGED_ORIGINS, _JUDGED_AT_ONCE // len(chosen))
            places = np.tile((np.arange(count) + 0.5) / count, (len(chosen), 1))
            self._judged = (source.columns(chosen), *_flat(_steps(held_out, chosen, places)))

    def __len__(self) -> int:
        return len(self._series)

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over drawn origins of these series, each once, and the penalty on uneven levels."""
        series = self._series[np.unique(chosen.numpy())]
        count = max(_ORIGINS, _ORIGINS_AT_ONCE // len(series))
        drawn = torch.rand(len(series), count, generator=self._generator, dtype=torch.float64).numpy()
        steps = _flat(_steps(self._learned, series, (np.arange(count) + drawn) / count))
        columns = self._source.columns(series)
        walk = self._network(columns)
        total, n_values = self._summed(self._network.at(walk, *steps), columns, *steps)
        return total / max(n_values, 1) + self._penalty * wiggles(walk, self._learnable(columns.values, series))

    @torch.no_grad()
    def named(self, chosen: torch.Tensor | None) -> str:
        """Return the series with these numbers; None: those that are judged by, the broken ones alone if some are."""
        numbers = self._broken() if chosen is None else self._series[np.unique(chosen.numpy())]
        names = [repr(str(self._source.ids[n])) for n in numbers]
        rest = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        return f"series {', '.join(names[:_NAMED])}{rest}"

    def held_out_loss(self) -> float | None:
        """Return the mean loss over the held-out origins, without the penalty, or None if there are none."""
        if self._judged is None:
            return None
        columns, steps, places = self._judged
        made = self._network.at(self._network(columns), steps, places)
        total, count = self._summed(made, columns, steps, places)
        return total.item() / max(count, 1)

    def _broken(self) -> Integers:
        """Return the series that are judged by, of those alone whose loss is not finite if some are."""
        if self._judged is None:
            return self._judges
        columns, steps, places = self._judged
        losses = self._losses(self._network.at(self._network(columns), steps, places), columns, steps, places)[0]
        broken = np.unique(places[~losses.flatten(1).isfinite().all(dim=1)].numpy())
        return self._judges[broken] if len(broken) else self._judges

    def _learnable(self, values: torch.Tensor, series: Integers) -> torch.Tensor:
        """Return values (T, B), NaN after the last one that an origin to learn from looks ahead to."""
        rows = torch.arange(len(values))[:, None]
        return torch.where(rows < torch.from_numpy(self._reach[series]), values, torch.nan)

    def _summed(
        self, made: Made, columns: Columns, steps: torch.Tensor, places: torch.Tensor
    ) -> tuple[torch.Tensor, int]:
        """Return the sum of the loss over the values that are there, and their number."""
        losses, there = self._losses(made, columns, steps, places)
        return losses.sum(), int(there.sum())

    def _losses(
        self, made: Made, columns: Columns, steps: torch.Tensor, places: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of every step, 0 where the value is missing, and which values are there."""
        ahead = steps[:, None] + 1 + torch.arange(made.base.shape[1])
        actual = columns.values[ahead, places[:, None]]
        return self._network.loss(made, actual), ~actual.isnan()


class Tables(NamedTuple):
    """What networks tell at B origins, on the scale of `LogScale`.

    Attributes
    ----------
    quantiles
        Shape (B, F, Q).
    base
        Shape (B, F): the smoothing's forecast.
    unit
        Shape (B, 1).
    """

    quantiles: Floats
    base: Floats
    unit: Floats


def combined(tables: Sequence[Tables]) -> Tables:
    """Return the median of what several networks tell, quantile by quantile and base by base; units are averaged."""
    quantiles, base, unit = (np.stack(part) for part in zip(*tables, strict=True))
    return Tables(np.median(quantiles, axis=0), np.median(base, axis=0), unit.mean(axis=0))


@torch.no_grad()
def told(network: HybridNetwork, source: Source, origins: Origins) -> Tables:
    """Return what `network` tells at `origins`, counted from the first row of a series that counts.

    Each series is walked once, however many origins it has.
    """
    series, where = np.unique(origins.series, return_inverse=True)
    horizon, width = network.plan.horizon, len(origins.ends)
    quantiles = np.empty((width, horizon, len(QUANTILES)))
    base, unit = np.empty((width, horizon)), np.empty((width, 1))
    done = 0
    for part in parts(series, source.lengths[series]):
        here = np.flatnonzero((where >= done) & (where < done + len(part)))
        walk = network(source.columns(part))
        steps, places = torch.from_numpy(origins.ends[here] - 1), torch.from_numpy(where[here] - done)
        made = network.at(walk, steps, places)
        quantiles[here] = network.told(made).double().numpy()
        base[here], unit[here] = made.base.double().numpy(), made.unit.double().numpy()
        done += len(part)
    return Tables(quantiles, base, unit)


def parts(series: Integers, lengths: Integers) -> Iterator[Integers]:
    """Yield `series` in order, as many at once as make 65,536 steps with the longest of them."""
    size = max(1, _CELLS_AT_ONCE // int(lengths.max(initial=1)))
    for start in range(0, len(series), size):
        yield series[start : start + size]


def _judges(index: OriginIndex, lengths: Integers) -> Integers:
    """Return at most 256 series that have origins, evenly spread; fewer where they are long."""
    holding = np.flatnonzero(np.diff(index.bounds))
    count = min(_JUDGED_SERIES, len(holding), max(1, _CELLS_AT_ONCE // int(lengths.max())))
    return np.asarray(holding[np.linspace(0, len(holding) - 1, count).round().astype(np.int64)])


def _steps(index: OriginIndex, series: Integers, places: Floats) -> Integers:
    """Return the newest step of the origins of `series` (B,) at `places` in [0, 1) of their number, (B, K)."""
    counts = np.diff(index.bounds)[series][:, None]
    return np.asarray(index.firsts[series][:, None] + (places * counts).astype(np.int64) - 1)


def _flat(steps: Integers) -> tuple[torch.Tensor, torch.Tensor]:
    """Return steps (B, K) and the columns they are of, both (B * K,)."""
    columns = np.repeat(np.arange(len(steps)), steps.shape[1])
    return torch.from_numpy(steps.ravel()), torch.from_numpy(columns)
