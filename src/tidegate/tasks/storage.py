"""Saved sequence estimators: a folder like that of a forecaster (see `archive`)."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol

from tidegate import archive
from tidegate.archive import Parts, Tree
from tidegate.errors import StorageError
from tidegate.features.vocabulary import Vocabulary
from tidegate.forecasters import storage as forecasters

_KEYS = frozenset({"class", "settings", "state", "versions"})
_PACKAGE, _INSIDE = "tidegate.tasks.", "model"


class Estimator(Protocol):
    """A sequence estimator, as far as storing goes."""

    _settings: dict[str, Any]

    def _state(self) -> Tree:
        """Return everything learned."""


def save(model: Estimator, folder: str | Path) -> None:
    """Write a fitted estimator to `folder`, which must not exist: everything or nothing.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written.
    """
    parts = Parts({}, {})
    config = {
        "class": f"{type(model).__module__}:{type(model).__qualname__}",
        "settings": archive.pack(model._settings, "settings", parts, _taken_apart),  # noqa: SLF001 (its own storage)
        "state": archive.pack(model._state(), "state", parts),  # noqa: SLF001 (its own storage)
        "versions": forecasters.versions(),
    }
    archive.write(folder, config, parts)


def load(folder: str | Path) -> Any:
    """Read a saved model: a sequence estimator or a forecaster; what it says is the same bits as before saving.

    Parameters
    ----------
    folder
        Where it was saved, or a folder of results that holds it as ``model``.

    Returns
    -------
    Forecaster or sequence estimator
        Of the class that was saved.

    Raises
    ------
    StorageError
        If the folder is not a saved model, is damaged, or names a class that is not tidegate's.
    """
    source = Path(folder)
    if not archive.is_there(source) and (source / _INSIDE).is_dir():
        source /= _INSIDE
    config = archive.read_config(source, _KEYS)
    if not str(config["class"]).startswith(_PACKAGE):
        return forecasters.load(source)
    try:
        parts = archive.read_parts(source, config["files"])
        model = _class(source, str(config["class"]))(**archive.unpack(config["settings"], parts, _put_together))
        model._restore(archive.unpack(config["state"], parts))  # noqa: SLF001 (its own storage)
    except archive.DAMAGE as error:
        raise archive.damaged(source, error) from error
    return model


def _class(source: Path, path: str) -> Any:
    """Return the estimator class called "module:Class"."""
    module, _, attribute = path.partition(":")
    cls = getattr(importlib.import_module(module), attribute)
    if not (isinstance(cls, type) and hasattr(cls, "_restore")):
        raise StorageError(f"{source} names the class {path!r}, which is not a tidegate sequence estimator.")
    return cls


def _taken_apart(node: Tree, path: str, parts: Parts) -> dict[str, Any] | None:  # noqa: ARG001 (the face of `pack`)
    """Return a vocabulary or a path among the settings for JSON; None for what is neither."""
    if isinstance(node, Path):
        return {"path": str(node)}
    if not isinstance(node, Vocabulary):
        return None
    file = None if node.file is None else str(node.file)
    return {"vocabulary": {"max_size": node.max_size, "min_count": node.min_count, "file": file}}


def _put_together(kind: str, content: Any, parts: Parts) -> Vocabulary | Path:  # noqa: ARG001
    if kind == "path":
        return Path(content)
    if kind != "vocabulary":
        raise ValueError(f"unknown node {kind!r}")
    return Vocabulary(**content)
