"""What the data look like before any model sees them: every figure, and the sentences a careful analyst would write."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis import autocorrelation, decomposition, stationarity
from tidegate.analysis.overview import Overview, is_constant, is_intermittent, overview
from tidegate.analysis.plain import plain
from tidegate.analysis.residuals import Residuals, diagnose
from tidegate.analysis.sampling import Sampling, sampling
from tidegate.analysis.seasonality import SeasonEvidence, evidence, long_cycle, seasons_in
from tidegate.analysis.trend import MINIMUM_BLOCKS, Trend, trend
from tidegate.analysis.wording import listing, number, percent, span, step
from tidegate.data.calendar import describe
from tidegate.data.gaps import filled
from tidegate.data.zones import to_local
from tidegate.display import Displayed
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LONG_CYCLE_NEWEST = 50_000


@dataclass(frozen=True)
class Figures:
    """The values of one series in figures; NaN where it holds no known value.

    Parameters
    ----------
    length, missing, negative
        Steps, missing values and negative values.
    zeros_fraction
        Share of the known values that are zero, 0 to 1.
    minimum, mean, median, maximum, deviation
        In the units of the series.
    constant, intermittent
        Whether it does not vary, or is demand with many zeros.
    """

    length: int
    missing: int
    negative: int
    zeros_fraction: float
    minimum: float
    mean: float
    median: float
    maximum: float
    deviation: float
    constant: bool
    intermittent: bool


@dataclass(frozen=True)
class Seasonality:
    """The seasons weighed.

    Parameters
    ----------
    evidence
        One entry per season weighed, shortest first.
    cycle
        Steps in a longer cycle that comes back but is not among the seasons; None if there is none.
    statement
        The same in words.
    """

    evidence: tuple[SeasonEvidence, ...]
    cycle: int | None
    statement: str


@dataclass(frozen=True, eq=False)
class Profile(Displayed):
    """The study of a panel through one representative series; parts that cannot be studied are None.

    Parameters
    ----------
    series, choice
        The series studied, and why this one.
    target, frequency, cadence, step, timezone
        Name of the target; frequency as in `Panel` and in words; one step as a noun; time zone.
    times
        Shape (T,), int64, as `Panel.times`.
    observed
        Shape (T,): the series; NaN where missing.
    seasons
        As in `Panel`: main one first, (1,) for none.
    figures, seasonality, decomposition, trend, stationarity, autocorrelation, residuals, sampling
        The parts of the study. Arrays shorter than T belong to the newest values.
    overview
        The panel at a glance.
    notes
        What was done to the data, and which parts read only the newest values.
    """

    series: str
    choice: str
    target: str
    frequency: str
    cadence: str
    step: str
    timezone: str | None
    times: Integers
    observed: Floats
    seasons: tuple[int, ...]
    figures: Figures
    seasonality: Seasonality
    decomposition: decomposition.Decompositions | None
    trend: Trend | None
    stationarity: stationarity.Stationarity | None
    autocorrelation: autocorrelation.Autocorrelations | None
    residuals: Residuals | None
    sampling: Sampling | None
    overview: Overview
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Return what the study found, most general first, one finding a sentence."""
        said = [self.overview.statement, self.choice] if self.overview.n_series > 1 else []
        said += [*_about(self), self.seasonality.statement]
        if self.decomposition is not None:
            said += [self.decomposition.statement, _strengths(self)]
        if self.trend is not None:
            said.append(self.trend.statement)
        if self.stationarity is not None:
            found = self.stationarity
            said += [found.readings[0].statement, found.statement, found.rolling_statement]
        if self.autocorrelation is not None:
            said.append(self.autocorrelation.statement)
        if self.residuals is not None:
            said.append(f"What the decomposition leaves: {self.residuals.statement}")
        if self.sampling is not None:
            said.append(self.sampling.statement)
        return [*said, *self.notes]

    def to_dict(self, *, arrays: bool = True) -> dict[str, Any]:
        """Return every field under its name, and `sentences`; JSON can hold the result.

        Parameters
        ----------
        arrays
            Whether to keep the arrays, as lists with None for NaN; times become ISO 8601 text unless they count steps.
        """
        made: dict[str, Any] = plain(replace(self, times=np.empty(0, np.int64)), arrays=arrays)
        if arrays:
            counted = self.frequency.isdigit()
            made["times"] = self.times.tolist() if counted else [str(at) for at in _clock(self)]
        made["sentences"] = self.sentences()
        return made


