"""Finished pieces of a backtest on disk, so that an interrupted run resumes to the same bits."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import StorageError
from tidegate.evaluation.work import Outcome
from tidegate.forecasters.storage import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.evaluation.work import Job

_MARK = b"tidegate-fold-1\n"
_DIGEST = 32


class Store:
    """A folder with one file per finished task, named by everything that its result depends on.

    Parameters
    ----------
    folder
        Made if it does not exist.

    Raises
    ------
    StorageError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error}. Choose a folder you may write to.") from error

    def read(self, key: str) -> Outcome | None:
        """Return the outcome stored under `key`; None if there is none or its file is damaged."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, payload = content[len(_MARK) : len(_MARK) + _DIGEST], content[len(_MARK) + _DIGEST :]
        if not content.startswith(_MARK) or hashlib.sha256(payload).digest() != digest:
            return None
        return _unpacked(payload)

    def write(self, key: str, outcome: Outcome) -> None:
        """Store `outcome` under `key`: the whole file or none.

        Raises
        ------
        StorageError
            If the file cannot be written.
        """
        payload = _packed(outcome)
        target = self._path(key)
        draft = target.with_suffix(f".{os.getpid()}.part")
        try:
            draft.write_bytes(_MARK + hashlib.sha256(payload).digest() + payload)
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StorageError(f"{target} cannot be written: {error}. Free space or choose another folder.") from error

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.fold"


def fingerprint(job: Job) -> str:
    """Return 32 hexadecimal digits that change with versions, the model's settings, the data or the folds.

    The seed is one of the settings; values after the newest origin of the job are not among its data.
    """
    digest = hashlib.sha256()
    settings = job.model.get_params(deep=True)
    kind = type(job.model)
    for part in (_libraries(), kind.__module__, kind.__qualname__, settings, job.panel):
        for piece in _pieces(part):
            digest.update(piece)
    for part in (job.ends, job.horizon, job.gap, job.window, job.levels, job.fits):
        for piece in _pieces(part):
            digest.update(piece)
    return digest.hexdigest()[:32]


@cache
def _libraries() -> str:
    """Return the versions that the arithmetic rests on; asked for once, since looking them up takes milliseconds."""
    return json.dumps(versions(), sort_keys=True)


def _pieces(part: Any) -> Iterator[bytes]:
    """Break anything down to bytes, so that different things never give the same ones."""
    if isinstance(part, np.ndarray) and part.dtype != object:
        yield f"{part.dtype}{part.shape}".encode()
        yield np.ascontiguousarray(part).tobytes()
    elif isinstance(part, dict):
        yield f"dict{len(part)}".encode()
        for name in sorted(part, key=repr):
            yield from _pieces(name)
            yield from _pieces(part[name])
    elif isinstance(part, list | tuple | np.ndarray):
        yield f"{type(part).__name__}{len(part)}".encode()
        for item in part:
            yield from _pieces(item)
    elif hasattr(part, "__dataclass_fields__"):
        yield type(part).__qualname__.encode()
        yield from _pieces({one.name: getattr(part, one.name) for one in fields(part) if one.name != "notes"})
    else:
        text = repr(part)
        yield f"{type(part).__name__}{len(text)}:{text}".encode()


def _packed(outcome: Outcome) -> bytes:
    arrays: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for one in fields(Outcome):
        value = getattr(outcome, one.name)
        (arrays if isinstance(value, np.ndarray) else plain)[one.name] = value
    buffer = io.BytesIO()
    np.savez(buffer, plain=np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8), **arrays)
    return buffer.getvalue()


def _unpacked(payload: bytes) -> Outcome | None:
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            parts: dict[str, Any] = {name: archive[name] for name in archive.files}
        plain = json.loads(parts.pop("plain").tobytes())
        return Outcome(**parts, **plain)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
