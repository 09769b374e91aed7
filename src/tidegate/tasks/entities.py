"""Tags that mark entities, B-X for the first token of an X, I-X for the next, O for none: spans, scores, order.

Axis letters: K tags.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_OUTSIDE, _BEGINS, _ENDS = "O", ("B", "S"), ("E", "S")


class Span(NamedTuple):
    """An entity in a sentence.

    Attributes
    ----------
    kind
        What follows the dash of its tags, such as person; empty where nothing does.
    start, end
        Its tokens, counted from 0: the first, and the one after the last.
    """

    kind: str
    start: int
    end: int


class EntityScores(NamedTuple):
    """How well entities were found: right is an entity of the same kind with the same first and last token.

    Attributes
    ----------
    precision
        Fraction of the entities found that are right, in [0, 1]; 0 if none was found.
    recall
        Fraction of the entities there that were found; 0 if there are none.
    f1
        2 precision recall / (precision + recall); 0 if nothing is right.
    n_actual, n_found, n_right
        Entities.
    """

    precision: float
    recall: float
    f1: float
    n_actual: int
    n_found: int
    n_right: int


def spans(tags: Sequence[str]) -> list[Span]:
    """Return the entities of a sentence.

    An entity begins at B, at S, and at an I or E that follows no entity of its kind; it ends before the next beginning,
    before O, after E and after S. So the usual schemes are all read: BIO, IO, BIOES, and I alone for a beginning.

    Source: Tjong Kim Sang & De Meulder (2003), Introduction to the CoNLL-2003 shared task, section 2.4, and its
    conlleval.

    >>> spans(["B-person", "I-person", "O", "B-place"])
    [Span(kind='person', start=0, end=2), Span(kind='place', start=3, end=4)]
    """
    found: list[Span] = []
    begun: tuple[str, int] | None = None
    for t, tag in enumerate([*tags, _OUTSIDE]):
        mark, _, kind = tag.partition("-")
        if begun is not None and (mark == _OUTSIDE or mark in _BEGINS or kind != begun[0]):
            found.append(Span(*begun, t))
            begun = None
        if mark != _OUTSIDE and begun is None:
            begun = kind, t
        if begun is not None and mark in _ENDS:
            found.append(Span(*begun, t + 1))
            begun = None
    return found


def entity_scores(actual: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> EntityScores:
    """Return precision, recall and F1 over the entities of all sentences, as CoNLL counts them.

    Parameters
    ----------
    actual, predicted
        Tags of each sentence, in the same order.

    Raises
    ------
    ValueError
        If there are more of one than of the other.
    """
    whole = Counter[str]()
    for found in _counted(actual, predicted).values():
        whole.update(found)
    return _scores(whole)


def scores_by_kind(actual: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> dict[str, EntityScores]:
    """Return what `entity_scores` does of the entities of each kind, in the order of the kinds.

    Parameters
    ----------
    actual, predicted
        Tags of each sentence, in the same order.

    Raises
    ------
    ValueError
        If there are more of one than of the other.
    """
    found = _counted(actual, predicted)
    return {kind: _scores(found[kind]) for kind in sorted(found)}


def _counted(actual: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> dict[str, Counter[str]]:
    """Return by kind how many entities there are, were found, and are right."""
    counts: dict[str, Counter[str]] = {}
    for there, said in zip(actual, predicted, strict=True):
        if len(there) != len(said):
            raise ValueError(f"{len(said)} tags were predicted for {len(there)} tokens")
        one, other = set(spans(there)), set(spans(said))
        for name, part in (("actual", one), ("found", other), ("right", one & other)):
            for span in part:
                counts.setdefault(span.kind, Counter())[name] += 1
    return counts


def _scores(counts: Counter[str]) -> EntityScores:
    n_actual, n_found, n_right = counts["actual"], counts["found"], counts["right"]
    precision, recall = n_right / max(n_found, 1), n_right / max(n_actual, 1)
    f1 = 2 * n_right / max(n_actual + n_found, 1)
    return EntityScores(precision, recall, f1, n_actual, n_found, n_right)


def is_bio(tag: str) -> bool:
    """Return whether a tag is O, B-X or I-X."""
    mark, _, kind = tag.partition("-")
    return tag == _OUTSIDE or (mark in ("B", "I") and bool(kind))


def forbidden(tags: Sequence[str]) -> Mask | None:
    """Return what BIO forbids, shape (K + 1, K): whether the second tag may not follow the first, or begin (last row).

    I-X may follow B-X and I-X alone. None where the tags are not O, B-X and I-X.
    """
    parts = [tag.partition("-") for tag in tags]
    if not all(map(is_bio, tags)):
        return None
    if not any(mark == "B" for mark, _, _ in parts):
        return None
    inside = np.array([mark == "I" for mark, _, _ in parts])
    kinds = np.array([*(kind for _, _, kind in parts), ""])
    return np.asarray(inside[None] & (kinds[:, None] != kinds[None, :-1]))


def first_broken(numbers: NDArray[np.int64], never: Mask) -> int | None:
    """Return at which token a sentence's tags, numbered, follow each other as they never may; None if nowhere."""
    wrong = np.flatnonzero(never[np.concatenate([[len(never) - 1], numbers[:-1]]), numbers])
    return int(wrong[0]) if len(wrong) else None