def profile(panel: Panel, series: object = None) -> Profile:
    """Study a panel: one series in depth, all of them at a glance.

    Parameters
    ----------
    panel
        One series or many. Missing values are filled as `Panel.fill` says for the study, and stay NaN in `observed`.
    series
        Identifier of the series to study; None for a representative one.

    Raises
    ------
    SettingError
        If `series` is not in the panel.
    """
    weighed = evidence(panel)
    panel = panel if panel.seasons else replace(panel, seasons=seasons_in(weighed))
    glance, typical = overview(panel)
    at = position(panel, typical if series is None else series)
    raw, values = panel.series(at), filled(panel.take([at])).values
    figures = _figures(raw)
    choice = f"Series {str(panel.ids[at])!r} is studied in depth, as asked."
    if series is None:
        choice = f"Series {typical!r} is studied in depth: it lies nearest the middle of the panel in length, zeros, "
        choice += "variation, season and trend."
    cycle = None if figures.constant else long_cycle(values[-LONG_CYCLE_NEWEST:], panel.seasons, panel.frequency)
    parts = _parts(values, panel, constant=figures.constant)
    count, noun = step(panel.frequency)
    return Profile(
        series=str(panel.ids[at]),
        choice=choice,
        target=panel.target,
        frequency=panel.frequency,
        cadence=describe(panel.frequency),
        step=noun if count == 1 else f"{count} {noun}s",
        timezone=panel.timezone,
        times=panel.times[panel.offsets[at] : panel.offsets[at + 1]],
        observed=raw,
        seasons=panel.seasons,
        figures=figures,
        seasonality=Seasonality(weighed, cycle, _seasons(panel, weighed, cycle, len(raw))),
        **parts,
        overview=glance,
        notes=(*panel.notes, *_caps(len(raw), panel.seasons)),
    )


def _parts(values: Floats, panel: Panel, *, constant: bool) -> dict[str, Any]:
    """Return the parts of the study by field name; None for each where the series is constant."""
    if constant:
        names = ("decomposition", "trend", "stationarity", "autocorrelation", "residuals", "sampling")
        return dict.fromkeys(names)
    main, frequency = panel.season, panel.frequency
    split = decomposition.decompose(values, panel.seasons, frequency)
    strength, adjusted, left = 0.0, values, None
    if split is not None:
        found = split.chosen
        strength = dict(zip(found.seasons, found.seasonal_strengths, strict=True)).get(main, 0.0)
        adjusted = found.adjusted(values)
        left = found.residual - 1 if found.kind == "multiplicative" else found.residual
    steady = stationarity.stationarity(values, main, strength, frequency)
    by_season = len(values) // main >= MINIMUM_BLOCKS
    return {
        "decomposition": split,
        "trend": trend(
            values if by_season else adjusted,
            panel.seasons,
            frequency,
            wanders=steady is not None and steady.d > 0,
        ),
        "stationarity": steady,
        "autocorrelation": autocorrelation.autocorrelations(values, main, steady, frequency),
        "residuals": None if left is None else diagnose(left, main),
        "sampling": sampling(adjusted, frequency),
    }


def position(panel: Panel, series: object) -> int:
    """Return where the series called `series` stands in `panel`.

    Raises
    ------
    SettingError
        If it is not there.
    """
    names = [str(one) for one in panel.ids]
    if str(series) not in names:
        near = difflib.get_close_matches(str(series), names, n=3, cutoff=0.5) or names[:3]
        raise SettingError(
            f"series {str(series)!r} is not in the data, which hold {len(names):,} series. Choose one of them, "
            f"such as {listing([repr(name) for name in near])}."
        )
    return names.index(str(series))


def _figures(raw: Floats) -> Figures:
    known = raw[np.isfinite(raw)]
    some = known if len(known) else np.array([np.nan])
    return Figures(
        length=len(raw),
        missing=len(raw) - len(known),
        negative=int(np.sum(known < 0)),
        zeros_fraction=float(np.mean(known == 0)) if len(known) else 0.0,
        minimum=float(some.min()),
        mean=float(some.mean()),
        median=float(np.median(some)),
        maximum=float(some.max()),
        deviation=float(some.std()),
        constant=is_constant(known),
        intermittent=is_intermittent(known),
    )


