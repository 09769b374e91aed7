"""What users ask of a trained generator: a prefix and a condition, as sequences of the kind of training.

Axis letters: N sequences, T steps, K keys or channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import DataError
from tidegate.features.vocabulary import UNITS
from tidegate.tasks.generation.conditions import conditions_of
from tidegate.tasks.generation.given import Given
from tidegate.tasks.sequences import Sequences, taken

if TYPE_CHECKING:
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
    start: Any
    if data.reader.vocabulary is None:
        nothing = np.empty((0, data.reader.n_channels))
        start = nothing if prefix is None else taken([prefix], None, name="prefix").items[0]
    elif isinstance(prefix, str):
        start = UNITS[unit](prefix)
    else:
        start = [] if prefix is None or not len(prefix) else taken([prefix], None, name="prefix").items[0]
    if isinstance(start, list):
        check_known(data, start, "prefix")
    return like(data, [start] * n, condition)


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


def _conditions(data: Read, condition: Any, n: int) -> NDArray[Any] | None:
    """Return one condition for each of `n` sequences."""
    if condition is None:
        return None
    shared = np.ndim(condition) == (1 if data.conditions is not None and data.conditions.classes is None else 0)
    return conditions_of([condition] * n if shared else condition, n)
