"""Which models a last fit to everything can still be paid for, of a budget of seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.evaluation.contenders import BASELINE
from tidegate.evaluation.outlay import can_be_limited, last_fit

if TYPE_CHECKING:
    from tidegate.evaluation.results import Backtest


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
    dear = {}
    for label, result in found.results.items():
        if label == BASELINE or result.model is None or can_be_limited(result.model):
            continue
        longest = float(result.fit_seconds.max() + result.predict_seconds.max())
        seconds = last_fit(result.model, longest, n_series / len(found.panel))
        if seconds > left:
            dear[label] = seconds
    if not dear:
        return found
    results = {label: result for label, result in found.results.items() if label not in dear}
    said = {
        label: f"its last fit, to {n_series:,} series, would take about {seconds:,.0f} s, and {max(left, 0):,.0f} s of "
        "the budget are left"
        for label, seconds in dear.items()
    }
    return replace(found, results=results, left_out={**found.left_out, **said})
