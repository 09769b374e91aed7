"""The files a study leaves: each whole or absent, and those without a clock in them the same bits for the same seed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from tidegate.archive import drafted
from tidegate.errors import StorageError
from tidegate.report.page import render
from tidegate.report.summary import summarise

if TYPE_CHECKING:
    from tidegate.evaluation.study import Study
    from tidegate.insight.glimpse import Glimpse

NAMES = (
    "forecast.csv",
    "backtest.csv",
    "scores.csv",
    "verdict.json",
    "evidence.json",
    "run.json",
    "report.html",
    "model",
)


def write(
    study: Study, folder: str | Path, run: dict[str, Any], *, look: Glimpse | None = None, replace: bool = False
) -> Path:
    """Write everything that `NAMES` lists to `folder` and return the folder.

    A comparison without a final forecast leaves out forecast.csv and the model.

    Parameters
    ----------
    study
        The finished study.
    folder
        Where to; its parents are made.
    run
        How it was made, as from `provenance.run_facts`; becomes run.json and the end of the report.
    look
        Into the best recurrent model, for the report; None leaves it out.
    replace
        Put the new files in the place of all those of an earlier run; other files in the folder stay.

    Raises
    ------
    StorageError
        If the folder exists and `replace` is False, or it cannot be written.
    """
    target = Path(folder)
    if target.exists() and not replace:
        raise StorageError(f"{target} exists already. Choose another folder, or replace it with --force.")
    if target.exists() and not target.is_dir():
        raise StorageError(f"{target} is a file, not a folder. Choose another folder.")
    with drafted(target) as draft:
        _fill(draft, study, run, look)
        _move(draft, target)
    return target


def _fill(draft: Path, study: Study, run: dict[str, Any], look: Glimpse | None) -> None:
    if study.frame is not None:
        (draft / "forecast.csv").write_text(csv(study.frame), encoding="utf-8", newline="")
    (draft / "backtest.csv").write_text(csv(study.backtest.to_frame()), encoding="utf-8", newline="")
    (draft / "scores.csv").write_text(csv(study.backtest.scores()), encoding="utf-8", newline="")
    (draft / "verdict.json").write_text(plain_json(study.verdict.to_dict()), encoding="utf-8")
    (draft / "evidence.json").write_text(plain_json(study.evidence.to_dict()), encoding="utf-8")
    (draft / "run.json").write_text(plain_json(run), encoding="utf-8")
    (draft / "report.html").write_text(render(summarise(study, run, look)), encoding="utf-8")
    if study.model is not None:
        study.model.save(draft / "model")


def csv(frame: Any) -> str:
    """Return a pandas or polars frame as CSV text; every number reads back as the same bits."""
    made: str = nw.from_native(frame, eager_only=True).to_pandas().to_csv(index=False, lineterminator="\n")
    return made


def plain_json(value: Any) -> str:
    """Return `value` as JSON text, one field a line; what is not finite becomes null."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _move(draft: Path, target: Path) -> None:
    """Put the finished files in place by renaming: the whole folder at once, or each into the existing folder."""
    if not target.exists():
        draft.rename(target)
        return
    for name in NAMES:
        old = target / name
        if old.exists():
            old.rename(draft / f"{name}-before")
        if (draft / name).exists():
            (draft / name).rename(old)
