"""Results on stdout, for people: short, and as wide as the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegate.cli.tasks.task import Listing

_SHOWN_ROWS = 12
_HUGE = 1e12
"""Numbers from here on are written with an exponent."""
_SHORTEST = 0.05
"""Seconds below which a time is too short to tell."""
_ID_WIDTH = 20
"""Characters of a series' name in a table; what is longer is cut."""


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Raise what stopped the writing, which is no failure, instead of leaving with 1."""
        raise BrokenPipeError


def console() -> Console:
    """Return the console of stdout."""
    return _Screen(highlight=False, emoji=False, markup=False)


def show_models(models: Sequence[Mapping[str, Any]]) -> None:
    """Print the list of models."""
    table = table_of("model", "cost", "per", "takes", "about")
    for model in models:
        about = model["about"]
        if not model["installed"]:
            about += f" Not installed: pip install 'tidegate[{model['needs']}]'"
        star = "*" if model["ladder"] else " "
        per = "series" if model["fits"] == "one model per series" else "panel"
        takes = " ".join(kind[0] for kind in model["covariates"]) or "-"
        table.add_row(f"{model['name']} {star}", str(model["cost"]), per, takes, about)
    out = console()
    out.print(table)
    out.print(
        "\n* tried by tidegate forecast and compare unless --models names others.\n"
        "cost: 0 instant, 1 milliseconds a series, 2 tens of them, 3 a second, 4 seconds, 5 a training run.\n"
        "per: one model per series, or one over all series of the panel.\n"
        "takes: k known, p past, s static covariates; others are left out for that model."
    )


def show_study(document: Mapping[str, Any]) -> None:
    """Print what a finished `forecast` or `compare` found.

    Parameters
    ----------
    document
        As from `results.read`.
    """
    out, run, verdict = console(), document["run"], document["verdict"]
    show_sentences(out, f"Data: {run['name']}", run.get("notes", []))
    show_sentences(out, "What the series is like", run.get("profile", []))
    heading(out, f"Scores, {_counted(run['settings']['folds'], 'fold')}, best first")
    table = _scores(document["scores"], run, verdict, width=out.width - 2)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    _line(out, _key([str(column.header) for column in table.columns], verdict))
    for model in run.get("not_the_same_twice", ()):
        _line(out, f"? {model} is not the same twice: asked again it forecasts otherwise, so its scores are one draw.")
    for title in ("left_out", "failures"):
        for model, why in run.get(title, {}).items():
            _line(out, f"{model} is not among them: {why}")
    if "cells" in run:
        _show_cells(out, run["cells"], verdict["score"])
    show_sentences(out, "Verdict", verdict["sentences"])
    show_sentences(out, "Is the difference real?", document.get("evidence", {}).get("sentences", []))
    if "seal" in run:
        show_sentences(out, "Checked before you trust it", [run["seal"]["statement"]])
    if "forecast" in document:
        show_forecast(out, document["forecast"])
    if run.get("inside", {}).get("network"):
        show_sentences(out, f"Inside the network: {run['inside']['model']}", run["inside"]["sentences"][:1])
    show_files(out, document["output"], document["files"])


def _show_cells(out: Console, found: Mapping[str, Any], score: str) -> None:
    """Print how the cells compare."""
    alike = {"parameters": "parameters alike", "hidden": "hidden units alike", "time": "training time alike"}
    heading(out, f"Cells, {alike[found['match']]}, best first")
    table = table_of("cell", "units", "parameters", score, "over seeds", "a fit", "a forecast", "remembers")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found["rows"]:
        table.add_row(
            row["model"],
            f"{row['hidden_size']:,}",
            f"{row['parameters']:,}",
            number(row["score"]),
            "-" if row["deviation"] is None else f"\u00b1 {number(row['deviation'], 2)}",
            f"{number(row['fit_seconds'], 2)} s",
            f"{number(1000 * row['predict_seconds'], 2)} ms",
            _remembers(row),
        )
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    for sentence in found["sentences"]:
        _line(out, sentence)


def _remembers(row: Mapping[str, Any]) -> str:
    if row["window"] is None:
        return "-"
    return f"over {row['window']:,}" if row["memory_length"] is None else _counted(row["memory_length"], "step")


def show_prediction(document: Mapping[str, Any]) -> None:
    """Print what `predict` wrote."""
    out, run = console(), document["run"]
    show_sentences(out, f"Data for {run['model']}", run.get("notes", []))
    show_forecast(out, document["forecast"])
    show_files(out, document["output"], document["files"])


def show_profile(document: Mapping[str, Any], folder: object) -> None:
    """Print what `analyse` found."""
    out = console()
    show_sentences(out, f"Data: {document['name']}", document["notes"])
    show_sentences(out, "What the series is like", document["sentences"])
    show_files(out, str(folder), document["files"])


def show_advice(name: str, sections: Mapping[str, Sequence[str]]) -> None:
    """Print what `advise` says, by heading; the command to type next is never broken."""
    out = console()
    for title, sentences in sections.items():
        if title != "Next":
            show_sentences(out, f"{title}: {name}" if title == "Data" else title, sentences)
            continue
        heading(out, title)
        out.print(f"  {sentences[0]}", soft_wrap=True)
        for sentence in sentences[1:]:
            _line(out, sentence)


def show_insight(document: Mapping[str, Any], folder: object) -> None:
    """Print what `inspect` found."""
    out, networks = console(), document["networks"]
    show_sentences(out, f"Data: {document['name']}", document["notes"])
    if len(networks) > 1:
        heading(out, "Side by side")
        out.print(Padding(_networks(networks), (0, 0, 0, 2), expand=False))
    for one in networks:
        show_sentences(out, f"Inside {one['model']}", one["sentences"])
        told: Mapping[str, Any] = next(
            (part for part in one["layers"].values() if part["state"] == one["state"]), {"remedies": []}
        )
        listed = [*told["remedies"], *one.get("training", {}).get("remedies", [])]
        remedies = dict.fromkeys(f"{name}: {why}. Here: {option}." for name, why, option in map(dict.values, listed))
        show_sentences(out, f"What may help {one['model']}", remedies)
    show_files(out, str(folder), document["files"])


def _networks(networks: Sequence[Mapping[str, Any]]) -> Table:
    """Return one row per network."""
    table = table_of("network", "gradient", "training", "forgets after", "half-life", "spectral radius")
    for one in networks:
        layer = next(reversed(one["layers"].values()))
        reach, life, radius = (layer[name] for name in ("memory_length", "half_life", "spectral_radius"))
        forgets = f"over {one['window']:,} steps" if reach is None else _counted(reach, "step")
        half = "-" if life is None else f"{number(life, 2)} steps"
        state = one.get("training", {}).get("state", "-")
        table.add_row(one["model"], one["state"], state, forgets, half, number(radius, 2))
    return table


def show_audit(document: Mapping[str, Any], folder: str, files: Sequence[str]) -> None:
    """Print what `audit` found: one line a check, and what the checks that did not pass rest on."""
    out = console()
    show_sentences(out, "Verdict", [document["statement"]])
    heading(out, "Checks")
    words = {"warned": "warning", "unchecked": "not checked"}
    table = table_of("check", "outcome", "finding")
    for one in document["findings"]:
        outcome = words.get(one["outcome"], one["outcome"])
        style = "bold" if one["outcome"] in ("failed", "warned") else ""
        table.add_row(one["check"], outcome, one["statement"], style=style)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    for one in document["findings"]:
        if one["outcome"] in ("failed", "warned", "allowed"):
            show_sentences(out, f"On {one['check']}", one["sentences"])
    show_sentences(out, "Notes", document["notes"])
    show_files(out, folder, files)


def show_trial(
    listing: Listing, sentences: Sequence[str], run: Mapping[str, Any], made: tuple[str, Sequence[str]]
) -> None:
    """Print how an estimator of a task did: its scores, what came out in words, and the folder and files `made`."""
    out = console()
    show_sentences(out, f"Data: {run['name']}", run["notes"])
    heading(out, listing.title)
    table = table_of(*listing.columns)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = listing.rows[:_SHOWN_ROWS]
    beside = sum(
        2 + max(map(len, cells)) for cells in zip(listing.columns[1:], *(row[1:] for row in rows), strict=True)
    )
    for first, *numbers in rows:
        table.add_row(_cut(first, max(_ID_WIDTH, out.width - 4 - beside)), *numbers)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(listing.rows) > _SHOWN_ROWS:
        _line(out, f"and {len(listing.rows) - _SHOWN_ROWS:,} more {listing.unit} in scores.json")
    show_sentences(out, "Verdict", sentences)
    show_files(out, *made)
    heading(out, "Next")
    out.print(f"  tidegate run {made[0]} INPUT", soft_wrap=True)


def show_sentences(out: Console, title: str, sentences: Iterable[str]) -> None:
    """Print a heading and its sentences, or nothing if there are none."""
    lines = list(sentences)
    if lines:
        heading(out, title)
    for line in lines:
        _line(out, line)


def show_forecast(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the first rows of a forecast as a table."""
    if not rows:
        return
    names = list(rows[0])
    model = names[2]
    levels = [name.removeprefix(f"{model}-lo-") for name in names if name.startswith(f"{model}-lo-")]
    many = len({row["unique_id"] for row in rows}) > 1
    table = table_of(*(["series"] if many else []), "time", model, *(f"{level} %" for level in levels))
    for column in table.columns[1 + many :]:
        column.justify = "right"
    for row in rows[:_SHOWN_ROWS]:
        ranges = [f"{number(row[f'{model}-lo-{q}'])} to {number(row[f'{model}-hi-{q}'])}" for q in levels]
        table.add_row(*([_cut(row["unique_id"])] if many else []), _moment(row["ds"]), number(row[model]), *ranges)
    heading(out, "Forecast")
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(rows) > _SHOWN_ROWS:
        _line(out, f"and {len(rows) - _SHOWN_ROWS:,} more rows in forecast.csv")


