"""Which shared library of compiled kernels runs on this processor.

Two environment variables have a say, and are read at each call:

- ``TIDEGATE_KERNELS``: "auto" (default) for the best that the processor offers, a level to force it, "none" for none;
- ``TIDEGATE_KERNELS_FOLDER``: a folder of libraries, as CMake leaves them, to load in place of the installed ones.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import torch  # loaded first, its OpenMP is the one that the libraries find: one pool of threads

from tidegate.errors import SettingError
from tidegate.kernels.structure import ABI, Layer, Smoothing

LEVELS = ("x86-64-v4", "x86-64-v3", "x86-64-v2", "generic")
"""Instruction sets, the best one first; "generic" is what every processor of a kind offers."""

DTYPES = {torch.float32: "f32", torch.float64: "f64"}
"""What the kernels compute in, and how their names end."""

_WISH, _FOLDER = "TIDEGATE_KERNELS", "TIDEGATE_KERNELS_FOLDER"
_NO_COMPILER = "the package was installed without a C++ compiler, or its kernels did not compile"
_SUFFIX = ".dll" if sys.platform == "win32" else ".so"


@dataclass(frozen=True)
class Library:
    """One shared library of kernels, loaded.

    Parameters
    ----------
    level
        The instruction set it was compiled for, one of `LEVELS`.
    vector_bytes
        Width of its vectors in bytes.
    path
        Its file.
    loaded
        The library as ctypes holds it; other Python threads go on while its functions run.
    """

    level: str
    vector_bytes: int
    path: Path
    loaded: ctypes.CDLL

    def function(self, name: str) -> Any:
        """Return the function that the library exports as `name`, the same ctypes object each time.

        Raises
        ------
        AttributeError
            When the library exports none of this name.
        """
        return getattr(self.loaded, name)


class _Choice(NamedTuple):
    library: Library | None
    reason: str
    warning: str = ""


class _Offer(NamedTuple):
    """Libraries that the processor can run, by level with the best one first, and what kept others out."""

    paths: dict[str, Path]
    troubles: list[str]


_lock = threading.Lock()
_choices: dict[tuple[str, str], _Choice] = {}


def _after_fork() -> None:
    """Another thread may have held the lock, which it will not open in this process."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def library() -> Library | None:
    """Return the library that computes here, the same at each call, or None when there is none.

    Warns
    -----
    RuntimeWarning
        Once in a process for each setting, when none can be loaded although none was refused, or not the best one.

    Raises
    ------
    SettingError
        When an environment variable asks for what this processor or installation does not offer.
    """
    return _current().library


def reason() -> str:
    """Return in a few words which kernels run, or why none do: "x86-64-v4 kernels".

    Raises
    ------
    SettingError
        When an environment variable asks for what this processor or installation does not offer.
    """
    return _current().reason


def loaded(vector_bytes: int) -> Library:
    """Return a library that has run in this process with vectors so wide: it reads what any such one wrote.

    Raises
    ------
    ValueError
        When there is none.
    """
    for choice in list(_choices.values()):
        if choice.library is not None and choice.library.vector_bytes == vector_bytes:
            return choice.library
    raise ValueError(f"no kernels with vectors of {vector_bytes} bytes have run in this process")


def offered() -> tuple[str, ...]:
    """Return the levels that both this processor and the installation offer, the best one first."""
    return tuple(_offer(os.environ.get(_FOLDER, "")).paths)


def _current() -> _Choice:
    """Return what the environment variables choose; warn when it is new and worse than it could be."""
    wanted = os.environ.get(_WISH) or "auto", os.environ.get(_FOLDER, "")
    if wanted in _choices:
        return _choices[wanted]
    with _lock:
        is_new = wanted not in _choices
        if is_new:
            _choices[wanted] = _choose(*wanted)
    if is_new and _choices[wanted].warning:
        warnings.warn(_choices[wanted].warning, RuntimeWarning, stacklevel=3)
    return _choices[wanted]


