"""Where to start with some data: a model, why, what to compare it with, and what would change the advice."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tidegate.analysis.wording import listing, number, percent, span, step
from tidegate.data.intake import as_panel
from tidegate.errors import SettingError
from tidegate.evaluation.advice.choice import MANY, NETWORK, Choice, Limits, choose
from tidegate.evaluation.advice.figures import figures
from tidegate.evaluation.advice.situation import Situation, situation
from tidegate.evaluation.candidates import LEAST_WINDOWS
from tidegate.evaluation.contenders import BASELINE
from tidegate.forecasters.network.defaults import members_for
from tidegate.training.settings import Training, updates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.data.columns import Columns, Options

DECODER, HIDDEN = "direct", 64
"""Defaults of a recurrent forecaster."""

_BOTH_RUNS = 1.4
"""Updates of a fit, with those on everything after the newest values were held out, relative to the first run."""

_FOLDS = 5

_EFFECT = (
    "An effect is a mean relative difference, positive in favour of the sentence cited, against it if negative; p is "
    "two-sided, after Holm's correction over all claims."
)


@dataclass(frozen=True)
class Advice:
    """Where to start, and why.

    Parameters
    ----------
    situation
        The data in figures.
    limits
        Allowed memory and latency.
    choice
        The model to start with, the reasons, what to compare it with and what not to start with.
    seconds
        About how long one fit of a network takes; None where none is advised.
    changes
        What would change the advice, in sentences.
    notes
        What was inferred about the data.
    """

    situation: Situation
    limits: Limits
    choice: Choice
    seconds: float | None
    changes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def start(self) -> str:
        """Name of the model to start with."""
        return self.choice.start

    @property
    def models(self) -> tuple[str, ...]:
        """What to judge next: the model to start with and those to compare it with."""
        return tuple(dict.fromkeys((BASELINE, self.start, *self.choice.compare)))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the model to start with that are worth knowing: its defaults, which fit the data."""
        if self.start != NETWORK:
            return {}
        return {"decoder": DECODER, "hidden_size": HIDDEN, "window": self.situation.window}

    def headline(self) -> str:
        """Return the advice in a sentence."""
        made = "" if self.start != NETWORK else f" ({_settings(self.settings)})"
        rest = [name for name in self.choice.compare if name != BASELINE]
        then = f", then compare it with {listing(rest)}" if rest else ""
        against = f"; {BASELINE} is compared in any case" if self.start != BASELINE else ""
        return f"Start with {self.start}{made}{then}{against}."

    def command(self, words: Sequence[str] = ("DATA",)) -> str:
        """Return the command that judges these models; `words` say which data, as they are typed."""
        asked = ("--horizon", str(self.situation.horizon), "--models", ",".join(self.models))
        return shlex.join(("tidegate", "forecast", *words, *asked))

    def sections(self, words: Sequence[str] = ("DATA",)) -> dict[str, list[str]]:
        """Return the whole advice as sentences by heading; `words` as in `command`."""
        avoid = [
            f"Do not start with {name}. {' '.join(one.text for one in why)}" for name, why in self.choice.avoid.items()
        ]
        source = figures().source
        return {
            "Data": [*self.notes, *_facts(self.situation)],
            "Advice": [self.headline()],
            "Why": [one.text for one in self.choice.reasons],
            "What not to start with": avoid,
            "Next": [self.command(words), *self._costs()],
            "What would change this": list(self.changes),
            "Figures": [_EFFECT, f"Measured on {source['machine']}, {source['versions']}: {source['file']}."],
        }

    def sentences(self) -> list[str]:
        """Return the whole advice, one sentence or more an entry."""
        return [sentence for part in self.sections().values() for sentence in part]

    def to_dict(self) -> dict[str, Any]:
        """Return every figure and sentence under stable names; JSON can hold the result."""
        measured = figures()
        cited = [one for part in (self.choice.reasons, *self.choice.avoid.values()) for one in part]
        names = dict.fromkeys(one.claim for one in cited if one.claim is not None)
        return {
            "start": {"model": self.start, "settings": self.settings},
            "compare": list(self.choice.compare),
            "avoid": {name: [asdict(one) for one in why] for name, why in self.choice.avoid.items()},
            "reasons": [asdict(one) for one in self.choice.reasons],
            "figures": {name: asdict(measured.claims[name]) for name in names},
            "source": measured.source,
            "facts": {name: list(one) if isinstance(one, tuple) else one for name, one in vars(self.situation).items()},
            "limits": asdict(self.limits),
            "training_seconds": None if self.seconds is None else round(self.seconds, 1),
            "next": self.command(),
            "changes": list(self.changes),
            "notes": list(self.notes),
            "sentences": self.sentences(),
        }

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def _costs(self) -> list[str]:
        """Say how long it may take."""
        source = figures().source
        where = f"measured once on one core of {source['machine']}"
        if self.seconds is None:
            return ["None of these models is trained as networks are: each takes seconds at most for a series."]
        return [
            f"A fit of {NETWORK} takes about {number(self.seconds, 1)} s, roughly: its updates by rule times the pace "
            f"{where}; the command fits it up to {_FOLDS + 1} times, in several processes."
        ]


