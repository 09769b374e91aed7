"""Which models a last fit to everything can still be paid for, of a budget of seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.evaluation.contenders import BASELINE
from tidegate.evaluation.outlay import LONGER, can_be_limited

if TYPE_CHECKING:
    from tidegate.evaluation.results import Backtest, ModelResult


def affordable(found: Backtest, n_series: int, left: float) -> Backtest:
    """Return the backtest without the models whose last fit would take longer than there is time.

    Seasonal naive stays, and so do models whose training can be told how long it may take.

    Parameters
    ----------
    found
        Of some of the series.
    n_series
        All of them, which the last fit is to.
    left
        Seconds until the fit and its forecast must be done.
    """
    dear = {
        label: seconds
        for label, result in found.results.items()
        if label != BASELINE
        and result.model is not None
        and not can_be_limited(result.model)
        and (seconds := _seconds(result, n_series / len(found.panel))) > left
    }
    if not dear:
        return found
    results = {label: result for label, result in found.results.items() if label not in dear}
    said = {
        label: f"its last fit, to {n_series:,} series, would take about {seconds:,.0f} s, and {max(left, 0):,.0f} s of "
        "the budget are left"
        for label, seconds in dear.items()
    }
    return replace(found, results=results, left_out={**found.left_out, **said})


def _seconds(result: ModelResult, growth: float) -> float:
    """Return about how long a fit to `growth` times the series and its forecast take."""
    longest = float(result.fit_seconds.max() + result.predict_seconds.max())
    alone = result.model is not None and result.model.traits.scope == "series"
    return LONGER * longest * (growth if alone else 1.0)
