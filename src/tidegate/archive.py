"""Folders of saved models: JSON, arrays in one safetensors file, binary files of the libraries; never code.

What is saved is a tree: dicts with text keys, lists and tuples, whose leaves are arrays, numbers, text, None and bytes
(a format of a library that cannot run code), and whatever `Others` knows how to take apart. A folder is written as a
whole or not at all, and every file is checked against its digest before anything in it is believed.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from tidegate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Tree = Any
"""A nested dict, list or tuple of arrays, numbers, text, None, bytes and what `pack` is told to take apart."""

DAMAGE = (
    ImportError, AttributeError, LookupError, OSError, RuntimeError, SafetensorError, TypeError, ValueError
)  # fmt: skip
"""What reading a damaged folder may raise."""

_FORMAT = 1
_CONFIG, _WEIGHTS = "config.json", "weights.safetensors"

_LARGE = 1_024
"""Numbers from which an array that is there already is not written again: members of an ensemble share their data."""


class Parts(NamedTuple):
    """What of a tree does not stand in its JSON.

    Attributes
    ----------
    arrays
        By name, for the safetensors file.
    files
        By name, each a file of its own.
    """

    arrays: dict[str, np.ndarray[Any, Any]]
    files: dict[str, bytes]


def write(folder: str | Path, config: dict[str, Any], parts: Parts) -> None:
    """Write `config` and `parts` to `folder`, which must not exist: everything or nothing.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written.
    """
    target = Path(folder)
    if target.exists():
        raise StorageError(f"{target} exists already. Choose another folder or remove it.")
    files = {**parts.files, _WEIGHTS: safetensors.numpy.save(parts.arrays)}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    whole = {"format": _FORMAT, **config, "files": digests}
    files[_CONFIG] = json.dumps({**whole, "checksum": checksum(whole)}, indent=1).encode()
    with drafted(target) as draft:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        draft.rename(target)


def is_there(folder: Path) -> bool:
    """Return whether a folder looks like one that `write` made."""
    return (folder / _CONFIG).exists()


def read_config(source: Path, keys: frozenset[str]) -> dict[str, Any]:
    """Return the JSON of a folder, checked against its checksum.

    Parameters
    ----------
    source
        The folder.
    keys
        What must be there besides format, files and checksum.

    Raises
    ------
    StorageError
        If it is not there, damaged, or of another format.
    """
    try:
        config: dict[str, Any] = json.loads((source / _CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StorageError(f"{source} is not a saved model: it holds no {_CONFIG}.") from error
    except json.JSONDecodeError as error:
        raise StorageError(f"{source / _CONFIG} {_broken(error)}. Fit and save again.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"{source / _CONFIG} cannot be read: {error}. Fit and save again.") from error
    missing = {"format", "files", "checksum", *keys} - set(config if isinstance(config, dict) else ())
    if missing:
        raise StorageError(f"{source / _CONFIG} is damaged: it lacks {', '.join(sorted(missing))}. Fit and save again.")
    if config["format"] != _FORMAT:
        raise StorageError(
            f"{source} has format {config['format']!r}; this version reads {_FORMAT}. Fit and save again."
        )
    if config.pop("checksum") != checksum(config):
        raise StorageError(f"{source / _CONFIG} is damaged: it was changed after saving. Fit and save again.")
    return config


def _broken(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is no JSON."""
    if not error.doc.strip():
        return "is empty"
    cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
    return "is cut short" if cut else f"is damaged at line {error.lineno}: {error.msg}"


def read_parts(source: Path, digests: dict[str, str]) -> Parts:
    """Return arrays and files of a folder, each file checked against its digest.

    Raises
    ------
    Exception
        One of `DAMAGE`.
    """
    contents = {}
    for name, digest in digests.items():
        if name in ("", ".", "..") or set(name) & set("/\\"):
            raise ValueError(f"the file name {name!r} leaves the folder")
        if not (source / name).is_file():
            raise ValueError(f"{name} is missing")
        contents[name] = (source / name).read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ValueError(f"{name} was changed after saving")
    return Parts(safetensors.numpy.load(contents.pop(_WEIGHTS)), contents)


