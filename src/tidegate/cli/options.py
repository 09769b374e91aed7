"""The options that several commands share: declared once, so that they mean the same everywhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.models import OptionInfo

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.data.columns import Columns, Options

Flag = bool
"""An option that is there or not."""

EXAMPLE: OptionInfo = typer.Option(
    "--example",
    metavar="[NAME]",
    help="In place of DATA: air-passengers (the default), sunspots, co2 or retail; for inspect also adding, its "
    "default; for train classify reviews, its default, waves or films; for train tag journeys; for train generate "
    "origins, its default, or melodies; for train transcribe dialled; for train translate dates, its default, "
    "questions or matches; for detect pump, its default, payments or logins.",
)

JSON: OptionInfo = typer.Option(
    "--json", help="Print JSON instead of text: one document, by run a line for each sequence."
)

SEED: OptionInfo = typer.Option("--seed", metavar="N", help="The same seed gives the same bits.")

ID: OptionInfo = typer.Option("--id", metavar="COLUMN", help="Column that names the series.")
TIME: OptionInfo = typer.Option("--time", metavar="COLUMN", help="Column of stamps or steps.")
LABEL: OptionInfo = typer.Option(
    "--label", metavar="COLUMN", help="To classify a long .csv: column that says what each series is."
)

SET: OptionInfo = typer.Option(
    "--set",
    metavar="NAME=VALUE",
    help="A setting of the model: hidden_size=32, training.budget=60; of one among several: gru.hidden_size=32. An "
    "unknown name is answered by all that there are.",
)
"""May be given several times."""


@dataclass(frozen=True)
class Source:
    """Where the observations come from and how to read them."""

    data: Annotated[
        Path | None, typer.Argument(metavar="DATA", help="A CSV or Parquet file, or a folder of Parquet files.")
    ] = None
    example: Annotated[str | None, EXAMPLE] = None
    id: Annotated[str | None, ID] = None
    time: Annotated[str | None, TIME] = None
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="Column to forecast; '*': each numeric column is a series."),
    ] = None
    known: Annotated[str, typer.Option("--known", metavar="A,B", help="Columns whose future is known.")] = ""
    past: Annotated[str, typer.Option("--past", metavar="A,B", help="Columns whose future is not known.")] = ""
    static: Annotated[str, typer.Option("--static", metavar="A,B", help="Columns that are constant per series.")] = ""
    future: Annotated[
        Path | None,
        typer.Option(
            "--future", metavar="FILE", help="Future values of the known columns, if DATA does not hold them."
        ),
    ] = None
    fill: Annotated[
        Literal["error", "interpolate", "zero", "forward", "keep"],
        typer.Option(
            "--fill",
            help="Missing values and steps: refuse them, fill them inside each origin, or keep them as gaps for the "
            "networks, which read them.",
        ),
    ] = "error"
    duplicates: Annotated[
        Literal["error", "first", "last", "mean"],
        typer.Option("--duplicates", help="Rows with the same stamp: refuse them, or keep one value."),
    ] = "error"
    resample: Annotated[
        Literal["sum", "mean", "last"] | None,
        typer.Option("--resample", help="Put the rows on the grid of --frequency; how several rows become one."),
    ] = None
    frequency: Annotated[
        str | None,
        typer.Option("--frequency", metavar="STEP", help="Step between observations (MS, D, h, 15min); else inferred."),
    ] = None
    season: Annotated[
        str | None,
        typer.Option("--season", metavar="STEPS", help="Length of a season, or several: 24,168; else inferred."),
    ] = None
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of the clock, such as Europe/Berlin.")
    ] = None

    @property
    def name(self) -> str:
        """What the results are called after: the example, or the file without its endings."""
        if self.example is not None:
            return self.example
        return self.data.resolve().name.split(".")[0] if self.data else "data"

    def recorded(self) -> dict[str, str]:
        """Return how the data were read, as it stands in run.json: what was typed, or differs from nothing."""
        return {name: str(value) for name, value in vars(self).items() if value not in (None, "")}

    def columns(self) -> Columns:
        """Return the columns that were named."""
        from tidegate.data.columns import Columns

        return Columns(self.id, self.time, self.target, split(self.known), split(self.past), split(self.static))

    def options(self) -> Options:
        """Return how to treat what is not clean.

        Raises
        ------
        SettingError
            If the season is not made of whole numbers.
        """
        from tidegate.data.columns import Options

        seasons = whole_numbers("season", self.season, such_as="24,168") if self.season is not None else None
        return Options(self.fill, self.duplicates, self.resample, self.frequency, seasons, self.timezone)


@dataclass(frozen=True)
class Ahead:
    """How far to forecast."""

    horizon: Annotated[int, typer.Option("--horizon", metavar="N", help="Steps ahead to forecast.")]


@dataclass(frozen=True)
class Coverage:
    """Which intervals to give."""

    levels: Annotated[
        str, typer.Option("--levels", metavar="A,B", help="Coverage of the intervals in percent; none: no intervals.")
    ] = "80,95"

    def percent(self) -> tuple[int, ...]:
        """Return the levels, ascending; empty for "none".

        Raises
        ------
        SettingError
            If one is not a whole number from 1 to 99.
        """
        if self.levels.strip().lower() == "none":
            return ()
        levels = whole_numbers("levels", self.levels)
        wrong = [level for level in levels if not 0 < level < 100]
        if wrong:
            raise SettingError(f"--levels names {wrong[0]}; a level is from 1 to 99 percent, such as 80,95.")
        return tuple(sorted(set(levels)))


@dataclass(frozen=True)
class Judging:
    """Which models to try and how to judge them."""

    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="Models to try; all: every one. See tidegate models.")
    ] = None
    settings: Annotated[list[str] | None, SET] = None
    folds: Annotated[int, typer.Option("--folds", metavar="K", help="Origins of the backtest.")] = 5
    stride: Annotated[
        int | None, typer.Option("--stride", metavar="N", help="Steps from one origin to the next; else the horizon.")
    ] = None
    gap: Annotated[int, typer.Option("--gap", metavar="N", help="Steps between an origin and the first judged.")] = 0
    window: Annotated[
        int | None, typer.Option("--window", metavar="N", help="Train on the newest N values only (sliding window).")
    ] = None
    refit: Annotated[
        str, typer.Option("--refit", metavar="every|once|K", help="Refit at every origin, once, or at every K-th.")
    ] = "every"
    seeds: Annotated[
        int,
        typer.Option("--seeds", metavar="K", help="Runs of each model that draws at random; scores are their means."),
    ] = 1
    warm: Annotated[
        Flag, typer.Option("--warm", help="Refit networks from where they were at the origin before, in fewer updates.")
    ] = False
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="SECONDS", help="End at about this time: give up what is under way, and say what."
        ),
    ] = None
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", help="Processes to work in, all cores by default; same results."),
    ] = None

    @property
    def workers(self) -> int:
        """How many processes to work in: what was asked for, else one per core that this process may use."""
        if self.processes is not None:
            return self.processes
        may_use = getattr(os, "sched_getaffinity", None)  # not on every system
        return len(may_use(0)) if may_use else os.cpu_count() or 1

    def refit_every(self) -> int:
        """Return `refit` as the backtest counts it: 0 once, k at every k-th origin.

        Raises
        ------
        SettingError
            If it is none of every, once and a whole number from 1.
        """
        spoken = {"every": 1, "once": 0}
        if self.refit in spoken:
            return spoken[self.refit]
        if not self.refit.isdecimal() or int(self.refit) < 1:
            raise SettingError(f"--refit is {self.refit!r}; it must be every, once or a whole number from 1.")
        return int(self.refit)


@dataclass(frozen=True)
class Subject:
    """Which series to study."""

    series: Annotated[
        str | None, typer.Option("--series", metavar="ID", help="Series to study; else a typical one.")
    ] = None


@dataclass(frozen=True)
class Chance:
    """What makes a run repeatable."""

    seed: Annotated[int, SEED] = 0


@dataclass(frozen=True)
class Folder:
    """Where the results go."""

    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder for the results; else tidegate-COMMAND-NAME, numbered."),
    ] = None
    force: Annotated[Flag, typer.Option("--force", help="Replace the folder if it holds earlier results.")] = False
    resume: Annotated[Flag, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False


@dataclass(frozen=True)
class Speech:
    """What is printed."""

    json: Annotated[Flag, JSON] = False
    quiet: Annotated[Flag, typer.Option("--quiet", help="Print no progress, only results and errors.")] = False


def check_source(file: Path | None, example: str | None, what: str) -> None:
    """Refuse a command with neither a file, which is `what` is wanted, nor an example, or with both.

    Raises
    ------
    SettingError
        With what to give or to leave out.
    """
    if file is None and example is None:
        raise SettingError(f"Name {what}, or give --example.")
    if file is not None and example is not None:
        raise SettingError(f"Both {file} and --example are given: give one of them.")


def split(names: str) -> tuple[str, ...]:
    """Return the names between commas, without blanks around them.

    >>> split("price, promotion")
    ('price', 'promotion')
    """
    return tuple(name.strip() for name in names.split(",") if name.strip())


def whole_numbers(option: str, text: str, *, such_as: str = "80,95") -> tuple[int, ...]:
    """Return the whole numbers between commas; `such_as` is what to show where they are not.

    Raises
    ------
    SettingError
        If one of them is not a whole number from 0, or there is none.

    >>> whole_numbers("season", "24,168")
    (24, 168)
    """
    parts = split(text)
    wrong = [part for part in parts if not part.isdecimal()]
    if wrong or not parts:
        raise SettingError(f"--{option} is {text!r}; it must be whole numbers separated by commas, such as {such_as}.")
    return tuple(int(part) for part in parts)
