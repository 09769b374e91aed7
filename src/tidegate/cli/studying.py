"""What `forecast` and `compare` share: read, judge the models, write the files, print what they say."""

from __future__ import annotations

import json
import math
import shlex
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from tidegate.cli import folders, progress, results
from tidegate.cli.app import Invocation
from tidegate.cli.interruption import resumable
from tidegate.cli.observations import observations
from tidegate.cli.options import Ahead, Chance, Coverage, Folder, Judging, Source, Speech, split
from tidegate.cli.settings import configured, of_models

if TYPE_CHECKING:
    from tidegate.analysis.profile import Profile
    from tidegate.evaluation.backtest import Settings
    from tidegate.evaluation.study import Study
    from tidegate.forecasters.base import Forecaster
    from tidegate.insight.glimpse import Glimpse
    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

_WRITING = 3.0
"""Seconds of a budget that the report is given."""


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    source: Source
    ahead: Ahead
    coverage: Coverage
    judging: Judging
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    @property
    def models(self) -> tuple[str, ...]:
        """The models to try, by name."""
        from tidegate.forecasters import catalogue, registry

        named = self.judging.models
        return registry.ladder() if named is None else catalogue.chosen(split(named))

    def contenders(self) -> list[str | Forecaster]:
        """Return the models to try: those with settings of their own built, the others by name."""
        from tidegate.forecasters import registry

        given = of_models(self.judging.settings or (), self.models)
        seed, horizon = self.chance.seed, self.ahead.horizon
        return [
            configured(registry.entry(name), given[name], seed=seed, horizon=horizon) if name in given else name
            for name in self.models
        ]

    def rivals(self, panel: Panel) -> list[Forecaster]:  # noqa: ARG002 (of a comparison of cells)
        """Return further models, which depend on the data."""
        return []

    def told(self, study: Study, left: float) -> dict[str, Any]:  # noqa: ARG002 (of a comparison of cells)
        """Return what else the run found, for run.json, within so many seconds."""
        return {}

    def folds(self) -> Folds:
        """Return the rolling origins."""
        from tidegate.scoring.folds import Folds

        asked = self.judging
        return Folds(self.ahead.horizon, asked.folds, asked.stride, asked.gap, asked.window, asked.refit_every())

    def settings(self, place: folders.Place, clock: float) -> Settings:
        """Return how to run the backtest; of a budget what was spent since `clock`, on reading the data, is gone."""
        from tidegate.evaluation.backtest import Settings

        budget = self.judging.budget
        return Settings(
            levels=self.coverage.percent(),
            seed=self.chance.seed,
            processes=self.judging.workers,
            budget=None if budget is None else max(budget - (time.monotonic() - clock), 1e-3),
            store=place.store,
            watch=progress.watch(quiet=self.speech.quiet),
            warm=self.judging.warm,
            seeds=self.judging.seeds,
        )

    def left(self, clock: float) -> float:
        """Return the seconds that are left of the budget since `clock`, but for writing; infinite without one."""
        budget = self.judging.budget
        return math.inf if budget is None else budget - (time.monotonic() - clock) - _WRITING

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        judged = {name: value for name, value in asdict(self.judging).items() if name not in ("models", "processes")}
        models = list(self.models)
        levels = list(self.coverage.percent())
        return {
            **self.source.recorded(),
            "horizon": self.ahead.horizon,
            "models": models,
            "levels": levels,
            "seed": self.chance.seed,
            **judged,
        }


def run(request: Request) -> int:
    """Do what was asked for and return the exit code.

    Raises
    ------
    TidegateError
        If the request or the data cannot be used, or nothing could be judged.
    """
    place = folders.place(request.typed.command, request.source.name, request.folder)
    recorded = request.recorded()
    if place.state == "finished":
        results.check_same(place.folder, recorded)
        if not request.speech.quiet:
            typer.echo(f"{place.folder} is finished already.", err=True)
        return _show(place, request.speech)
    contenders = request.contenders()
    started, clock = datetime.now().astimezone(), time.monotonic()
    panel = _usable(request)
    contenders += request.rivals(panel)
    with resumable(place, request.typed):
        study = _study(request, contenders, panel, request.settings(place, clock))
        checked, look = _looked(study, request, panel, clock)
        facts = _facts(study, request, started, time.monotonic() - clock)
        facts |= request.told(study, request.left(clock))
        _write(study, place, facts | checked, look)
    place.clear()
    return _show(place, request.speech)


