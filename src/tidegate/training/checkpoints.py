"""Checkpoints: a killed training run goes on from its newest one, to the same bits.

Off by default. Inside ``with kept_in(folder): model.fit(...)`` each run writes one file, replaced by atomic rename,
and a run that finds its own file there goes on from it; a finished run is read back instead of repeated. A file's name
holds a digest of data, settings and seed, so another fit in the same folder starts its own.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tidegate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

_FOLDER: ContextVar[Path | None] = ContextVar("checkpoints", default=None)
_SUFFIX = ".checkpoint"


class Snapshot(NamedTuple):
    """Everything that a run needs to go on.

    Attributes
    ----------
    tensors
        Parameters, the optimiser's state, the best parameters and the Generator's state by name.
    facts
        Numbers and lists that JSON can hold: updates made, losses, the best check.
    """

    tensors: dict[str, torch.Tensor]
    facts: dict[str, Any]


@contextmanager
def kept_in(folder: str | Path) -> Iterator[Path]:
    """Keep checkpoints of every training run inside the body in `folder`, and go on from those found there.

    Parameters
    ----------
    folder
        Made if absent. Remove it once the model is saved: nothing else does.

    Raises
    ------
    StorageError
        If the folder cannot be made, or a checkpoint cannot be written or read.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{place} cannot be written: {error}. Choose a folder you may write to.") from error
    token = _FOLDER.set(place)
    try:
        yield place
    finally:
        _FOLDER.reset(token)


def path(run: str) -> Path | None:
    """Return where the run called `run` keeps its checkpoint, or None outside of `kept_in`."""
    folder = _FOLDER.get()
    return None if folder is None else folder / f"{run}{_SUFFIX}"


def write(snapshot: Snapshot, place: Path) -> None:
    """Replace the checkpoint at `place`: the old one stays whole until the new one is.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    draft = place.with_name(f".{place.name}.draft")
    try:
        save_file(
            {name: tensor.detach().contiguous() for name, tensor in snapshot.tensors.items()},
            draft,
            metadata={"facts": json.dumps(snapshot.facts)},
        )
        draft.replace(place)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{place} cannot be written: {error}. Free space or choose another folder.") from error


def read(place: Path) -> Snapshot | None:
    """Return the checkpoint at `place`, or None if there is none.

    Raises
    ------
    StorageError
        If it is damaged.
    """
    if not place.exists():
        return None
    try:
        with safe_open(place, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            facts = json.loads(file.metadata()["facts"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{place} is damaged: {error}. Remove it and start the run again.") from error
    return Snapshot(tensors, facts)
