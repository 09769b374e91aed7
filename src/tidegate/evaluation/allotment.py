"""What of a budget of seconds each candidate of `auto` may take: to be judged, and to be fitted to everything."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from tidegate.evaluation.outlay import LONGER, Clock, can_be_limited, last_fit, within
from tidegate.evaluation.work import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.evaluation.work import Job, Outcome
    from tidegate.forecasters.base import Forecaster

_PILOT = 4
"""Series that a model of one series each is tried on before it is known how long all of them take."""
_JUDGED = 3
"""The part of what is left for a network that judging it takes, as a divisor: forecasts of all folds come on top."""


class Allotment:
    """The seconds of a budget, from now on, and who gets them.

    Models of one series each are tried on a few series first, and left out where all of them, and the fit to everything
    after, would take longer than is left. Of a single series there are no few, and what is fitted to all series at once
    cannot be tried on a few: if it cannot be limited it is judged, however long that takes, and as much is kept for its
    last fit. Networks share what those leave: a third to be judged, the rest, in equal parts for those that are chosen,
    to be fitted.

    Parameters
    ----------
    seconds
        Of everything; None for no limit: then no clock is read and nothing is changed.
    n_series
        Series that the chosen are fitted to in the end.
    """

    def __init__(self, seconds: float | None, n_series: int) -> None:
        self._limited, self._clock = seconds is not None, Clock(seconds)
        self._n_series = n_series
        self._kept: dict[str, float] = {}
        self._over = 0.0  # what preparing and calibrating took beyond a network's share

    def refusal(self, label: str, job: Job) -> str:
        """Return why a candidate is not judged, or ""."""
        if not self._limited:
            return ""
        if self._clock.left() <= 0:
            return "the budget was spent"
        n_judged = job.ends.shape[1]
        count = min(_PILOT, n_judged // 2)
        if can_be_limited(job.model) or job.model.traits.scope == "panel" or not count:
            return ""
        needed, kept = self._needed(job, count, n_judged)
        left = self._clock.left()
        if needed + kept > left:
            return f"it would take about {needed + kept:,.0f} s, and {max(left, 0):,.0f} s of the budget are left"
        self._kept[label] = kept
        return ""

    def judged(self, label: str, job: Job) -> Outcome:
        """Judge a candidate; a network trains for a third of what the others leave."""
        if not self._limited:
            return judge(job)
        if not can_be_limited(job.model):
            outcome = judge(job)
            growth = self._n_series / job.ends.shape[1]
            self._kept.setdefault(label, last_fit(job.model, float(outcome.fit_seconds.max()), growth))
            return outcome
        share, started = max(self._free(self._kept) / _JUDGED, 0.0), time.monotonic()
        outcome = judge(replace(job, model=within(clone(job.model), share)))
        self._over = max(self._over, time.monotonic() - started - share)
        return outcome

    def to_fit(self, chosen: Mapping[str, Forecaster]) -> dict[str, Forecaster]:
        """Return the models that were chosen, by label: those that can be limited share equally what others leave."""
        if not self._limited:
            return dict(chosen)
        n_limited = sum(map(can_be_limited, chosen.values()))
        share = self._free(self._kept.keys() & chosen.keys()) / max(n_limited, 1) - self._over
        return {label: within(clone(model), share) for label, model in chosen.items()}

    def _needed(self, job: Job, count: int, n_judged: int) -> tuple[float, float]:
        """Return about how many seconds judging takes, and the fit to everything.

        One series goes before, unmeasured: it loads the library.
        """
        for n_series in (1, count):
            started = time.monotonic()
            panel = job.panel.take(np.arange(n_series))
            outcome = judge(replace(job, panel=panel, ends=job.ends[:, :n_series]))
        took = time.monotonic() - started
        return took / count * n_judged, LONGER * float(outcome.fit_seconds.sum()) / count * self._n_series

    def _free(self, kept: Iterable[str]) -> float:
        return self._clock.left() - sum(self._kept[label] for label in kept)