def damaged(source: Path, error: Exception) -> StorageError:
    """Return how to say that what was read raised one of `DAMAGE`."""
    return StorageError(f"{source} is damaged or was saved by another version: {error}. Fit and save again.")


def checksum(config: dict[str, Any]) -> str:
    """Return the digest of a config without its checksum."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """Give the body a folder beside `target` to fill and to put in its place; what is left of it goes.

    Raises
    ------
    StorageError
        If the folder cannot be made, or the body raises an OSError.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}. Choose a folder you may write to.") from error
    try:
        draft.chmod(0o755)
        yield draft
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}. Free space or choose another folder.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def pack(node: Tree, path: str, parts: Parts, other: Callable[[Tree, str, Parts], Any] | None = None) -> Any:  # noqa: PLR0911 (one return per kind of node)
    """Return a tree for JSON: arrays and bytes go to `parts` and leave references, what JSON cannot say is tagged.

    Parameters
    ----------
    node
        The tree.
    path
        Its name, from which those of its parts are made.
    parts
        Where they go.
    other
        Takes a node apart that only a higher layer knows, as {its kind: content}; None where it does not know it.

    Raises
    ------
    StorageError
        If a leaf cannot be saved safely.
    """
    if isinstance(node, np.ndarray) and node.dtype.kind in "biuf":
        array = np.ascontiguousarray(node)
        name = _written(array, parts.arrays) or path
        parts.arrays[name] = array
        return {"array": name}
    known = other(node, path, parts) if other else None
    if known is not None:
        return known
    if isinstance(node, bytes):
        parts.files[name := f"{path}.bin"] = node
        return {"file": name}
    if isinstance(node, list | tuple) or (isinstance(node, np.ndarray) and node.dtype == object and node.ndim == 1):
        items = [pack(item, f"{path}.{k}", parts, other) for k, item in enumerate(node)]
        return items if isinstance(node, list) else {"tuple" if isinstance(node, tuple) else "objects": items}
    if isinstance(node, dict):
        return {"dict": [[key, pack(item, f"{path}.{key}", parts, other)] for key, item in node.items()]}
    if isinstance(node, np.generic):
        return pack(node.item(), path, parts, other)
    if isinstance(node, float) and not math.isfinite(node):
        return {"number": repr(node)}
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise StorageError(f"{path} holds a {type(node).__name__}, which cannot be saved safely.")


def unpack(node: Any, parts: Parts, other: Callable[[str, Any, Parts], Tree] | None = None) -> Tree:  # noqa: PLR0911 (as pack)
    """Return the tree that `pack` took apart.

    Parameters
    ----------
    node
        What `pack` returned.
    parts
        What it filled.
    other
        Puts the content of a kind together that only a higher layer knows; raises ValueError for one that it does not.

    Raises
    ------
    Exception
        One of `DAMAGE`.
    """
    if isinstance(node, list):
        return [unpack(item, parts, other) for item in node]
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "array":
        return parts.arrays[content]
    if kind == "file":
        return parts.files[content]
    if kind == "dict":
        return {key: unpack(item, parts, other) for key, item in content}
    if kind == "tuple":
        return tuple(unpack(item, parts, other) for item in content)
    if kind == "objects":
        return np.fromiter((unpack(item, parts, other) for item in content), dtype=object, count=len(content))
    if kind == "number":
        return float(content)
    if other is None:
        raise ValueError(f"unknown node {kind!r}")
    return other(kind, content, parts)


def _written(array: np.ndarray[Any, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> str | None:
    """Return the name under which the same bits are there already, if `array` is large."""
    if array.size < _LARGE:
        return None
    alike = (name for name, other in arrays.items() if (other.dtype, other.shape) == (array.dtype, array.shape))
    return next((name for name in alike if arrays[name].tobytes() == array.tobytes()), None)
