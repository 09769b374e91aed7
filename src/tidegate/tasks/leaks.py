"""Labels that stand among what they are to be told from: what learns from such data learns nothing else.

Axis letters: N sequences, T steps, I channels.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.features.vocabulary import UNITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.labels import Known
    from tidegate.tasks.tags import Tagged

_NEARLY = 0.95
"""Share of the texts of a class that hold its name, and of others that do not."""

_FEWEST = 10
"""Sequences below which nothing is said: they may agree by chance, or be made to be simple."""

_DISTINCT = 20
"""Different texts that each class must have before a token that tells it is more than a simple example."""

_ALIKE = 5
"""Sequences that each value of a channel must have on average: each of another value tells its label by chance."""

_NAMED = 5


def leaks(known: Known, unit: Unit) -> list[str]:
    """Return a warning where the labels of sequences can be read off, so that nothing else need be learned.

    Looked for are, in texts, the name of the class itself, and a token that each text of a class holds and no other
    does; in arrays, a channel that is constant within each sequence and whose value alone tells the label.

    Parameters
    ----------
    known
        What is learned from.
    unit
        What texts are cut into.
    """
    if len(known.labels) < _FEWEST:
        return []
    if known.sequences.kind == "values":
        return _in_channels(known)
    return _own_names(known, unit) or ([] if unit == "characters" else _tokens(known))


def copied(given: Tagged) -> list[str]:
    """Return a warning where nearly all tokens that are learned from are their own tags."""
    if given.sequences.kind != "tokens":
        return []
    pairs = [
        (token.casefold(), str(tag).casefold())
        for tokens, tags in zip(given.sequences.items, given.tags, strict=True)
        for token, tag in zip(tokens, tags.tolist(), strict=True)
    ]
    n_same = sum(token == tag for token, tag in pairs)
    if n_same < _NEARLY * len(pairs):
        return []
    return [f"{n_same:,} of {len(pairs):,} tokens are their own tags: is the column of tokens, or of tags, another?"]


def _own_names(known: Known, unit: Unit) -> list[str]:
    """Return a warning where the texts of each class, but for one, hold its name and others do not."""
    texts = [_joined(tokens) for tokens in known.sequences.items]
    classes = np.unique(known.labels)

    def share(label: Any, chosen: NDArray[np.bool_]) -> float:
        """Return the share of texts that hold the name of a class."""
        names = {_joined(UNITS[unit](str(label))), _joined([str(label)])}
        return float(np.mean([any(name in texts[k] for name in names) for k in np.flatnonzero(chosen)]))

    own: dict[Any, float] = {}
    for k, label in enumerate(classes.tolist()):
        held = share(label, known.labels == label)
        own |= {label: held} if held >= _NEARLY else {}
        if len(own) < k:
            return []
    others = [share(label, known.labels != label) for label in own]
    if max(others) > 1 - _NEARLY:
        return []
    exactly = min(own.values()) == 1 and not any(others)
    return [
        f"{'Each' if exactly else 'Nearly each'} {_texts_of(list(own), classes)} holds its own label, which no text of "
        "another class does: the scores say nothing of texts without it. Leave it out of the texts."
    ]


def _tokens(known: Known) -> list[str]:
    """Return a warning where the texts of each class, but for one, share a token that no other has."""
    classes, codes, counts = np.unique(known.labels, return_inverse=True, return_counts=True)
    if counts.min() < _DISTINCT:
        return []
    found: list[list[frozenset[str]]] = [[] for _ in classes]
    for code, tokens in zip(codes, known.sequences.items, strict=True):
        found[code].append(frozenset(map(str.casefold, tokens)))
    if min(len(set(own)) for own in found) < _DISTINCT:
        return []
    among = Counter(token for own in found for token in frozenset().union(*own))
    told: dict[Any, str] = {}
    for label, own in zip(classes.tolist(), found, strict=True):
        alone = [token for token in own[0].intersection(*own[1:]) if among[token] == 1]
        told |= {label: min(alone)} if alone else {}
    if len(told) < len(classes) - 1:
        return []
    listed = ", ".join(f"{token!r} of {label!r}" for label, token in list(told.items())[:_NAMED])
    whose = _texts_of(list(told), classes, named=False)
    return [
        f"Each {whose} holds a token that no text of another class does ({listed}): the scores say nothing of texts "
        "without it. Leave it out where it is not known before the label."
    ]


def _texts_of(told: list[Any], classes: NDArray[Any], *, named: bool = True) -> str:
    """Return the texts of which something is told: "text of 'spam'"."""
    listed = ", ".join(map(repr, told[:_NAMED])) + (", ..." if len(told) > _NAMED else "")
    if len(told) < len(classes):
        return f"text of {listed}"
    return f"text ({listed})" if named else "text"


def _in_channels(known: Known) -> list[str]:
    """Return a warning where a channel is constant within each sequence, and each of its values has one label."""
    items = known.sequences.items
    if known.sequences.frame is not None or min(map(len, items)) < 2:
        return []
    constant = np.array([(one == one[0]).all(axis=0) for one in items]).all(axis=0)
    if constant.all():
        return []
    for channel in np.flatnonzero(constant):
        values, places = np.unique([one[0, channel] for one in items], return_inverse=True)
        labels = [np.unique(known.labels[places == k]) for k in range(len(values))] if len(values) > 1 else []
        if labels and max(map(len, labels)) == 1 and len(values) * _ALIKE <= len(items):
            return [
                f"Channel {channel}, counted from 0, never changes within a sequence, and its value alone tells every "
                "label: the scores say nothing of sequences without it. Leave it out where it is not known before "
                "the label."
            ]
    return []


def _joined(tokens: list[str]) -> str:
    """Return tokens as one text in which runs of them can be found."""
    return "\0".join(["", *map(str.casefold, tokens), ""])