def advise(
    data: Any,
    *,
    horizon: int | None = None,
    memory: float | None = None,
    latency: float | None = None,
    columns: Columns | None = None,
    options: Options | None = None,
) -> Advice:
    """Return which model to start with and why, citing measured figures and documented rules; trains nothing.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame or series.
    horizon
        Steps ahead; None for a season, or 12 steps without one, but at most a fifth of a typical series.
    memory
        Megabytes that the process of the model may take, positive; None for any.
    latency
        Milliseconds that a forecast of one series may take, positive; None for any.
    columns, options
        How to read a frame; a Panel has its own.

    Raises
    ------
    DataError
        If the data cannot be used, or no series is long enough to judge a forecast on.
    SettingError
        If an argument is outside its limits, or no model stays within memory and latency.

    >>> import tidegate
    >>> tidegate.advise(tidegate.example("air-passengers"), horizon=12).start
    'theta'
    """
    for name, value in (("memory", memory), ("latency", latency)):
        if value is not None and not 0 < value < float("inf"):
            raise SettingError(f"{name} is {value!r}; it must be a number above 0.")
    panel = as_panel(data, columns, options)
    found, limits = situation(panel, horizon), Limits(memory, latency)
    choice = choose(found, limits, figures())
    trains = NETWORK in (choice.start, *choice.compare)
    seconds = _training_seconds(found) if trains else None
    notes = [*panel.notes]
    if horizon is None:
        notes.append(f"No horizon was given: {found.horizon} steps are assumed.")
    return Advice(found, limits, choice, seconds, tuple(_changes(found, limits, choice)), tuple(notes))


def _training_seconds(found: Situation) -> float:
    """Return about how long one fit of a network with its defaults takes."""
    n_updates = updates(Training(), found.n_windows, found.window)
    return _BOTH_RUNS * members_for(found.n_windows) * figures().pace.seconds(n_updates, found.window)


def _settings(settings: Mapping[str, Any]) -> str:
    return (
        f"{settings['decoder']} decoder, {settings['hidden_size']} hidden units, window of {settings['window']} steps"
    )


def _facts(found: Situation) -> list[str]:
    """Say what the data are like."""
    lone = found.n_series == 1
    seasons = [span(season, found.frequency) for season in found.seasons if season > 1]
    season = f"season{'s' if len(seasons) > 1 else ''} of {listing(seasons)}" if seasons else "no season"
    missing = f"{percent(found.missing)} missing" if found.missing else "none missing"
    covariates = f"{listing(found.covariates)} covariates" if found.covariates else "no covariates"
    about = f"1 series of {found.length:,}" if lone else f"{found.n_series:,} series of about {found.length:,}"
    _, noun = step(found.frequency)
    plural = "" if found.horizon == 1 else "s"
    return [
        f"{about} values, {season}, {missing}, {covariates}; {found.horizon} {noun}{plural} ahead.",
        f"A network would read {found.window} steps and learn from {found.n_windows:,} such windows.",
    ]


def _changes(found: Situation, limits: Limits, choice: Choice) -> list[str]:
    """Say what would change the advice."""
    said = ["The backtest of the command above: it judges these models on your data, our figures are from others'."]
    if found.n_windows < LEAST_WINDOWS:
        said.append(
            f"More to learn from: {LEAST_WINDOWS} windows make a network worth trying; here are {found.n_windows}."
        )
    if found.n_series < MANY:
        said.append(f"More related series: from {MANY} on, figures of networks over many series apply.")
    if not set(found.covariates) - {"static"}:
        said.append(
            "Covariates that matter, such as prices or holidays: only linear, trees and networks can read them."
        )
    if limits != Limits() and NETWORK not in (choice.start, *choice.compare) and found.n_windows >= LEAST_WINDOWS:
        cost = figures().costs[NETWORK]
        needed = f"{number(cost.memory)} MB and {number(cost.latency, 2)} ms a forecast"
        said.append(f"Wider limits: {NETWORK} was measured at {needed}.")
    return said
