"""What users ask of a trained generator, as sequences of the kind of training: prefix, condition, what fills a blank.

Axis letters: N sequences, T steps, K keys or channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import DataError
from tidegate.features.vocabulary import UNITS
from tidegate.tasks.generation.blanks import Blanked
from tidegate.tasks.generation.conditions import conditions_of
from tidegate.tasks.generation.given import Given
from tidegate.tasks.sequences import Sequences, check_alike, taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.read import Read


def begun(data: Read, unit: Unit, wanted: tuple[Any, Any], n: int) -> Given:
    """Return what `n` sequences begin with, which may be nothing.

    Parameters
    ----------
    data
        What was learned of training sequences.
    unit
        What texts are cut into.
    wanted
        Prefix, or None, and condition, or None.
    n
        How many.

    Raises
    ------
    DataError
        If the prefix holds what training did not, or the condition is not like those of training.
    """
    prefix, condition = wanted
    start = item(data, unit, prefix, name="prefix")
    if isinstance(start, list):
        check_known(data, start, "prefix")
    return like(data, [start] * n, condition)


def item(data: Read, unit: Unit, sequence: Any, *, name: str) -> Any:
    """Return one sequence as a list of tokens or an array of shape (T, K), which may be empty.

    Parameters
    ----------
    data
        What was learned of training sequences.
    unit
        What texts are cut into.
    sequence
        A text, a list of tokens or an array; None for nothing.
    name
        What it is called in messages.

    Raises
    ------
    DataError
        If it is of another kind than those of training.
    """
    if data.reader.vocabulary is None:
        nothing = np.empty((0, data.reader.n_channels))
        return nothing if sequence is None else _like(data, sequence, name)
    if isinstance(sequence, str):
        return UNITS[unit](sequence)
    return [] if sequence is None or not len(sequence) else _like(data, sequence, name)


def filled(data: Read, unit: Unit, wanted: tuple[Any, Sequence[str] | None, Any]) -> tuple[list[str], Given]:
    """Return what may stand in the blank of a sequence, and the sequence with each.

    Parameters
    ----------
    data
        What was learned of training sequences.
    unit
        What texts are cut into.
    wanted
        Sequence with one blank; candidates, or None for every known token; and condition, or None.

    Raises
    ------
    DataError
        If there is not one blank, there are no candidates, or training did not hold what they are made of.
    """
    sequence, candidates, condition = wanted
    if data.reader.vocabulary is None:
        raise DataError("steps of numbers have no blanks", repair="Use generate with a prefix.")
    blanked = Blanked.of(sequence, unit)
    tried = list(data.reader.vocabulary.tokens_[2:]) if candidates is None else list(candidates)
    whole = [blanked.with_(UNITS[unit](one) if data.texts else [one]) for one in tried]
    if not whole:
        raise DataError("there are no candidates for the blank", repair="Give at least one.")
    for one in whole:
        check_known(data, one, "the sequence")
    return tried, like(data, whole, condition)


def like(data: Read, items: list[Any], condition: Any) -> Given:
    """Return sequences as those of training were given.

    Parameters
    ----------
    data
        What was learned of training sequences.
    items
        N lists of tokens, or arrays of shape (T, K); they may be empty.
    condition
        One label or vector for all, one for each, or None.
    """
    sequences = Sequences("values" if data.reader.vocabulary is None else "tokens", items)
    conditions = _conditions(data, condition, len(items))
    return Given(sequences, conditions, np.arange(len(items)), long=not data.ends, texts=data.texts)


def check_known(data: Read, tokens: list[str], name: str) -> None:
    """Refuse tokens of which nothing was learned; `name` is what holds them, for messages.

    Raises
    ------
    DataError
        With the first of them and its place.
    """
    place = data.unknown(tokens)
    if place is not None:
        raise DataError(
            f"{name} holds {tokens[place]!r} at place {place}, which training did not",
            repair="Leave it out, or train on what holds it.",
        )


def _like(data: Read, sequence: Any, name: str) -> Any:
    """Return a sequence of the kind of training, checked."""
    found = taken([sequence], None, name=name)
    check_alike(found, data.reader.kind, data.reader.n_channels, name=f"the steps of {name}")
    return found.items[0]


def _conditions(data: Read, condition: Any, n: int) -> NDArray[Any] | None:
    """Return one condition for each of `n` sequences."""
    if condition is None:
        return None
    shared = np.ndim(condition) == (1 if data.conditions is not None and data.conditions.classes is None else 0)
    return conditions_of([condition] * n if shared else condition, n)