def _usable(request: Request) -> Panel:
    """Return the panel, after checking that a forecast will find the known covariates it needs."""
    from tidegate.data.future import check_future

    panel = observations(request.source)
    if request.typed.command == "forecast":
        check_future(panel, request.ahead.horizon)
    return panel


def _study(request: Request, contenders: list[str | Forecaster], panel: Panel, settings: Settings) -> Study:
    from tidegate.evaluation.study import compare, study

    work = study if request.typed.command == "forecast" else compare
    return work(
        panel,
        horizon=request.ahead.horizon,
        models=contenders,
        folds=request.folds(),
        settings=settings,
    )


def _looked(study: Study, request: Request, panel: Panel, clock: float) -> tuple[dict[str, Any], Glimpse | None]:
    """Return what run.json holds of the seal and of the best recurrent network, and the look into it.

    Only a study with a forecast has them; `clock` is when it began, by which the budget may be spent.
    """
    if study.model is None:
        return {}, None
    from tidegate.evaluation.audit.seal import seal
    from tidegate.insight.glimpse import glimpse

    spent, seed = request.left(clock) <= 0, request.chance.seed
    sealed = seal(study, panel, command=_audit(request, study.model.name), seed=seed, spent=spent)
    look = glimpse(study, left=request.left(clock))
    return {"seal": sealed.to_dict(), "inside": look.to_dict()}, look


def _audit(request: Request, model: str) -> str:
    """Return the command that audits a model with its settings on the same data, read alike."""
    source, plain = vars(request.source), vars(Source())
    data = [str(source["data"])] if source["example"] is None else ["--example", source["example"]]
    read = {name: str(value) for name, value in source.items() if name not in ("data", "example")}
    options = [part for name, value in read.items() if value != str(plain[name]) for part in (f"--{name}", value)]
    words = of_models(request.judging.settings or (), request.models).get(model, [])
    chance = [] if request.chance.seed == Chance().seed else ["--seed", str(request.chance.seed)]
    given = [part for word in words for part in ("--set", word)]
    horizon = ["--horizon", str(request.ahead.horizon)]
    return shlex.join(["tidegate", "audit", model, *data, *horizon, *options, *given, *chance])


def _facts(study: Study, request: Request, started: datetime, seconds: float) -> dict[str, Any]:
    """Return what run.json holds: how the run was made and what was said aloud."""
    from tidegate.report.provenance import Occasion, run_facts

    occasion = Occasion(request.source.name, request.typed.line, started, seconds, request.recorded())
    return {
        **run_facts(study, occasion, seed=request.chance.seed),
        "notes": [*study.notes, *study.backtest.notes, *([study.intervals] if study.intervals else [])],
        "profile": _essentials(study.profile),
        "left_out": dict(study.backtest.left_out),
        "failures": dict(study.backtest.failures),
        **_unsteady(study),
    }


def _unsteady(study: Study) -> dict[str, list[str]]:
    """Return which functions forecast otherwise when they are asked again; nothing where none does."""
    from tidegate.evaluation.twice import NOT_TWICE

    found = [name for name, result in study.backtest.results.items() if result.note.startswith(NOT_TWICE)]
    return {"not_the_same_twice": found} if found else {}


def _essentials(profile: Profile) -> list[str]:
    """Return what one should know of the series before reading scores; the report and `analyse` say the rest."""
    parts = (profile.seasonality, profile.trend)
    return [profile.sentences()[0], *(part.statement for part in parts if part is not None)]


def _write(study: Study, place: folders.Place, facts: dict[str, Any], look: Glimpse | None) -> None:
    from tidegate.report.files import write

    write(study, place.folder, facts, look=look, replace=place.state == "replace")


def _show(place: folders.Place, speech: Speech) -> int:
    document = results.read(place.folder)
    if speech.json:
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    screen.show_study(document)
    return 0
