"""What users call sequences, checked: texts, lists of tokens, or arrays of steps and channels.

Axis letters: N sequences, T steps, I channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tidegate.errors import DataError, Place
from tidegate.features.vocabulary import UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]

Kind = Literal["tokens", "values"]


class Sequences(NamedTuple):
    """Sequences of one kind.

    Attributes
    ----------
    kind
        "tokens" or "values".
    items
        N of them: lists of tokens, or arrays of shape (T, I).
    """

    kind: Kind
    items: list[Any]

    def take(self, chosen: Sequence[int] | NDArray[np.int64]) -> Sequences:
        """Return those with these numbers."""
        return Sequences(self.kind, [self.items[k] for k in chosen])


def taken(data: Any, unit: Unit | None, *, name: str = "X") -> Sequences:
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
    made = [_item(one, unit, _Where(name, k)) for k, one in enumerate(given)]
    kinds: list[Kind] = ["values" if isinstance(one, np.ndarray) else "tokens" for one in made]
    if len(set(kinds)) > 1:
        k = next(k for k, kind in enumerate(kinds) if kind != kinds[0])
        raise _Where(name, k).wrong(f"holds {kinds[k]}, the first holds {kinds[0]}", "Give sequences of one kind.")
    if kinds[0] == "values":
        _check_widths(made, name)
    return Sequences(kinds[0], made)


def check_alike(sequences: Sequences, kind: Kind, n_channels: int, *, name: str = "the sequences") -> None:
    """Refuse sequences of another kind or width than those of training.

    Parameters
    ----------
    sequences
        To be checked.
    kind, n_channels
        Of training; 0 channels for tokens.
    name
        What they are called in messages.

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
    found = width(sequences)
    if found != n_channels:
        raise DataError(
            f"{name} have {found} channels, those of training had {n_channels}",
            repair="Give the channels of training, in the same order.",
        )


def width(sequences: Sequences) -> int:
    """Return how many channels sequences have; 0 for tokens."""
    return 0 if sequences.kind == "tokens" else int(sequences.items[0].shape[1])


def _is_listed(data: Any) -> bool:
    """Return whether something holds others one after another, under no names."""
    return hasattr(data, "__len__") and hasattr(data, "__iter__") and not isinstance(data, dict | set | frozenset)


class _Where(NamedTuple):
    """Which sequence is looked at."""

    name: str
    number: int

    def wrong(self, what: str, repair: str) -> DataError:
        return DataError(f"sequence {self.number} of {self.name} {what}", place=Place(row=self.number), repair=repair)


def _item(one: Any, unit: Unit | None, where: _Where) -> list[str] | Floats:
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
    return _values(one, where)


def _values(one: Any, where: _Where) -> Floats:
    """Return numbers as shape (T, I)."""
    try:
        made = np.asarray(one, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise where.wrong(f"holds neither text nor numbers alone: {error}", "Give one or the other.") from error
    if made.ndim == 1:
        made = made[:, None]
    if made.ndim != 2 or not made.shape[1]:
        raise where.wrong(f"has shape {np.shape(one)}", "Give (T,) for one channel, or (T, I).")
    broken = np.argwhere(~np.isfinite(made))
    if len(broken):
        step, channel = broken[0]
        raise where.wrong(
            f"holds {made[step, channel]} at step {step} of channel {channel}",
            "Fill it, or leave the sequence out.",
        )
    return made


def _check_widths(made: list[Any], name: str) -> None:
    width = made[0].shape[1]
    for k, one in enumerate(made):
        if one.shape[1] != width:
            raise _Where(name, k).wrong(
                f"has {one.shape[1]} channels, the first has {width}", "Give sequences of the same channels."
            )