def show_files(out: Console, folder: str, files: Sequence[str]) -> None:
    """Print where the files are."""
    names = list(files)
    heading(out, "Files")
    if "report.html" in names:
        names.remove("report.html")
        out.print(f"  {folder}/report.html", soft_wrap=True)
    _line(out, f"{'and ' if len(names) < len(files) else ''}{', '.join(names)} in {folder}")


def number(value: Any, digits: int = 4) -> str:
    """Return a number with about `digits` digits that matter, or a dash for none.

    >>> number(417.0412), number(0.000123456), number(1234567.8), number(None)
    ('417.0', '0.0001235', '1,234,568', '-')
    """
    if value is None:
        return "-"
    size = abs(value)
    if size >= _HUGE:
        return f"{value:.{digits - 1}e}"
    if size >= 10**digits or (value == int(value) and size >= 10 ** (digits - 1)):
        return f"{value:,.0f}"
    if size and size < 10**-digits * 10:
        return f"{value:.{digits}g}"
    whole = len(str(int(size)))
    return f"{value:,.{max(0, digits - whole)}f}"


_DROPPED = ("memory", "parameters", "seconds", "in", "sMAPE", "RMSE", "MAE", "against")
"""Columns of the scores that narrow terminals go without, the first to go first; the widest interval goes first."""


