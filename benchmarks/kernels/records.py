"""Finished cases on disk, one line of JSON each, and where they were measured."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.kernels.cases import Case
from benchmarks.long_range.setting import setting

from tidegate.kernels import library

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
MEASURED = ("src/tidegate/nn", "src/tidegate/kernels", "benchmarks/kernels")
SAME = ("machine", "versions", "kernels", "code")
"""What must be equal for a finished case to stand: a commit that changes none of it makes nothing stale."""


def here() -> dict[str, str]:
    """Return machine, versions, commit, which kernels run, and a fingerprint of the code that is measured."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in MEASURED for path in (ROOT / folder).rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return {**setting(ROOT), "kernels": library.reason(), "code": digest.hexdigest()[:8]}


def kept(path: Path, place: dict[str, str], wanted: Iterable[Case]) -> dict[Case, dict[str, Any]]:
    """Return the figures of the wanted cases that were measured here with this code, the latest of each.

    A line that a kill tore apart is none.
    """
    found: dict[Case, dict[str, Any]] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if all(record["setting"][name] == place[name] for name in SAME):
            found[Case(**record["case"])] = record
    return {case: found[case] for case in wanted if case in found}


def keep(path: Path, case: Case, figures: dict[str, Any], place: dict[str, str]) -> dict[str, Any]:
    """Write one line and return it."""
    record = {"case": case.key, **figures, "setting": place}
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(record)}")
    return record
