"""`tidegate compare`: judge models on past origins, without a forecast at the end."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import studying
from tidegate.cli.app import command
from tidegate.cli.options import split
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.evaluation.study import Study
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

EXAMPLE = """
tidegate compare sales.csv --horizon 12 --models naive,ets,gru
tidegate compare --example --horizon 12 --folds 8 --refit once
tidegate compare --example --horizon 12 --cells rnn,lstm,gru --seeds 3
tidegate compare sales.csv --horizon 12 --with mine.py:predict --forecasts theirs.csv
"""


@dataclass(frozen=True)
class Cells:
    """Which cells to compare, all else being equal."""

    cells: Annotated[
        str | None,
        typer.Option("--cells", metavar="A,B", help="Compare these cells alone: of rnn, lstm, gru, equally trained."),
    ] = None
    match: Annotated[
        str | None,
        typer.Option(
            "--match", metavar="parameters|hidden|time", help="What --cells get alike: parameters if not said."
        ),
    ] = None


@dataclass(frozen=True)
class Others:
    """Which models of others to judge beside ours."""

    functions: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="MODULE:FUNCTION", help="Judge a function predict(history, horizon) as well."),
    ] = None
    forecasts: Annotated[
        list[Path] | None,
        typer.Option("--forecasts", metavar="FILE", help="Judge these forecasts too: unique_id, ds, cutoff, value."),
    ] = None


@dataclass(frozen=True)
class Request(studying.Request):
    """Everything that was asked for."""

    rivalry: Cells
    others: Others

    @property
    def models(self) -> tuple[str, ...]:
        """The models to try by name: none beside the cells, unless they are named."""
        return () if self.rivalry.cells is not None and self.judging.models is None else super().models

    def contenders(self) -> list[str | Forecaster]:
        """Return the models to try beside the cells."""
        both = sorted(set(self.models) & set(self._cells()))
        named = {word.partition(".")[0].strip() for word in self.judging.settings or ()} & set(self._cells())
        if named:
            raise SettingError(f"--set names {min(named)}; networks of --cells differ in their cell alone.")
        if self.rivalry.match is not None and not self._cells():
            raise SettingError("--match goes with --cells: name the cells to compare, such as --cells rnn,lstm,gru.")
        if both:
            raise SettingError(f"{both[0]} is named in --models and in --cells: give it in one of them.")
        return super().contenders()

    def rivals(self, panel: Panel) -> list[Forecaster]:
        """Return the networks of the cells, given equal means, and the models of others."""
        return [*self._matched(panel), *self._outside()]

    def _matched(self, panel: Panel) -> list[Forecaster]:
        if not self._cells():
            return []
        from tidegate.evaluation.cells import matched

        return matched(self._cells(), panel, self.folds(), match=self._match, seed=self.chance.seed)

    def _outside(self) -> list[Forecaster]:
        from tidegate.evaluation.outside import OutsideForecasts, OutsideFunction, version_of
        from tidegate.forecasters import registry

        made: list[Forecaster] = [
            *(OutsideFunction(function=name, version=version_of(name)) for name in self.others.functions or ()),
            *(OutsideForecasts(file=file, version=version_of(file)) for file in self.others.forecasts or ()),
        ]
        own = {entry.name for entry in registry.entries()}
        for one in made:
            if one.name in own:
                raise SettingError(f"{one.name} is the name of one of our models: rename the function or the file.")
            one._check_settings(self.folds().reach)  # noqa: SLF001 (before any work)
        return made

    def told(self, study: Study, left: float) -> dict[str, Any]:
        """Return how the cells compare; how far back they remember only while `left` seconds last."""
        if not self._cells():
            return {}
        from tidegate.evaluation.cells import answer, rivals

        found = rivals(study.backtest, study.evidence, self._cells())
        end = time.monotonic() + left
        rows = [asdict(one) | _memory(study, one.model, end) for one in found]
        said = answer(found, study.evidence) + _remembered(rows)
        return {"cells": {"match": self._match, "rows": rows, "sentences": said}}

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        outside = {name: list(map(str, given)) for name, given in asdict(self.others).items() if given}
        return {**super().recorded(), **(asdict(self.rivalry) if self._cells() else {}), **outside}

    @property
    def _match(self) -> str:
        return self.rivalry.match or "parameters"

    def _cells(self) -> tuple[str, ...]:
        return () if self.rivalry.cells is None else split(self.rivalry.cells)


def _memory(study: Study, name: str, end: float) -> dict[str, int | None]:
    """Return how far back a cell remembers, fitted once more to everything: None if beyond its window.

    Nothing of both is known where that fit would not end before `end`, as `time.monotonic` tells it.
    """
    from sklearn.base import clone

    from tidegate.evaluation.outlay import LONGER
    from tidegate.insight.inspection import inspect

    result = study.backtest.results[name]
    if LONGER * float(result.fit_seconds.max()) > end - time.monotonic():
        return {"memory_length": None, "window": None}
    fitted = clone(result.model).fit(study.backtest.panel, horizon=study.backtest.folds.reach)
    found = inspect(fitted)
    return {"memory_length": found.layers[-1].memory.reach, "window": len(found.scene.times)}


def _remembered(rows: list[dict[str, Any]]) -> list[str]:
    """Say how far back each cell remembers, and of which it was not measured."""
    from tidegate.analysis.wording import listing

    skipped = [str(row["model"]) for row in rows if row["window"] is None]
    rows = [row for row in rows if row["window"] is not None]
    said = (
        [
            f"How far back {listing(skipped)} remember{'s' if len(skipped) == 1 else ''} was not measured: that needs "
            "one more fit each, and the budget has no time left for it."
        ]
        if skipped
        else []
    )
    if not rows:
        return said
    told = [
        f"{row['model']} over {row['window']:,}"
        if row["memory_length"] is None
        else f"{row['model']} {row['memory_length']:,}"
        for row in rows
    ]
    return [f"Steps after which the gradient has fallen to 1/e, fitted to everything: {', '.join(told)}.", *said]


@command("compare", example=EXAMPLE)
def compare(request: Request) -> int:
    """Judge models on past origins and say which to trust."""
    return studying.run(request)
