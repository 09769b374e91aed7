"""The section on the data's own behaviour: decomposition, stationarity, correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import span
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.analysis.autocorrelation import Correlogram
    from tidegate.analysis.profile import Profile
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]


def section(profile: Profile, panel: Panel) -> blocks.Block:
    """Return what was found in the series that was studied.

    Parameters
    ----------
    profile
        The study of one series.
    panel
        Where it comes from: its clock and units.
    """
    parts = [
        blocks.bullets(_findings(profile)),
        *decomposition(profile, panel),
        *stationarity(profile, panel),
        *correlations(profile),
        *sampling(profile),
    ]
    return blocks.section("series", "The series", parts)


def _findings(profile: Profile) -> list[str]:
    """Return what the study says, without what stands further down beside its charts."""
    apart = set(profile.notes)
    if profile.stationarity is not None:
        found = profile.stationarity
        apart |= {found.readings[0].statement, found.statement, found.rolling_statement}
    apart |= {part.statement for part in (profile.autocorrelation, profile.sampling) if part is not None}
    return [sentence for sentence in profile.sentences() if sentence not in apart]


def decomposition(profile: Profile, panel: Panel) -> list[blocks.Block | None]:
    """Return the observed series, its trend, its seasons and what is left, one chart under the other."""
    if profile.decomposition is None:
        return [observed(profile, panel)]
    found = profile.decomposition.chosen
    times = profile.times[len(profile.times) - len(found.trend) :]
    seen = profile.observed[len(profile.observed) - len(found.trend) :]
    additive = found.kind == "additive"
    unit = axes.target(panel) if additive else "factor (1 = no effect)"
    method = f"{found.method.upper() if found.method in ('stl', 'mstl') else found.method}, {found.kind}"
    parts = [_part("Observed and trend", axes.target(panel), (times, [seen, found.trend]), panel)]
    for season, values in zip(found.seasons, found.seasonal, strict=True):
        title = f"Season of {span(season, panel.frequency)}"
        parts.append(_part(title, unit, (times, [values]), panel))
    parts.append(_part("What is left (remainder)", unit, (times, [found.residual]), panel))
    parts[0]["caption"] = f"Decomposition by {method}. {axes.said_if_condensed(len(times))}".strip()
    parts[0]["key"] = [["observed", "observed"], ["winner", "trend"]]
    return list(parts)


def _part(title: str, unit: str, drawn: tuple[NDArray[np.int64], list[Floats]], panel: Panel) -> blocks.Block:
    """Return one chart of components: the observed series with its trend, or one component alone."""
    times, components = drawn
    kept = axes.extremes(times, components[0])
    thin = 1.4 if len(kept) <= axes.MOST_HOVERED else 0.9
    looks = [("observed", thin), ("winner", 2.4)] if len(components) > 1 else [("recommended", thin)]
    lines = [
        {"role": role, "name": title, "width": width, **axes.points(times[kept], values[kept], panel)}
        for (role, width), values in zip(looks, components, strict=True)
    ]
    data = {"x": axes.time_axis(panel), "y": unit, "lines": lines, "height": 170 if len(components) > 1 else 120}
    low, high = (wording.number(float(limit(components[0])), 3) for limit in (np.nanmin, np.nanmax))
    return blocks.figure("lines", data, blocks.Words(title, f"{title}: between {low} and {high}."))


def observed(profile: Profile, panel: Panel) -> blocks.Block:
    """Return the series as it was observed."""
    kept = axes.extremes(profile.times, profile.observed)
    line = {"role": "observed", "name": "observed", **axes.points(profile.times[kept], profile.observed[kept], panel)}
    data = {"x": axes.time_axis(panel), "y": axes.target(panel), "lines": [line], "height": 240}
    length = len(profile.times)
    words = blocks.Words("Observed", f"{length:,} observations of {panel.target}.", axes.said_if_condensed(length))
    return blocks.figure("lines", data, words)


def stationarity(profile: Profile, panel: Panel) -> list[blocks.Block | None]:
    """Return what ADF and KPSS say together, beside the rolling mean and variance."""
    found = profile.stationarity
    if found is None:
        return []
    rolling = (("Rolling mean", found.rolling_mean, ""), ("Rolling variance", found.rolling_variance, ", squared"))
    window = span(found.window, panel.frequency)
    figures = []
    for title, values, power in rolling:
        times = profile.times[len(profile.times) - len(values) :]
        kept = axes.extremes(times, values)
        kept = kept[np.isfinite(values[kept])]
        width = 2.0 if len(kept) <= axes.MOST_HOVERED else 0.8
        line = {"role": "recommended", "name": title, "width": width, **axes.points(times[kept], values[kept], panel)}
        unit = f"{axes.clipped(panel.target)} (in the data's unit{power})"
        data = {"x": axes.time_axis(panel), "y": unit, "lines": [line], "height": 170}
        words = blocks.Words(title, f"{title} over {window}.", f"Over windows of {window}.")
        figures.append(blocks.figure("lines", data, words))
    return [
        blocks.heading("Does it stay the same over time?"),
        blocks.text([found.readings[0].statement, found.statement, found.rolling_statement]),
        blocks.grid(figures),
        _tests(found.readings),
    ]


def _tests(readings: Any) -> blocks.Block:
    columns = [blocks.column("Series"), blocks.column("ADF p", numeric="yes"), blocks.column("KPSS p", numeric="yes")]
    rows = []
    for one in readings:
        cells = [blocks.cell(one.label), blocks.cell(one.adf_p_text), blocks.cell(one.kpss_p_text)]
        rows.append([*cells, blocks.cell(one.statement)])
    caption = "ADF: a small p speaks against a unit root. KPSS: a small p speaks against a constant level."
    return blocks.table([*columns, blocks.column("Read together")], rows, caption=caption, folded="The two tests")


def correlations(profile: Profile) -> list[blocks.Block | None]:
    """Return the autocorrelations and partial autocorrelations, as observed and after differencing."""
    found = profile.autocorrelation
    if found is None:
        return []
    shown = [one for one in (found.observed, found.differenced) if one is not None]
    figures = []
    for one in shown:
        kinds = (("Autocorrelation", one.acf, one.acf_bound), ("Partial autocorrelation", one.pacf, one.pacf_bound))
        figures += [
            correlogram(f"{kind}, {one.label}", one, drawn, wording.steps_label(profile.frequency))
            for kind, *drawn in kinds
        ]
    lead = "How much each value says about the one a few steps later; stems outside the grey band are not chance."
    return [
        blocks.heading("What the past says about the future"),
        blocks.text([lead, found.statement]),
        blocks.grid(figures),
    ]


def correlogram(title: str, found: Correlogram, drawn: list[Floats], unit: str) -> blocks.Block:
    """Return stems of correlation by lag.

    Parameters
    ----------
    title
        What is correlated.
    found
        Where the lags come from, shape (K,).
    drawn
        The correlations and the half-width of their band around 0, shape (K,) each.
    unit
        What lags are counted in: "months".
    """
    values, bound = drawn
    lags = found.lags.tolist()
    low = min(-0.25, float(np.nanmin(values)), float(np.nanmin(-bound))) - 0.05
    high = max(0.25, float(np.nanmax(values)), float(np.nanmax(bound))) + 0.05
    data = {
        "x": {"kind": "number", "title": f"Lag ({unit})", "whole": True, "domain": [0, lags[-1] + 1]},
        "y": f"Correlation (from {wording.MINUS}1 to 1)",
        "lag": lags,
        "value": axes.rounded(values),
        "lower": axes.rounded(-bound),
        "upper": axes.rounded(bound),
        "domain": [max(low, -1.05), min(high, 1.05)],
        "height": 170,
    }
    largest = int(np.nanargmax(np.abs(values)))
    n_outside = int(np.sum(np.abs(values) > bound))
    spoken = f"{title} at lags 1 to {lags[-1]}: {n_outside} outside the band of chance, the largest "
    spoken += f"{wording.fixed(float(values[largest]), 2)} at lag {lags[largest]}."
    return blocks.figure("stems", data, blocks.Words(title, spoken))


def sampling(profile: Profile) -> list[blocks.Block | None]:
    """Return the warning that the series is sampled too coarsely, if it is."""
    if profile.sampling is None or not profile.sampling.coarse:
        return []
    return [blocks.heading("Is it measured often enough?"), blocks.text([profile.sampling.statement])]
