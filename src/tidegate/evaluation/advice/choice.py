"""Which model to start with: documented rules and measured figures, each named beside what it decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.analysis.wording import listing, number, percent
from tidegate.errors import SettingError
from tidegate.evaluation.candidates import LEAST_WINDOWS
from tidegate.evaluation.contenders import BASELINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.evaluation.advice.figures import Cost, Figure, Figures
    from tidegate.evaluation.advice.situation import Situation

NETWORK, RIVAL = "gru", "lstm"
SIMPLE = ("theta", "ets")
"""What needs no choices, the first to try first."""

DAY = 24
MANY, ONE, SHORT, LONG, LONG_WINDOW, SHORT_WINDOW = 20, 3, 60, 500, 96, 24
"""Series that are many, that count as one alone; values of a short and a long one; steps of long and short windows."""


@dataclass(frozen=True)
class Reason:
    """Why something is advised.

    Parameters
    ----------
    text
        In a sentence.
    claim
        The measured claim it cites, if any.
    rule
        The documented rule it follows, if any.
    """

    text: str
    claim: str | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Limits:
    """What a model may take where it runs: megabytes of its process, milliseconds of a forecast; None for any."""

    memory: float | None = None
    latency: float | None = None

    def crossed(self, cost: Cost) -> list[str]:
        """Return which limits such a cost crosses, in words."""
        said = []
        if self.memory is not None and cost.memory > self.memory:
            said.append(f"took {number(cost.memory)} MB where {number(self.memory)} are allowed")
        if self.latency is not None and cost.latency > self.latency:
            said.append(f"took {number(cost.latency, 2)} ms a forecast where {number(self.latency, 2)} are allowed")
        return said


@dataclass(frozen=True)
class Choice:
    """Where to start.

    Parameters
    ----------
    start
        The model.
    reasons
        Why.
    compare
        What to compare it with next; seasonal naive is compared in any case.
    avoid
        By model: why not to start with it.
    """

    start: str
    reasons: tuple[Reason, ...]
    compare: tuple[str, ...]
    avoid: dict[str, tuple[Reason, ...]]


@dataclass(frozen=True)
class _Case:
    """What the rules look at."""

    found: Situation
    limits: Limits
    measured: Figures

    def allows(self, model: str) -> bool:
        """Return whether the limits allow a model; one whose cost is not known only without limits."""
        if self.limits == Limits():
            return True
        cost = self.measured.costs.get(model)
        return cost is not None and not self.limits.crossed(cost)

    @property
    def network(self) -> bool:
        """Whether a network has enough to learn from and is allowed."""
        return self.found.n_windows >= LEAST_WINDOWS and self.allows(NETWORK)

    def claim(self, name: str) -> Figure:
        return self.measured.claims[name]


def choose(found: Situation, limits: Limits, measured: Figures) -> Choice:
    """Return where to start.

    The first rule that applies decides: intermittent demand, covariates, kept gaps, what was measured on data of this
    kind, and the candidates of `auto`.

    Raises
    ------
    SettingError
        If no model stays within the limits.
    """
    case = _Case(found, limits, measured)
    able = [name for name in (*SIMPLE, "linear", BASELINE) if case.allows(name)]
    if not able and not case.network:
        raise _impossible(limits, measured)
    made = next(one for rule in _RULES if (one := rule(case)) is not None)
    start, reasons = made
    if not case.allows(start):
        why = Reason(f"{start} would come first, but it {_over(case, start)}.", rule="limits")
        start, reasons = (able or [NETWORK])[0], (*reasons, why)
    wanted = (
        *found.candidates,
        *(("linear",) if _read(found) else ()),
        *((RIVAL,) if case.network and _favoured(case) else ()),
    )
    others = [name for name in dict.fromkeys(wanted) if name not in (start, BASELINE) and case.allows(name)]
    return Choice(start, reasons, tuple(others), _avoided(case, start))


def _impossible(limits: Limits, measured: Figures) -> SettingError:
    least = {name: min(measured.costs, key=lambda model: getattr(measured.costs[model], name)) for name in vars(limits)}
    memory, latency = (measured.costs[least[name]] for name in ("memory", "latency"))
    return SettingError(
        "memory and latency allow no model: the least measured are "
        f"{number(memory.memory)} MB ({least['memory']}) and {number(latency.latency, 2)} ms a forecast "
        f"({least['latency']}). Allow more."
    )


def _over(case: _Case, model: str) -> str:
    cost = case.measured.costs.get(model)
    return " and ".join(case.limits.crossed(cost)) if cost else "was not measured"


Decided = tuple[str, tuple[Reason, ...]]


def _intermittent(case: _Case) -> Decided | None:
    if not case.found.intermittent:
        return None
    text = "Demand is intermittent: most series are zero too often for the other models; croston is made for it."
    none = "None of our tested claims is about such demand: no evidence beyond the rule."
    return "croston", (Reason(text, rule="intermittent demand"), Reason(none))


def _read(found: Situation) -> list[str]:
    """Return the kinds of covariates that change over time."""
    return [kind for kind in found.covariates if kind != "static"]


def _covariates(case: _Case) -> Decided | None:
    kinds = _read(case.found)
    if not kinds:
        return None
    text = f"There are {listing(kinds)} covariates: theta and ets cannot read them, gru and linear can."
    none = "None of our tested claims is about covariates: no evidence beyond the rule."
    start = NETWORK if case.network else "linear"
    return start, (Reason(text, rule="covariates"), Reason(none), *_learnable(case))


def _gaps(case: _Case) -> Decided | None:
    if not (case.found.missing and case.found.keeps_gaps and case.network):
        return None
    text = f"{percent(case.found.missing)} of the values are missing and kept as gaps: only networks read gaps as gaps."
    return NETWORK, (Reason(text, rule="gaps"), _cite(case, "lstm-under-gaps"))


def _many(case: _Case) -> Decided | None:
    if case.found.n_series < MANY or not case.network:
        return None
    long = case.found.length >= LONG and max(case.found.seasons) > 1
    if long and not _is_hourly(case.found):
        return None
    prefix = "gru-over-hourly-beats-" if long else "gru-over-many-beats-"
    unbeaten = [name for name in SIMPLE if case.claim(prefix + name).verdict != "holds"]
    text = f"{case.found.n_series:,} related series share one network."
    if not unbeaten:
        return NETWORK, (Reason(text), *(_cite(case, prefix + name) for name in SIMPLE))
    start = unbeaten[0]
    return start, (
        Reason(f"{text} On such data it was not clearly more accurate than {start}, which costs far less."),
        _cite(case, prefix + start),
    )


def _is_hourly(found: Situation) -> bool:
    """Return whether steps are hours, or may be: counted ones with a season of 24."""
    return found.frequency == "h" or (found.frequency == "1" and DAY in found.seasons)


def _alone(case: _Case) -> Decided | None:
    if case.found.n_series > ONE or case.found.length >= SHORT:
        return None
    ranked = sorted((*SIMPLE, "linear", BASELINE), key=lambda name: -case.claim(f"{name}-on-one-series").effect)
    better = [name for name in ranked if case.claim(f"{name}-on-one-series").verdict == "holds"]
    text = f"Series of about {case.found.length} values alone are short."
    if better:
        return better[0], (Reason(text), _cite(case, f"{better[0]}-on-one-series"))
    unclear = f"{text} Nothing was clearly more accurate than a gru there; theta comes first, which needs no choices."
    return "theta", (Reason(unclear, rule="auto's candidates"), _cite(case, "theta-on-one-series"))


def _usual(case: _Case) -> Decided:
    found = case.found
    text = (
        f"{found.n_series:,} series of about {found.length:,} values: none of our tested claims is about such data, so "
        "there is no evidence. theta is quick, needs no choices, and is a candidate of auto on any data."
    )
    return "theta", (Reason(text, rule="auto's candidates"), *_learnable(case))


_RULES: tuple[Callable[[_Case], Decided | None], ...] = (_intermittent, _covariates, _gaps, _many, _alone, _usual)


def _windows(case: _Case) -> Reason:
    count, enough = case.found.n_windows, case.found.n_windows >= LEAST_WINDOWS
    said = "so it is worth comparing" if enough else "so it is no candidate yet"
    return Reason(
        f"A network would learn from {count:,} windows; auto asks for {LEAST_WINDOWS}, {said}.",
        rule="auto's candidates",
    )


def _learnable(case: _Case) -> tuple[Reason, ...]:
    """Return why a network is compared, where it is."""
    return (_windows(case),) if case.network else ()


def _cite(case: _Case, claim: str) -> Reason:
    return Reason(str(case.claim(claim)), claim=claim)


def _of_cells(case: _Case) -> list[str]:
    """Return the claims on GRU and LSTM that are about data like these."""
    found = case.found
    names = {
        "gru-on-one-series": found.n_series <= ONE and found.length < SHORT,
        "gru-on-few-series": ONE < found.n_series < MANY,
        "gru-on-short-windows": found.window <= SHORT_WINDOW,
        "lstm-on-long-windows": found.window >= LONG_WINDOW,
        "lstm-on-adding-100": found.window >= LONG_WINDOW,
        "lstm-under-gaps": found.missing > 0 and found.keeps_gaps,
    }
    return [name for name, applies in names.items() if applies]


def _favoured(case: _Case) -> bool:
    """Return whether a claim shows the LSTM to be the better cell on data like these."""
    verdicts = {name: case.claim(name).verdict for name in _of_cells(case)}
    return any(verdict == ("holds" if name.startswith(RIVAL) else "fails") for name, verdict in verdicts.items())


def _avoided(case: _Case, start: str) -> dict[str, tuple[Reason, ...]]:
    """Return what not to start with, and why."""
    if not case.network:
        few = case.found.n_windows < LEAST_WINDOWS
        why = _windows(case) if few else Reason(f"It {_over(case, NETWORK)}.", rule="limits")
        avoid: dict[str, tuple[Reason, ...]] = {
            NETWORK: (why,),
            RIVAL: (Reason(f"What speaks against {NETWORK} speaks against it too."),),
        }
        avoid.pop(start, None)
        return avoid
    if _favoured(case):
        return {}
    cited = [_cite(case, name) for name in _of_cells(case)]
    none = Reason("On windows like these no claim of ours compares its accuracy with a gru's: no evidence.")
    costs = (_cite(case, name) for name in ("gru-smaller", "gru-trains-faster"))
    return {RIVAL: (*(cited or [none]), *costs)}
