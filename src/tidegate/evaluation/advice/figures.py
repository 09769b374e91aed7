"""The sentences of the textbooks, tested once on public data: what was measured of each, and the verdict.

The table `figures.json` is written by ``python -m benchmarks.claims`` and never by hand.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.stats import ttest_1samp

from tidegate.analysis.wording import percent, probability
from tidegate.evaluation.evidence.pairs import holm
from tidegate.evaluation.significance import ALPHA, FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TABLE = Path(__file__).with_name("figures.json")
Outcome = Literal["holds", "fails", "no evidence"]


@dataclass(frozen=True)
class Measurement:
    """What was measured of a claim.

    Parameters
    ----------
    claim
        Its name.
    sentence
        What textbooks say.
    conditions
        On which data and how it was measured.
    unit
        What one independent measurement is, as a plural: "panels of 10 series".
    differences
        One per unit: how much speaks for the sentence, negative against it (see `relative`).
    counted
        Whether it is arithmetic, the same on any data: then nothing is tested.
    """

    claim: str
    sentence: str
    conditions: str
    unit: str
    differences: tuple[float, ...]
    counted: bool = False


@dataclass(frozen=True)
class Figure:
    """A claim with its verdict.

    Parameters
    ----------
    claim, sentence, conditions, unit
        As in `Measurement`.
    verdict
        "holds"; "fails": the opposite is clear; "no evidence": the difference may be luck.
    effect, lower, upper
        Mean difference and its 95 % interval, as fractions; positive: in favour of the sentence.
    p
        Two-sided, of a paired t-test, after Holm's correction over all claims; None where nothing is tested.
    n
        Units.
    """

    claim: str
    sentence: str
    conditions: str
    unit: str
    verdict: Outcome
    effect: float
    lower: float
    upper: float
    p: float | None
    n: int

    def __str__(self) -> str:
        return f"\u201c{self.sentence.rstrip('.')}\u201d: {self.verdict} ({self.cited}; {self.conditions})."

    @property
    def cited(self) -> str:
        """The figures as a sentence cites them: "effect 3.1 %, 95 % interval 1.2 % to 5 %, p = 0.02, n = 16 panels"."""
        interval = f"{'range' if self.p is None else '95 % interval'} {percent(self.lower)} to {percent(self.upper)}"
        return f"effect {percent(self.effect)}, {interval}, {self.certainty}, n = {self.n} {self.unit}"

    @property
    def certainty(self) -> str:
        """How sure it is: "p = 0.02", "counted", or "no test possible"."""
        if self.p is not None:
            return probability(self.p)
        return "no test possible" if self.verdict == "no evidence" else "counted"


@dataclass(frozen=True)
class Cost:
    """What a model took, measured once on monthly series.

    Parameters
    ----------
    memory
        Most memory of a process that fits it and forecasts, in megabytes.
    latency
        Milliseconds of one forecast of one series by a fitted model.
    """

    memory: float
    latency: float


@dataclass(frozen=True)
class Pace:
    """How long training takes, measured once: processor time of an update of 64 windows with 64 hidden units.

    Parameters
    ----------
    update
        Seconds of an update whatever its windows.
    step
        Seconds of an update for each step of the window.
    """

    update: float
    step: float

    def seconds(self, n_updates: int, window: int) -> float:
        """Return about how many seconds `n_updates` take on windows of `window` steps."""
        return n_updates * (self.update + self.step * window)


@dataclass(frozen=True)
class Figures:
    """Everything that was measured.

    Parameters
    ----------
    claims
        By name.
    costs
        By model.
    pace
        Of training.
    source
        The file that keeps the measurements, and the machine and versions they were made with.
    """

    claims: dict[str, Figure]
    costs: dict[str, Cost]
    pace: Pace
    source: dict[str, str]

    def text(self) -> str:
        """Return the table as `figures.json` holds it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def relative(other: Floats, favoured: Floats) -> Floats:
    """Return by how much `other` lies above `favoured`, relative to the mean of both: from -2 to 2, 0 for equal ones.

    Errors (or seconds, or parameters) of any unit can be averaged so, and one tiny error cannot outweigh all others.

    Parameters
    ----------
    other, favoured
        Of equal shape, at least 0.

    Source: Tornqvist, Vartia & Vartia (1985), How should relative changes be measured?, The American Statistician 39,
    43-46.

    >>> import numpy as np
    >>> relative(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    array([1., 0.])
    """
    mean = (other + favoured) / 2
    return np.divide(other - favoured, mean, out=np.zeros(np.shape(mean)), where=mean > 0)


def concluded(measured: Sequence[Measurement]) -> tuple[Figure, ...]:
    """Return the verdict on each claim: a paired t-test over its units, corrected for the number of claims.

    Fewer than three units, or units that are all alike, carry no test and give "no evidence"; what is counted needs
    none, and holds or fails where all units agree.

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    tests = [_tested(np.array(one.differences), counted=one.counted) for one in measured]
    corrected = holm(np.array([p for p, _, _ in tests]))
    return tuple(
        _figure(one, (lower, upper), float(p))
        for one, (_, lower, upper), p in zip(measured, tests, corrected, strict=True)
    )


def _tested(differences: Floats, *, counted: bool) -> tuple[float, float, float]:
    """Return p and the 95 % interval; for what is counted NaN and the range."""
    if counted or len(differences) < FEWEST or np.ptp(differences) == 0:
        return math.nan, float(differences.min()), float(differences.max())
    found = ttest_1samp(differences, 0.0)
    lower, upper = found.confidence_interval(1 - ALPHA)
    return float(found.pvalue), float(lower), float(upper)


def _figure(one: Measurement, interval: tuple[float, float], p: float) -> Figure:
    effect = float(np.mean(one.differences))
    agreed = one.counted and min(np.abs(interval)) > 0 and interval[0] * interval[1] > 0
    clear = p < ALPHA or agreed
    verdict: Outcome = "no evidence" if not clear else "holds" if effect > 0 else "fails"
    told = None if math.isnan(p) else float(f"{p:.3g}")
    about = {name: getattr(one, name) for name in ("claim", "sentence", "conditions", "unit")}
    lower, upper = (round(value, 4) for value in interval)
    return Figure(
        **about, verdict=verdict, effect=round(effect, 4), lower=lower, upper=upper, p=told, n=len(one.differences)
    )


@cache
def figures() -> Figures:
    """Return the measured table that comes with the package."""
    return of_table(json.loads(TABLE.read_text(encoding="utf-8")))


def of_table(table: dict[str, Any]) -> Figures:
    """Return the figures of a table as `Figures.text` writes it."""
    return Figures(
        {name: Figure(**one) for name, one in table["claims"].items()},
        {name: Cost(**one) for name, one in table["costs"].items()},
        Pace(**table["pace"]),
        table["source"],
    )