def _clock(found: Profile) -> NDArray[np.datetime64]:
    """Return the local stamps at the precision of one step."""
    unit = {"year": "D", "quarter": "D", "month": "D", "week": "D", "day": "D", "business day": "D"}
    _, noun = step(found.frequency)
    local = to_local(found.times, found.timezone).astype("M8[ns]")
    whole = bool(np.all(local == local.astype("M8[D]")))
    precision = unit.get(noun, "ns" if noun.endswith("second") and noun != "second" else "s")
    return local.astype(f"M8[{precision if whole or precision != 'D' else 's'}]")


def _about(found: Profile) -> list[str]:
    """Say what the values are, and what a constant or intermittent series means."""
    figures = found.figures
    ends = found.times[[0, -1]].tolist() if found.frequency.isdigit() else _clock(found)[[0, -1]].tolist()
    missing = "none missing" if figures.missing == 0 else f"{figures.missing:,} missing"
    if len(found.times) == figures.missing:
        return [f"All {figures.length:,} values of {found.target} are missing: there is nothing to study."]
    values = "value" if figures.length == 1 else "values"
    said = f"{figures.length:,} {values} of {found.target}, {found.cadence}, from {ends[0]} to {ends[1]}, {missing}"
    if figures.constant:
        word = "zero" if figures.maximum == 0 else number(figures.mean)
        return [
            f"{said}.",
            f"The series is constant at {word}: it has no trend, season or spread to study, and every sound model "
            "will continue it unchanged.",
        ]
    low, high = number(figures.minimum), number(figures.maximum)
    sentences = [f"{said}; they lie between {low} and {high} with mean {number(figures.mean)}."]
    if figures.intermittent:
        interval = 1 / (1 - figures.zeros_fraction)
        sentences.append(
            f"Demand is intermittent: {percent(figures.zeros_fraction)} of the values are zero, one in "
            f"{number(interval, 2)} is not. Errors in percent (MAPE) mean nothing here; croston is made for this."
        )
    if figures.length < stationarity.MINIMUM_LENGTH:
        sentences.append("The series is too short for the tests of stationarity and of what is left.")
    return sentences


def _seasons(panel: Panel, weighed: tuple[SeasonEvidence, ...], cycle: int | None, length: int) -> str:
    said = [found.sentence for found in weighed if found.kept or not panel.integer_time]
    if not said and panel.integer_time:
        said.append("No cycle of a fixed length was found.")
    if not any(found.kept for found in weighed):
        said.append("No season is used, so seasonal naive repeats the last value as naive does.")
    if cycle is not None:
        about = span(int(float(f"{cycle:.3g}")), panel.frequency)
        said.append(
            f"The series swings in longer cycles of about {about}, {number(length / cycle, 2)} of them, whose length "
            f"need not be exact; to use it as a season, set the season to {cycle}."
        )
    return " ".join(said)


def _strengths(found: Profile) -> str:
    split = found.decomposition
    if split is None:
        return ""
    made = split.chosen
    parts = [f"trend {_strength(made.trend_strength)}"]
    for season, strength in zip(made.seasons, made.seasonal_strengths, strict=True):
        parts.append(f"season of {span(season, found.frequency)} {_strength(strength)}")
    return f"Strength on a scale from 0 to 1 ({made.method.upper() if made.seasons else 'lowess'}): {listing(parts)}."


def _strength(value: float) -> str:
    word = "strong" if value > stationarity.STRONG_SEASON else "moderate" if value > 0.4 else "weak"
    return f"{value:.2f} ({word})"


def _caps(length: int, seasons: tuple[int, ...]) -> tuple[str, ...]:
    """Say which parts read only the newest values."""
    limits = {
        "the stationarity tests": stationarity.NEWEST,
        "the decomposition and its remainder": decomposition.cap(seasons),
        "the correlograms": autocorrelation.NEWEST,
    }
    capped = [f"{name} the newest {limit:,}" for name, limit in limits.items() if length > limit]
    return (f"To stay quick, {listing(capped)} of the {length:,} values were read.",) if capped else ()