def _scores(
    rows: Sequence[Mapping[str, Any]], run: Mapping[str, Any], verdict: Mapping[str, Any], *, width: int
) -> Table:
    """Return the score table, best first, in at most `width` characters where it can be.

    The recommended model is in bold with a star; one that is not the same twice has a question mark.
    """
    ranked = sorted(rows, key=lambda row: (row["MASE"] is None, row["MASE"]))
    unsteady, best = run.get("not_the_same_twice", ()), verdict["recommended"]
    marks = [(" *" if row["model"] == best else "") + (" ?" if row["model"] in unsteady else "") for row in ranked]
    columns = {"model": [row["model"] + mark for row, mark in zip(ranked, marks, strict=True)]}
    columns |= _errors(ranked, verdict["baseline"]) | _costs(ranked, run.get("models", {}))
    for name in _DROPPED:
        while (shown := [one for one in columns if one.split()[0] == name]) and _width(columns) > width:
            del columns[shown[-1]]
    table = table_of(*columns)
    for column in table.columns[1:]:
        column.justify = "right"
    for row, cells in zip(ranked, zip(*columns.values(), strict=True), strict=True):
        table.add_row(*cells, style="bold" if row["model"] == best else "")
    return table


def _errors(rows: Sequence[Mapping[str, Any]], baseline: str) -> dict[str, list[str]]:
    """Return the columns of errors and of shares inside the intervals."""
    base = next((row["MASE"] for row in rows if row["model"] == baseline), None)
    made = {
        "MASE": ["-" if row["MASE"] is None else f"{row['MASE']:.3f}" for row in rows],
        "against": [_change(row["MASE"], base) for row in rows],
        "MAE": [number(row["MAE"]) for row in rows],
        "RMSE": [number(row["RMSE"]) for row in rows],
        "sMAPE": ["-" if row["sMAPE"] is None else f"{row['sMAPE']:.1f} %" for row in rows],
    }
    for level in (name for name in rows[0] if name.startswith("coverage-")):
        inside = ["-" if row[level] is None else f"{100 * row[level]:.0f} %" for row in rows]
        made[f"in {level[9:]} %"] = inside
    return made


