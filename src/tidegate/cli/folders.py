"""Where results go: the folder's name, what may be replaced, and where finished folds wait for a resumed run."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.cli.options import Folder

MARKS = ("run.json", "config.json", "profile.json")
"""One of these files is in every folder that tidegate wrote."""


@dataclass(frozen=True)
class Place:
    """The folder of one run.

    Parameters
    ----------
    folder
        Where the results go, all at once at the end.
    state
        "absent": to be written; "finished": an earlier run wrote it and is to be kept; "replace": it stands in the
        way and may go.
    """

    folder: Path
    state: Literal["absent", "finished", "replace"] = "absent"

    @property
    def store(self) -> Path:
        """Where finished folds wait until the run is complete; removed with the last of them."""
        return self.folder.with_name(f"{self.folder.name}.unfinished")

    def clear(self) -> None:
        """Remove what waited in the store."""
        shutil.rmtree(self.store, ignore_errors=True)

    def discard_empty(self) -> None:
        """Remove the store if nothing was finished."""
        if not any(path.is_file() for path in self.store.rglob("*")):
            self.clear()


def place(command: str, name: str, wanted: Folder) -> Place:
    """Return where a run writes, after checking that it may.

    Parameters
    ----------
    command, name
        The default folder is ``tidegate-<command>-<name>``, numbered from 2 if that is taken.
    wanted
        What the user asked for.

    Raises
    ------
    SettingError
        If the folder exists and neither ``--force`` nor ``--resume`` is given, holds what tidegate did not write,
        or cannot be written.
    """
    if wanted.force and wanted.resume:
        raise SettingError("--force starts afresh and --resume goes on: give one of them.")
    folder = _named(wanted.output) if wanted.output else _default(Path(f"tidegate-{command}-{name}"), wanted)
    found = Place(folder, _state(folder, wanted))
    if not wanted.resume and found.store.exists():
        if not wanted.force:
            raise SettingError(
                f"{found.store} holds what an interrupted run finished. "
                "Add --resume to go on with them, or --force to start afresh."
            )
        found.clear()
    _check_writable(folder.parent)
    return found


def write(at: Place, files: Mapping[str, str | bytes], *, also: Callable[[Path], None] = lambda _draft: None) -> None:
    """Write `files`, name to text or bytes, and what `also` puts into the draft, to the folder: everything or nothing.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    from tidegate.archive import drafted

    with drafted(at.folder) as draft:
        for name, content in files.items():
            if isinstance(content, bytes):
                (draft / name).write_bytes(content)
            else:
                (draft / name).write_text(content, encoding="utf-8", newline="")
        also(draft)
        if at.folder.exists():
            shutil.rmtree(at.folder)
        draft.rename(at.folder)


def _named(output: Path) -> Path:
    if output.name in ("", ".."):
        output = output.resolve()
    if not output.name:
        raise SettingError(f"--output is {str(output)!r}, which cannot be a folder of results. Name another one.")
    return output


def _default(first: Path, wanted: Folder) -> Path:
    """Return the folder to use when none is named."""
    if wanted.force:
        return first
    numbered = itertools.chain([first], (first.with_name(f"{first.name}-{n}") for n in itertools.count(2)))
    used = list(itertools.takewhile(_taken, numbered))
    if wanted.resume and used:
        return next((folder for folder in reversed(used) if Place(folder).store.exists()), used[-1])
    return first if not used else first.with_name(f"{first.name}-{len(used) + 1}")


def _taken(folder: Path) -> bool:
    return folder.exists() or Place(folder).store.exists()


def _state(folder: Path, wanted: Folder) -> Literal["absent", "finished", "replace"]:
    if not folder.exists():
        return "absent"
    if not folder.is_dir():
        raise SettingError(f"{folder} is a file; results need a folder. Name another one with --output.")
    ours = any((folder / mark).is_file() for mark in MARKS)
    if not ours and (wanted.force or wanted.resume) and any(folder.iterdir()):
        raise SettingError(f"{folder} holds files that tidegate did not write. Name another folder with --output.")
    if wanted.force:
        return "replace"
    if wanted.resume:
        return "finished" if ours and not Place(folder).store.exists() else "replace"
    raise SettingError(f"{folder} exists. Add --force to replace it, or name another folder with --output.")


def _check_writable(parent: Path) -> None:
    """Try to write beside the folder before any work is done."""
    existing = next(folder for folder in (parent, *parent.parents) if folder.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".tidegate-", dir=existing):
            pass
    except OSError as error:
        raise SettingError(
            f"{existing} cannot be written ({error.strerror}). Name a folder you may write to with --output."
        ) from error
