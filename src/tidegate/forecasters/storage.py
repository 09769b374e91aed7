"""Saved forecasters: a folder with config.json, weights.safetensors and binary files of the libraries; never code.

A model's state is a tree (see `archive`) whose leaves may also be other forecasters, fitted or not.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import archive
from tidegate.archive import Parts, Tree
from tidegate.errors import StorageError
from tidegate.forecasters import registry
from tidegate.panel import Covariates, Future, Panel

if TYPE_CHECKING:
    from tidegate.forecasters.base import Forecaster

_INSIDE = "model"
_TASKS = "tidegate.tasks."
_KEYS = frozenset({"class", "settings", "state", "data", "versions"})
_PACKAGES = ("tidegate", "numpy", "statsforecast", "statsmodels", "scikit-learn", "xgboost-cpu", "xgboost", "torch")


def save(model: Forecaster, folder: str | Path) -> None:
    """Write `model` to `folder`, which must not exist: everything or nothing.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written, or if the class is one that `load` would refuse.
    """
    parts = Parts({}, {})
    config = {**_described(model, "", parts), "data": _provenance(model.history_), "versions": versions()}
    archive.write(folder, config, parts)


def load(folder: str | Path) -> Forecaster:
    """Read a saved forecaster; its forecasts are the same bits as before saving.

    Parameters
    ----------
    folder
        Where it was saved, or a folder of results that holds it as ``model``.

    Raises
    ------
    StorageError
        If the folder is not a saved model, is damaged, or names a class that is not a tidegate forecaster.
    """
    source = Path(folder)
    if not archive.is_there(source) and (source / _INSIDE).is_dir():
        source /= _INSIDE
    config = archive.read_config(source, _KEYS - {"data"})
    if str(config["class"]).startswith(_TASKS):
        raise StorageError(
            f"{source} holds a {str(config['class']).rpartition(':')[2]}, not a forecaster. Use tidegate.load."
        )
    try:
        _class(source, str(config["class"]))
        return _revived(source, config, archive.read_parts(source, config["files"]))
    except archive.DAMAGE as error:
        raise archive.damaged(source, error) from error


def is_model(folder: str | Path) -> bool:
    """Whether `load` would find a saved model in the folder, whole or damaged."""
    source = Path(folder)
    return any(map(archive.is_there, (source, source / _INSIDE)))


def _described(model: Forecaster, prefix: str, parts: Parts) -> dict[str, Any]:
    """Return the class, settings and, once fitted, state of a model for JSON; arrays and bytes go where they belong."""
    path = f"{type(model).__module__}:{type(model).__qualname__}"
    if not _is_trusted(path):
        raise StorageError(
            f"{path} could not be loaded again: it is not a tidegate forecaster. "
            "Add it with tidegate.forecasters.registry.register first."
        )
    state = None
    if hasattr(model, "history_"):
        state = {"model": model._state(), "private": model._private_state(), "history": _panel_tree(model.history_)}  # noqa: SLF001 (its own storage)
    return {
        "class": path,
        "settings": archive.pack(model.get_params(deep=False), f"{prefix}settings", parts, _taken_apart),
        "state": archive.pack(state, f"{prefix}state", parts, _taken_apart),
    }


def _taken_apart(node: Tree, path: str, parts: Parts) -> dict[str, Any] | None:
    """Return a forecaster inside another for JSON; None for what is none."""
    from tidegate.forecasters.base import Forecaster

    return {"forecaster": _described(node, f"{path}.", parts)} if isinstance(node, Forecaster) else None


def _put_together(kind: str, content: Any, parts: Parts) -> Forecaster:
    if kind != "forecaster":
        raise ValueError(f"unknown node {kind!r}")
    return _revived(Path("a member of the model"), content, parts)


def _revived(source: Path, config: dict[str, Any], parts: Parts) -> Forecaster:
    """Return the model that `_described` took apart."""
    settings, state = (archive.unpack(config[part], parts, _put_together) for part in ("settings", "state"))
    model = _class(source, str(config["class"]))(**settings)
    if state is not None:
        model._restore_private(state["private"], _panel(state["history"]))  # noqa: SLF001 (its own storage)
        model._restore(state["model"])  # noqa: SLF001
    return model


def _class(source: Path, path: str) -> type[Forecaster]:
    """Return the forecaster class called "module:Class", which must be tidegate's own or registered."""
    from tidegate.forecasters.base import Forecaster

    module, _, attribute = path.partition(":")
    cls = getattr(importlib.import_module(module), attribute) if _is_trusted(path) else None
    if not (isinstance(cls, type) and issubclass(cls, Forecaster)):
        raise StorageError(
            f"{source} names the class {path!r}, which is not a tidegate forecaster. "
            "If it is your own, add it with tidegate.forecasters.registry.register first."
        )
    return cls


def _is_trusted(path: str) -> bool:
    """Whether the class "module:Class" may be imported: tidegate's own, or one that the user registered."""
    return path.startswith("tidegate.forecasters.") or path in {entry.path for entry in registry.entries()}


def versions(packages: tuple[str, ...] = _PACKAGES) -> dict[str, str]:
    """Return the versions of those `packages` that are installed: tidegate and the libraries a model rests on."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _provenance(panel: Panel) -> dict[str, Any]:
    """Return what the model was fitted on: fingerprint, number of series, first and last time."""
    span = [int(panel.times.min()), int(panel.times.max())]
    told = span if panel.integer_time else [str(np.datetime64(time, "ns")) for time in span]
    return {"fingerprint": fingerprint(panel), "series": len(panel), "first": told[0], "last": told[1]}


def fingerprint(panel: Panel) -> str:
    """Return 16 hexadecimal digits that change when any observation, time, covariate or name does."""
    digest = hashlib.sha256()
    for part in (panel.offsets, panel.times, panel.values, panel.known.values, panel.past.values, panel.static.values):
        digest.update(np.ascontiguousarray(part).tobytes())
    columns = [(part.names, part.categories) for part in (panel.known, panel.past, panel.static)]
    digest.update(json.dumps([*map(str, panel.ids), panel.frequency, panel.timezone, columns]).encode())
    return digest.hexdigest()[:16]


def _panel_tree(panel: Panel) -> Tree:
    tree = {name: getattr(panel, name) for name in Panel.__dataclass_fields__}
    for name in ("known", "past", "static"):
        tree[name] = vars(tree[name])
    if panel.future is not None:
        tree["future"] = {"offsets": panel.future.offsets, "covariates": vars(panel.future.covariates)}
    return tree


def _panel(tree: Tree) -> Panel:
    parts = dict(tree)
    for name in ("known", "past", "static"):
        parts[name] = Covariates(**parts[name])
    if parts["future"] is not None:
        parts["future"] = Future(parts["future"]["offsets"], Covariates(**parts["future"]["covariates"]))
    return Panel(**parts)