def _costs(rows: Sequence[Mapping[str, Any]], costs: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the columns of what models cost; none of what is not known."""
    if not all(row["model"] in costs and "parameters" in row for row in rows):
        return {}
    each = [costs[row["model"]] for row in rows]
    memory = [one["peak_memory_bytes"] for one in each]
    return {
        "seconds": [_seconds(one["fit_seconds"] + one["predict_seconds"]) for one in each],
        "parameters": ["-" if row["parameters"] is None else f"{row['parameters']:,}" for row in rows],
        "memory": ["-" if size is None else f"{size / 2**20:,.0f} MB" for size in memory],
    }


def _seconds(value: float) -> str:
    return "< 0.1" if value < _SHORTEST else f"{value:,.1f}"


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    """Return how wide a table of these columns is."""
    return sum(max(len(name), *map(len, cells)) + 2 for name, cells in columns.items()) - 2


def _key(columns: Sequence[str], verdict: Mapping[str, Any]) -> str:
    """Return what the columns of the scores mean, those that are shown."""
    said = ["* recommended"]
    said += [f"against: MASE beside {verdict['baseline']}"] if "against" in columns else []
    said += [f"{name}: share inside the interval" for name in columns if name.startswith("in ")][:1]
    said += ["seconds: of all folds"] if "seconds" in columns else []
    said += ["memory: the most that the process held, with what had run in it before"] if "memory" in columns else []
    return "; ".join(said)


def _change(value: float | None, base: float | None) -> str:
    return "-" if value is None or not base else f"{100 * (value / base - 1):+.0f} %"


def _cut(name: Any, width: int = _ID_WIDTH) -> str:
    text = str(name)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _moment(text: str) -> str:
    return text.removesuffix(" 00:00:00").removesuffix("T00:00:00")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def table_of(*columns: str) -> Table:
    """Return an empty table with these columns, the first of which is never broken."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for k, name in enumerate(columns):
        table.add_column(name, no_wrap=k == 0)
    return table


def heading(out: Console, text: str) -> None:
    """Print the heading of a section."""
    out.print(Text(f"\n{text}", style="bold"))


def _line(out: Console, text: str) -> None:
    for line in textwrap.wrap(text, out.width, initial_indent="  ", subsequent_indent="  "):
        out.print(line, soft_wrap=True)
