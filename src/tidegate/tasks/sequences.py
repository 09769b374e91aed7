"""What users call sequences, checked: texts, lists of tokens, or arrays of steps and channels or of frames.

Axis letters: N sequences, T steps, I channels, Y and X height and width of a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tidegate.data.cells import LARGEST
from tidegate.errors import DataError
from tidegate.features.vocabulary import UNITS
from tidegate.tasks.places import faulty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.frames import Frame

    Floats = NDArray[np.float64]

Kind = Literal["tokens", "values"]

_OF_FRAMES = 3


class Sequences(NamedTuple):
    """Sequences of one kind.

    Attributes
    ----------
    kind
        "tokens" or "values".
    items
        N of them: lists of tokens, or arrays of shape (T, I).
    frame
        Height and width where a step is a picture, of I = Y X numbers; None where it is not.
    """

    kind: Kind
    items: list[Any]
    frame: Frame | None = None

    def take(self, chosen: Sequence[int] | NDArray[np.int64]) -> Sequences:
        """Return those with these numbers."""
        return self._replace(items=[self.items[k] for k in chosen])


def taken(data: Any, unit: Unit | None, *, name: str = "X", frames: bool = False) -> Sequences:
    """Return what a user gave as sequences.

    Parameters
    ----------
    data
        A list of texts, of lists of tokens, or of arrays of numbers, of shape (T,) for one channel or (T, I); or an
        array of shape (N, T) or (N, T, I).
    unit
        What texts are cut into; None refuses them.
    name
        What it is called in messages.
    frames
        Whether the steps may be pictures: arrays of shape (T, Y, X).

    Raises
    ------
    DataError
        If there is none, one is empty, holds a number that is none, or is of another kind or width than the first.
    """
    if isinstance(data, str | bytes) or (hasattr(data, "keys") and hasattr(data, "columns")) or not _is_listed(data):
        raise DataError(
            f"{name} is a {type(data).__name__}, not sequences",
            repair="Give a list of texts, of lists of tokens, or of arrays; of a frame the column, of one text a list.",
        )
    given = list(data)
    if not given:
        raise DataError(f"{name} holds no sequences", repair="Give at least one.")
    found = [_item(one, unit, _Where(name, k), frames=frames) for k, one in enumerate(given)]
    pictures = {one.shape[1:] for one in found if isinstance(one, np.ndarray) and one.ndim == _OF_FRAMES}
    made = [one.reshape(len(one), -1) if isinstance(one, np.ndarray) else one for one in found]
    kind = _kind(given, made, name)
    if kind == "values":
        if pictures:
            _check_frames(found, name)
        _check_widths(made, name)
    return Sequences(kind, made, next(iter(pictures), None))


def _kind(given: list[Any], made: list[Any], name: str) -> Kind:
    """Return the one kind of what was given and then made; refuse several, and texts beside lists of tokens."""
    kinds = [
        "text" if isinstance(one, str) else "values" if isinstance(own, np.ndarray) else "tokens"
        for one, own in zip(given, made, strict=True)
    ]
    other = next((k for k, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        told = f"holds {kinds[other]}, the first holds {kinds[0]}"
        raise _Where(name, other).wrong(told, "Give sequences of one kind.")
    return "values" if kinds[0] == "values" else "tokens"


def check_alike(
    sequences: Sequences, kind: Kind, n_channels: int, *, name: str = "the sequences", frame: Frame | None = None
) -> None:
    """Refuse sequences of another kind or width than those of training.

    Parameters
    ----------
    sequences
        To be checked.
    kind, n_channels
        Of training; 0 channels for tokens.
    name
        What they are called in messages.
    frame
        Height and width of a step of training that is a picture.

    Raises
    ------
    DataError
        With what they hold, and what training held.
    """
    if sequences.kind != kind:
        raise DataError(
            f"{name} hold {sequences.kind}, those of training held {kind}",
            repair="Give sequences like those of training.",
        )
    if sequences.frame != frame:
        raise DataError(
            f"{name} hold {_steps_of(sequences.frame)}, those of training held {_steps_of(frame)}",
            repair="Give sequences like those of training.",
        )
    found = width(sequences)
    if found != n_channels:
        raise DataError(
            f"{name} have {found} channels, those of training had {n_channels}",
            repair="Give the channels of training, in the same order.",
        )


def width(sequences: Sequences) -> int:
    """Return how many channels sequences have; 0 for tokens."""
    return 0 if sequences.kind == "tokens" else int(sequences.items[0].shape[1])


def _steps_of(frame: Frame | None) -> str:
    return "steps that are no frames" if frame is None else f"frames of {frame[0]} by {frame[1]}"


def _is_listed(data: Any) -> bool:
    """Return whether something holds others one after another, under no names."""
    return hasattr(data, "__len__") and hasattr(data, "__iter__") and not isinstance(data, dict | set | frozenset)


class _Where(NamedTuple):
    """Which sequence is looked at."""

    name: str
    number: int

    def wrong(self, what: str, repair: str) -> DataError:
        return faulty(self.number, self.name, what, repair)


def _item(one: Any, unit: Unit | None, where: _Where, *, frames: bool) -> list[str] | Floats:
    if isinstance(one, str):
        if unit is None:
            raise where.wrong("is a text", "Cut it into tokens, and give these as a list.")
        tokens = UNITS[unit](one)
        if not tokens:
            raise where.wrong("is an empty text", "Leave it out, or give at least one word.")
        return tokens
    if not _is_listed(one) or (isinstance(one, np.ndarray) and not one.ndim):
        raise where.wrong(f"is a {type(one).__name__}", "Give texts, lists of tokens, or arrays of shape (T, I).")
    if not len(one):
        raise where.wrong("is empty", "Leave it out, or give at least one step.")
    if all(isinstance(token, str) for token in one):
        return [str(token) for token in one]
    return _values(one, where, frames=frames)


def _values(one: Any, where: _Where, *, frames: bool) -> Floats:
    """Return numbers as shape (T, I), or (T, Y, X) where there may be frames."""
    try:
        given = np.asarray(one)
        if np.iscomplexobj(given):
            repair = "Give real and imaginary parts as channels, or magnitudes."
            raise where.wrong(f"holds {given.dtype} numbers", repair)
        made = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise where.wrong(f"holds neither text nor numbers alone: {error}", "Give one or the other.") from error
    if made.ndim == 1:
        made = made[:, None]
    if made.ndim not in ((2, _OF_FRAMES) if frames else (2,)) or not made.size:
        more = ", or (T, height, width) for frames" if frames else ""
        raise where.wrong(f"has shape {np.shape(one)}", f"Give (T,) for one channel, or (T, I){more}.")
    broken = np.argwhere(~(np.abs(made) <= LARGEST))
    if len(broken):
        step, *place = broken[0].tolist()
        told = f"channel {place[0]}" if len(place) == 1 else f"row {place[0]} and column {place[1]}"
        wrong = made[tuple(broken[0])]
        limit = f"; numbers must lie between -{LARGEST:g} and {LARGEST:g}" if np.isfinite(wrong) else ""
        raise where.wrong(f"holds {wrong} at step {step} of {told}{limit}", "Fill it, or leave the sequence out.")
    return made


def _check_frames(found: list[Any], name: str) -> None:
    first = found[0].shape[1:]
    for k, one in enumerate(found):
        if one.shape[1:] != first:
            raise _Where(name, k).wrong(
                f"has steps of shape {one.shape[1:]}, the first of {first}", "Give frames of one size."
            )


def _check_widths(made: list[Any], name: str) -> None:
    width = made[0].shape[1]
    for k, one in enumerate(made):
        if one.shape[1] != width:
            raise _Where(name, k).wrong(
                f"has {one.shape[1]} channels, the first has {width}", "Give sequences of the same channels."
            )
