"""A finished run read back from its files, so that what is printed and what was written cannot differ."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = ("unique_id", "ds", "cutoff", "model")


def read(folder: Path) -> dict[str, Any]:
    """Return the document of a finished run, ready for JSON.

    Parameters
    ----------
    folder
        Where `forecast`, `compare` or `predict` wrote.

    Returns
    -------
    dict
        ``output``, ``files``, ``run`` and, as far as the command wrote them, ``verdict``, ``evidence``, ``scores`` and
        ``forecast``: rows as dicts.

    Raises
    ------
    StorageError
        If a file is missing or damaged.
    """
    try:
        document: dict[str, Any] = {
            "output": str(folder),
            "files": sorted(path.name for path in folder.iterdir()),
            "run": json.loads((folder / "run.json").read_text(encoding="utf-8")),
        }
        for part in ("verdict", "evidence"):
            if (folder / f"{part}.json").exists():
                document[part] = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
        for table in ("scores", "forecast"):
            if (folder / f"{table}.csv").exists():
                document[table] = rows(folder / f"{table}.csv")
    except (OSError, ValueError) as error:
        raise StorageError(f"{folder} cannot be read: {error}. Run the command again with --force.") from error
    return document


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table that tidegate wrote: numbers as numbers, what is empty as None."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(lines)]


def check_same(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse to take a finished run for the one that is asked for now if it was made otherwise.

    Parameters
    ----------
    folder
        Where the earlier run wrote.
    settings
        What is asked for now, as it would stand in ``run.json``.

    Raises
    ------
    SettingError
        If a setting differs.
    """
    earlier = read(folder)["run"].get("settings", {})
    now = json.loads(json.dumps(settings))
    differing = [name for name in {**now, **earlier} if now.get(name) != earlier.get(name)]
    if differing:
        name = differing[0]
        raise SettingError(
            f"{folder} holds a finished run with {name} {earlier.get(name)!r}, not {now.get(name)!r}. "
            "Add --force instead of --resume to replace it, or name another folder with --output."
        )


def _value(name: str, text: str) -> Any:
    if name in _TEXT:
        return text
    try:
        number = float(text)
    except ValueError:
        return text or None
    if not math.isfinite(number):
        return None
    return int(number) if text.lstrip("-").isdigit() else number