def _choose(wish: str, folder: str) -> _Choice:
    """Return the library that `wish` names in `folder`, "" for the installed ones, or the best for "auto"."""
    if wish == "none":
        return _Choice(None, f"no kernels: {_WISH}=none")
    offer = _offer(folder)
    if folder and not offer.paths:
        raise SettingError(f"{_FOLDER} is {folder!r}, which holds no kernels for this processor. Unset it")
    if wish != "auto":
        return _forced(wish, offer)
    troubles = list(offer.troubles)
    for level, path in offer.paths.items():
        try:
            loaded = _load(level, path)
        except OSError as error:
            troubles.append(str(error))
            continue
        warning = f"tidegate computes with its {level} kernels, not with better ones: {'; '.join(troubles)}"
        return _Choice(loaded, f"{level} kernels", warning if troubles else "")
    cause = "; ".join(troubles) or _NO_COMPILER
    return _Choice(
        None,
        f"no kernels: {cause}",
        f"tidegate has no compiled kernels, and recurrent layers take several times as long: {cause}. "
        f"Install a C++ compiler, then tidegate again (with TIDEGATE_REQUIRE_KERNELS=1, to see why it fails), or set "
        f"{_WISH}=none to do without",
    )


def _forced(level: str, offer: _Offer) -> _Choice:
    if level not in offer.paths:
        choices = ", ".join(("auto", *offer.paths, "none"))
        raise SettingError(f"{_WISH} is {level!r}, which is not offered here. Set it to one of: {choices}")
    try:
        return _Choice(_load(level, offer.paths[level]), f"{level} kernels")
    except OSError as error:
        raise SettingError(f"{_WISH} is {level!r}, but {error}. Set it to auto or none, or install again") from error


def _load(level: str, path: Path) -> Library:
    """Return the library in the file `path`; OSError, with the file's name, when it cannot be loaded."""
    try:
        loaded = ctypes.CDLL(str(path))
        sizes = loaded.tidegate_abi(), loaded.tidegate_layer_bytes_f32(), loaded.tidegate_smoothing_bytes_f32()
        if sizes != (ABI, ctypes.sizeof(Layer), ctypes.sizeof(Smoothing)):
            raise OSError("it was compiled from other sources")
        return Library(level, int(loaded.tidegate_vector_bytes()), path, loaded)
    except (OSError, AttributeError) as error:
        raise OSError(f"{path.name} cannot be loaded ({error})") from error


def _offer(folder: str) -> _Offer:
    """Return what lies in `folder`, "" for where the package is installed, and runs on this processor."""
    folders = (Path(folder),) if folder else _installed()
    # A folder made by hand may lack the library that knows the processor; the installed one knows as much.
    number, troubles = _processor((*folders, *_installed()))
    able = LEVELS[-number:]
    found = {level: _file(level, folders) for level in able}
    return _Offer({level: path for level, path in found.items() if path is not None}, troubles)


def _processor(folders: tuple[Path, ...]) -> tuple[int, list[str]]:
    """Return N for a processor that offers x86-64-vN, 1 for others, and why it could not be asked."""
    path = _file("processor", folders)
    if path is None:
        return 1, []
    try:
        return int(ctypes.CDLL(str(path)).tidegate_level()), []
    except (OSError, AttributeError) as error:
        return 1, [f"{path.name} cannot be loaded ({error})"]


def _file(name: str, folders: tuple[Path, ...]) -> Path | None:
    paths = (folder / f"libtidegate-{name}{_SUFFIX}" for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def _installed() -> tuple[Path, ...]:
    """Return where an installation puts the libraries: beside this file, or apart from it when it is editable."""
    here = Path(__file__).parent
    try:
        return here, Path(str(metadata.distribution("tidegate").locate_file("tidegate/kernels")))
    except metadata.PackageNotFoundError:
        return (here,)
