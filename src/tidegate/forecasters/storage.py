"""Saved models: a folder with config.json, weights.safetensors and binary files of the libraries; never code.

A model's state is a tree: dicts with text keys, lists and tuples, whose leaves are arrays, numbers, text, None, bytes
(a format of a library that cannot run code) or other forecasters, fitted or not. Arrays go to one safetensors file,
bytes to a file each, the rest to JSON.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from tidegate.errors import StorageError
from tidegate.forecasters import registry
from tidegate.panel import Covariates, Future, Panel

if TYPE_CHECKING:
    from tidegate.forecasters.base import Forecaster

Tree = Any
"""A nested dict, list or tuple of arrays, numbers, text, None, bytes and forecasters."""

_FORMAT = 1
_CONFIG, _INSIDE = "config.json", "model"
_WEIGHTS = "weights.safetensors"
_KEYS = {"format", "class", "settings", "state", "data", "versions", "files", "checksum"}
_PACKAGES = ("tidegate", "numpy", "statsforecast", "statsmodels", "scikit-learn", "xgboost-cpu", "xgboost", "torch")

_LARGE = 1_024
"""Numbers from which an array that is there already is not written again: members of an ensemble share their data."""

_DAMAGE = (
    ImportError, AttributeError, LookupError, OSError, RuntimeError, SafetensorError, TypeError, ValueError
)  # fmt: skip


def save(model: Forecaster, folder: str | Path) -> None:
    """Write `model` to `folder`, which must not exist: everything or nothing.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written, or if the class is one that `load` would refuse.
    """
    target = Path(folder)
    if target.exists():
        raise StorageError(f"{target} exists already. Choose another folder or remove it.")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    files: dict[str, bytes] = {}
    config = {
        "format": _FORMAT,
        **_described(model, "", arrays, files),
        "data": _provenance(model.history_),
        "versions": versions(),
    }
    files[_WEIGHTS] = safetensors.numpy.save(arrays)
    config["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[_CONFIG] = json.dumps({**config, "checksum": _checksum(config)}, indent=1).encode()
    _write(target, files)


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
    if not (source / _CONFIG).exists() and (source / _INSIDE).is_dir():
        source /= _INSIDE
    config = _read_config(source)
    try:
        _class(source, str(config["class"]))
        files = _read_files(source, config["files"])
        arrays = safetensors.numpy.load(files.pop(_WEIGHTS))
        model = _revived(source, config, arrays, files)
    except _DAMAGE as error:
        raise StorageError(
            f"{source} is damaged or was saved by another version: {error}. Fit and save again."
        ) from error
    return model


def _described(
    model: Forecaster, prefix: str, arrays: dict[str, np.ndarray[Any, Any]], files: dict[str, bytes]
) -> dict[str, Any]:
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
        "settings": _pack(model.get_params(deep=False), f"{prefix}settings", arrays, files),
        "state": _pack(state, f"{prefix}state", arrays, files),
    }


def _revived(
    source: Path, config: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]], files: dict[str, bytes]
) -> Forecaster:
    """Return the model that `_described` took apart."""
    settings, state = (_unpack(config[part], arrays, files) for part in ("settings", "state"))
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


def _write(target: Path, files: dict[str, bytes]) -> None:
    """Write the files beside `target` and rename the folder: everything or nothing."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}. Choose a folder you may write to.") from error
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}. Free space or choose another folder.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _read_files(source: Path, digests: dict[str, str]) -> dict[str, bytes]:
    """Return the content of every file that the config lists, each checked against its digest."""
    contents = {}
    for name, digest in digests.items():
        if name in ("", ".", "..") or set(name) & set("/\\"):
            raise ValueError(f"the file name {name!r} leaves the folder")
        contents[name] = (source / name).read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ValueError(f"{name} was changed after saving")
    return contents


def _checksum(config: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


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


def _read_config(source: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((source / _CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StorageError(f"{source} is not a saved model: it holds no {_CONFIG}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"{source / _CONFIG} cannot be read: {error}. Fit and save again.") from error
    missing = _KEYS - set(config if isinstance(config, dict) else ())
    if missing:
        raise StorageError(f"{source / _CONFIG} is damaged: it lacks {', '.join(sorted(missing))}. Fit and save again.")
    if config["format"] != _FORMAT:
        raise StorageError(
            f"{source} has format {config['format']!r}; this version reads {_FORMAT}. Fit and save again."
        )
    if config.pop("checksum") != _checksum(config):
        raise StorageError(f"{source / _CONFIG} is damaged: it was changed after saving. Fit and save again.")
    return config


def _pack(node: Tree, path: str, arrays: dict[str, np.ndarray[Any, Any]], files: dict[str, bytes]) -> Any:  # noqa: PLR0911 (one return per kind of node)
    """Replace arrays and bytes by references; what JSON cannot say is tagged."""
    if isinstance(node, np.ndarray) and node.dtype.kind in "biuf":
        array = np.ascontiguousarray(node)
        name = _written(array, arrays) or path
        arrays[name] = array
        return {"array": name}
    if _is_forecaster(node):
        return {"forecaster": _described(node, f"{path}.", arrays, files)}
    if isinstance(node, bytes):
        files[name := f"{path}.bin"] = node
        return {"file": name}
    if isinstance(node, list | tuple) or (isinstance(node, np.ndarray) and node.dtype == object and node.ndim == 1):
        items = [_pack(item, f"{path}.{k}", arrays, files) for k, item in enumerate(node)]
        return items if isinstance(node, list) else {"tuple" if isinstance(node, tuple) else "objects": items}
    if isinstance(node, dict):
        return {"dict": [[key, _pack(item, f"{path}.{key}", arrays, files)] for key, item in node.items()]}
    if isinstance(node, np.generic):
        return _pack(node.item(), path, arrays, files)
    if isinstance(node, float) and not math.isfinite(node):
        return {"number": repr(node)}
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise StorageError(f"{path} holds a {type(node).__name__}, which cannot be saved safely.")


def _written(array: np.ndarray[Any, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> str | None:
    """Return the name under which the same bits are there already, if `array` is large."""
    if array.size < _LARGE:
        return None
    alike = (name for name, other in arrays.items() if (other.dtype, other.shape) == (array.dtype, array.shape))
    return next((name for name in alike if arrays[name].tobytes() == array.tobytes()), None)


def _is_forecaster(node: Tree) -> bool:
    from tidegate.forecasters.base import Forecaster

    return isinstance(node, Forecaster)


def _unpack(node: Any, arrays: dict[str, np.ndarray[Any, Any]], files: dict[str, bytes]) -> Tree:  # noqa: PLR0911 (as _pack)
    if isinstance(node, list):
        return [_unpack(item, arrays, files) for item in node]
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "array":
        return arrays[content]
    if kind == "file":
        return files[content]
    if kind == "forecaster":
        return _revived(Path("a member of the model"), content, arrays, files)
    if kind == "dict":
        return {key: _unpack(item, arrays, files) for key, item in content}
    if kind == "tuple":
        return tuple(_unpack(item, arrays, files) for item in content)
    if kind == "objects":
        return np.fromiter((_unpack(item, arrays, files) for item in content), dtype=object, count=len(content))
    if kind == "number":
        return float(content)
    raise ValueError(f"unknown node {kind!r}")


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
