"""The section on what the recommended model leaves unexplained: its one-step errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.residuals import diagnose
from tidegate.analysis.wording import probability
from tidegate.errors import TidegateError
from tidegate.report import axes, blocks, wording
from tidegate.report.sections.series import correlogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.analysis.residuals import Residuals
    from tidegate.forecasters.base import Forecaster
    from tidegate.report.view import View

    Floats = NDArray[np.float64]

_FEWEST, _MOST = 12, 96
_N_BINS = 17
_LEANING = 3.0


def section(view: View, model: Forecaster) -> blocks.Block:
    """Return the checks of the fitted recommended model's residuals on the first series shown."""
    n, _ = view.shown[0]
    found = one_step(view, model, n)
    parts: list[blocks.Block | None] = []
    if found is None:
        parts.append(blocks.text(["The series is too short to check the residuals."]))
    else:
        parts += _checks(view, n, *found)
    return blocks.section("residuals", f"Residual checks of {view.verdict.recommended}", parts, short="Residuals")


def one_step(view: View, model: Forecaster, n: int) -> tuple[NDArray[np.int64], Floats] | None:
    """Return times and errors of the fitted model's one-step forecasts over the newest part of series `n`.

    Parameters
    ----------
    view
        Where the series is.
    model
        Fitted on it; it reads on from each origin and is not fitted again.
    n
        Position of the series.

    Returns
    -------
    tuple of ndarray or None
        At most `_MOST` residuals; None if there would be fewer than `_FEWEST` or the model cannot read so little.
    """
    one = view.panel.take([n])
    length = int(one.lengths[0])
    count = min(_MOST, length // 2)
    if count < _FEWEST:
        return None
    ends = np.arange(length - count, length)
    made = np.empty(count)
    try:
        for m, end in enumerate(ends):
            made[m] = model.forecast(one.before(np.array([end]), view.horizon)).mean[0, 0]
    except TidegateError:
        return None
    errors = one.values[ends] - made
    seen = np.isfinite(errors)
    return (one.times[ends[seen]], errors[seen]) if seen.sum() >= _FEWEST else None


def _checks(view: View, n: int, times: NDArray[np.int64], errors: Floats) -> list[blocks.Block | None]:
    found = diagnose(errors, view.panel.season)
    of = f" of {view.panel.ids[n]}" if len(view.panel) > 1 else ""
    lead = f"Residuals{of}: errors one step ahead from the newest {len(errors)} origins, in the data it was fitted on."
    kind = f"Residual of {axes.target(view.panel)}"
    figures: list[blocks.Block | None] = [_over_time(view, kind, times, errors), _spread(kind, errors)]
    if found is not None:
        shown = found.correlogram
        unit = wording.steps_label(view.panel.frequency)
        figures.append(correlogram("Autocorrelation of the residuals", shown, [shown.acf, shown.acf_bound], unit))
    said = [lead, _bias(errors), "" if found is None else found.statement]
    return [blocks.text(said), blocks.grid(figures), _figures_of(found)]


def _bias(errors: Floats) -> str:
    """Say that the forecasts lean to one side, if they do."""
    mean, noise = float(errors.mean()), float(errors.std()) / np.sqrt(len(errors))
    if abs(mean) <= _LEANING * noise:
        return "On average they are close to 0."
    return f"On average the forecasts are {wording.number(abs(mean))} too {'low' if mean > 0 else 'high'}."


def _over_time(view: View, kind: str, times: NDArray[np.int64], errors: Floats) -> blocks.Block:
    line = {
        "role": "recommended",
        "name": "residual",
        "width": 1.2,
        "points": True,
        **axes.points(times, errors, view.panel),
    }
    data = {"x": axes.time_axis(view.panel), "y": kind, "lines": [line], "height": 190}
    data["rules"] = [{"y": 0.0, "role": "bound"}]
    largest = wording.number(float(np.abs(errors).max()))
    words = blocks.Words("Over time", f"Residuals over time around 0; the largest is {largest} in size.")
    return blocks.figure("lines", data, words)


def _spread(kind: str, errors: Floats) -> blocks.Block:
    """Return the histogram of the residuals with the normal curve of the same mean and deviation."""
    counts, edges = np.histogram(errors, bins=min(_N_BINS, max(5, len(errors) // 4)))
    mean, deviation = float(errors.mean()), float(errors.std())
    margin = edges[1] - edges[0]
    data = {
        "x": {"kind": "number", "title": kind, "domain": [float(edges[0] - margin), float(edges[-1] + margin)]},
        "y": "Number of residuals",
        "start": edges[:-1].tolist(),
        "stop": edges[1:].tolist(),
        "count": counts.tolist(),
        "height": 190,
    }
    if deviation > 0:
        x = np.linspace(edges[0] - margin, edges[-1] + margin, 80)
        density = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        data["curve"] = {"x": axes.rounded(x), "y": axes.rounded(density * len(errors) * margin)}
    words = blocks.Words(
        "Distribution",
        f"Histogram of the residuals: mean {wording.number(mean)}, standard deviation {wording.number(deviation)}.",
        "The dashed curve is the normal distribution of the same mean and deviation." if deviation > 0 else "",
    )
    return blocks.figure("histogram", data, words)


def _figures_of(found: Residuals | None) -> blocks.Block | None:
    if found is None:
        return None
    pairs = [
        (
            f"Ljung-Box over {found.lags} lags",
            f"{wording.number(found.ljung_box)}, {probability(found.ljung_box_p)}",
        ),
        ("Jarque-Bera", f"{wording.number(found.jarque_bera)}, {probability(found.jarque_bera_p)}"),
        ("Skewness, excess kurtosis", f"{wording.fixed(found.skewness, 2)}, {wording.fixed(found.excess_kurtosis, 2)}"),
        ("Mean, standard deviation", f"{wording.number(found.mean)}, {wording.number(found.deviation)}"),
    ]
    return blocks.facts(pairs)
