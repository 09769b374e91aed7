"""A panel at a glance: how many series of what length, how many are empty, sparse, trending or seasonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.analysis.cycles import agreement
from tidegate.analysis.seasonality import NEWEST, sample
from tidegate.analysis.trend import trend
from tidegate.analysis.wording import listing, percent, span
from tidegate.data.gaps import filled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

SAMPLE = 200
MOST_MEANS = 200
INTERMITTENT_INTERVAL = 1.32


@dataclass(frozen=True)
class Overview:
    """Figures over all series, and over at most 200 spread evenly where they cost more.

    Parameters
    ----------
    n_series, shortest, longest
        Counts of series and of steps.
    median_length
        Steps.
    missing
        Missing values in all series.
    zeros_fraction
        Share of the known values that are zero, 0 to 1.
    sampled
        Series looked at for the shares below.
    constant_fraction, intermittent_fraction, trend_fraction, season_fraction
        Share of those that are constant, intermittent, rise or fall steadily, and show the main season, 0 to 1.
    statement
        The same in words.
    """

    n_series: int
    shortest: int
    longest: int
    median_length: float
    missing: int
    zeros_fraction: float
    sampled: int
    constant_fraction: float
    intermittent_fraction: float
    trend_fraction: float
    season_fraction: float
    statement: str


class Traits(NamedTuple):
    """What one series looks like, in numbers that can be compared between series."""

    length: float
    zeros: float
    variation: float = 0.0
    season: float = 0.0
    tau: float = 0.0
    constant: bool = False
    intermittent: bool = False
    trending: bool = False
    seasonal: bool = False


def is_constant(known: Floats) -> bool:
    """Tell whether the values do not vary beyond rounding."""
    return len(known) == 0 or bool(np.ptp(known) <= 1e-9 * np.max(np.abs(known)))


def is_intermittent(known: Floats) -> bool:
    """Tell whether demand is intermittent: no value negative, and 1.32 steps or more per non-zero one.

    The limit is that of Syntetos, Boylan & Croston (2005).
    """
    n_demands = int(np.count_nonzero(known))
    return n_demands > 0 and bool(np.min(known) >= 0) and len(known) / n_demands >= INTERMITTENT_INTERVAL


def overview(panel: Panel) -> tuple[Overview, str]:
    """Return the figures of a panel whose seasons are set, and the identifier of a representative series.

    The representative one is that whose length, share of zeros, relative variation, season and trend together lie
    nearest the medians of the series looked at (in units of their interquartile ranges), constant ones excepted.
    """
    chosen = sample(len(panel), SAMPLE)
    whole = filled(panel.take(chosen))
    traits = [_traits(panel.series(int(at)), whole.series(n), panel) for n, at in enumerate(chosen)]
    known = np.isfinite(panel.values)
    zeros = int(np.count_nonzero(panel.values[known] == 0))
    shares = np.array([[one.constant, one.intermittent, one.trending, one.seasonal] for one in traits]).mean(axis=0)
    found = Overview(
        n_series=len(panel),
        shortest=int(panel.lengths.min()),
        longest=int(panel.lengths.max()),
        median_length=float(np.median(panel.lengths)),
        missing=int(np.sum(~known)),
        zeros_fraction=zeros / max(int(known.sum()), 1),
        sampled=len(chosen),
        constant_fraction=float(shares[0]),
        intermittent_fraction=float(shares[1]),
        trend_fraction=float(shares[2]),
        season_fraction=float(shares[3]),
        statement=_statement(panel, len(chosen), shares, zeros / max(int(known.sum()), 1)),
    )
    return found, str(panel.ids[chosen[_medoid(traits)]])


def _traits(raw: Floats, whole: Floats, panel: Panel) -> Traits:
    known = raw[np.isfinite(raw)]
    constant = is_constant(known)
    zeros = float(np.mean(known == 0)) if len(known) else 1.0
    made = Traits(float(np.log(len(raw))), zeros, constant=constant, intermittent=is_intermittent(known))
    if constant:
        return made
    season = agreement(whole[-NEWEST:], panel.season)
    found = trend(whole[-NEWEST:], panel.seasons, panel.frequency, most=MOST_MEANS)
    return made._replace(
        variation=float(np.arctan2(known.std(), abs(known.mean()))),
        season=season.correlation,
        tau=0.0 if found is None else found.tau,
        trending=found is not None and found.direction != "stable",
        seasonal=season.convincing,
    )


def _medoid(traits: list[Traits]) -> int:
    """Return the position of the series nearest the middle; the first of equals."""
    numbers = np.array([one[:5] for one in traits], dtype=np.float64)
    middle = np.median(numbers, axis=0)
    width = np.subtract(*np.quantile(numbers, [0.75, 0.25], axis=0))
    distance = np.sum(((numbers - middle) / np.where(width > 0, width, 1.0)) ** 2, axis=1)
    distance = np.where([one.constant for one in traits], distance + 1e6, distance)
    return int(np.argmin(distance))


def _statement(panel: Panel, n_sampled: int, shares: Floats, zeros: float) -> str:
    shortest, longest = int(panel.lengths.min()), int(panel.lengths.max())
    length = (
        span(longest, panel.frequency) if shortest == longest else f"{shortest:,} to {span(longest, panel.frequency)}"
    )
    if len(panel) == 1:
        return f"One series of {length}."
    said = f"{len(panel):,} series of {length}"
    said += f"; {percent(zeros)} of the values are zero." if zeros > 0 else "."
    names = ["are constant", "are intermittent", "rise or fall steadily"]
    if panel.season > 1:
        names.append(f"show a season of {span(panel.season, panel.frequency)}")
    parts = [f"{percent(float(share))} {name}" for share, name in zip(shares, names, strict=False) if share > 0]
    whole = n_sampled == len(panel)
    looked = "Of these," if whole else f"Of {n_sampled:,} of them, spread evenly and looked at more closely,"
    return f"{said} {looked} {listing(parts) if parts else 'none is constant, intermittent, trending or seasonal'}."
