"""Sources with their targets: checked, parted, and side by side as numbers.

Axis letters: N pairs, T source steps, F target steps, B batch, I channels, Y and X height and width of a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.tasks import sequences
from tidegate.tasks.learning import PADDING, Examples
from tidegate.tasks.places import faulty
from tidegate.tasks.reading import batch as side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.reading import Batch

    Integers = NDArray[np.int64]

BOUNDARY = 0
"""Number of the token that a target is begun with and ends with, where nothing is filled up."""

_MOST_TOKENS = 4_096

One = str | list[str]


class Pairs(NamedTuple):
    """Sources and targets as they were given.

    Attributes
    ----------
    sources, targets
        N of each: all texts, or all lists of tokens; sources may be arrays of shape (T, I), or films, (T, Y, X).
    numbers
        Shape (N,): their places in what the user gave.
    """

    sources: list[Any]
    targets: list[Any]
    numbers: Integers

    @classmethod
    def of(cls, X: Any, y: Any, *, names: tuple[str, str] = ("X", "y")) -> Pairs:
        """Return pairs, checked; `names` is what sources and targets are called in messages.

        Raises
        ------
        DataError
            If there is none, there are more of one than of the other, or one cannot be used, with its place.
        """
        sources, targets = asked(X, name=names[0]), taken(y, name=names[1])
        if len(sources) != len(targets):
            raise DataError(
                f"{names[1]} has {len(targets):,} targets for {len(sources):,} sources of {names[0]}",
                repair="Give one target for each source, in the same order.",
            )
        return cls(sources, targets, np.arange(len(sources)))

    def take(self, chosen: Integers) -> Pairs:
        """Return those with these numbers."""
        return Pairs([self.sources[k] for k in chosen], [self.targets[k] for k in chosen], self.numbers[chosen])

    def parted(self, fraction: float, seed: int) -> tuple[Pairs, Pairs | None]:
        """Return what to learn from, and what is held out: this fraction of the sources, rounded, never all.

        Pairs of the same source stay together, so that nothing held out is also learned from.
        """
        known: dict[Any, int] = {}
        keys = map(_key, self.sources)
        groups = np.array([known.setdefault(key, len(known)) for key in keys])
        n_groups = len(known)
        n_held = min(round(fraction * n_groups), n_groups - 1)
        if not n_held:
            return self, None
        held = np.isin(groups, np.random.default_rng(seed).permutation(n_groups)[:n_held])
        return self.take(np.flatnonzero(~held)), self.take(np.flatnonzero(held))


def asked(data: Any, *, name: str) -> list[Any]:
    """Return sources as a list of one kind: texts or lists of tokens as `taken`, or arrays (T, I) or (T, Y, X).

    Raises
    ------
    DataError
        As `taken`, and `tasks.sequences.taken`.
    """
    listed = hasattr(data, "__len__") and hasattr(data, "__iter__") and not isinstance(data, str | bytes | dict | set)
    one = next(iter(data), None) if listed and not hasattr(data, "columns") else None
    if one is None or isinstance(one, str | bytes) or not _of_numbers(one):
        return taken(data, name=name)
    made = sequences.taken(data, None, name=name, frames=True)
    return made.items if made.frame is None else [one.reshape(len(one), *made.frame) for one in made.items]


def _of_numbers(one: Any) -> bool:
    try:
        made = np.asarray(one)
    except ValueError:
        return False
    return made.size > 0 and made.dtype.kind in "fiub"


def _key(one: Any) -> Any:
    """Return what two sources that are the same have in common."""
    if isinstance(one, np.ndarray):
        return one.shape, one.tobytes()
    return one if isinstance(one, str) else tuple(one)


def taken(data: Any, *, name: str) -> list[Any]:
    """Return texts, or lists of tokens, as a list of one kind, none of them empty.

    Raises
    ------
    DataError
        If it is something else, with the number of the first that is wrong.
    """
    framed = hasattr(data, "keys") and hasattr(data, "columns")
    if isinstance(data, str | bytes | dict | set) or framed or not hasattr(data, "__len__"):
        raise DataError(
            f"{name} is a {type(data).__name__}, not texts",
            repair="Give a list of texts, or of lists of tokens; of a frame the column, of one text a list.",
        )
    if not len(data):
        raise DataError(f"{name} holds no texts", repair="Give at least one.")
    made = [_one(one, name, k) for k, one in enumerate(data)]
    kind = type(made[0])
    other = next((k for k, one in enumerate(made) if type(one) is not kind), None)
    if other is not None:
        what = {str: "a text", list: "a list of tokens"}
        raise faulty(other, name, f"is {what[type(made[other])]}, the first is {what[kind]}", "Give one kind.")
    return made


def _one(one: Any, name: str, k: int) -> One:
    if isinstance(one, str):
        if not one.strip():
            raise faulty(k, name, "is an empty text", "Leave the pair out, or give at least one word.")
        return str(one)
    if isinstance(one, bytes | dict | set) or not hasattr(one, "__len__"):
        raise faulty(k, name, f"is a {type(one).__name__}", "Give texts, or lists of tokens.")
    if not len(one):
        raise faulty(k, name, "is empty", "Leave the pair out, or give at least one token.")
    strange = next((token for token in one if not isinstance(token, str)), None)
    if strange is not None:
        raise faulty(k, name, f"holds {strange!r:.40}, which is no text", "Give tokens that are text.")
    return [str(token) for token in one]


class PairedBatch(NamedTuple):
    """Pairs side by side.

    Attributes
    ----------
    inputs, lengths
        The sources, as of `tasks.reading.Batch`.
    fed
        What the decoder reads, shape (F, B): the boundary, then the target, then boundaries to the longest.
    there
        Which steps count, shape (F, B).
    """

    inputs: torch.Tensor
    lengths: torch.Tensor
    fed: torch.Tensor
    there: torch.Tensor


class PairedExamples(Examples):
    """Pairs as numbers.

    Parameters
    ----------
    sources, targets
        N arrays of shape (T,) or (T, I), and N of shape (F,).
    numbers
        Shape (N,): their places in what the user gave.
    """

    def __init__(self, sources: list[NDArray[Any]], targets: list[NDArray[Any]], numbers: Integers) -> None:
        end = np.array([BOUNDARY], dtype=np.int64)
        self._targets = [np.concatenate([one, end]) for one in targets]
        super().__init__(sources, self._targets, numbers)

    @property
    def lengths(self) -> Integers:
        """Steps of source and target together, shape (N,): batches go by them."""
        both = zip(self.items, self._targets, strict=True)
        return np.array([len(source) + len(target) for source, target in both], dtype=np.int64)

    @property
    def steps_at_once(self) -> Integers:
        """Steps of each source, shape (N,)."""
        return np.array(list(map(len, self.items)), dtype=np.int64)

    @property
    def mean_length(self) -> float:
        """Tokens of a target, its end included, on average."""
        return sum(map(len, self._targets)) / len(self._targets)

    def batch(self, chosen: Sequence[int]) -> tuple[Batch, torch.Tensor]:
        """Return those with these numbers side by side, and their targets, shape (F, B), -1 after the end."""
        inputs, lengths = side_by_side([self.items[k] for k in chosen])
        own = [torch.from_numpy(self._targets[k]) for k in chosen]
        wanted = torch.nn.utils.rnn.pad_sequence(own, padding_value=PADDING)
        there = wanted != PADDING
        before = torch.cat([torch.full_like(wanted[:1], BOUNDARY), wanted[:-1]])
        fed = before.masked_fill(before == PADDING, BOUNDARY)
        return PairedBatch(inputs, lengths, fed, there), wanted  # type: ignore[return-value]  # a batch, and more

    def batches(self) -> Iterator[tuple[Batch, torch.Tensor]]:
        """Return all of them in their order, so many at once that their targets have at most 4,096 tokens."""
        part: list[int] = []
        n_tokens = 0
        for k, target in enumerate(self._targets):
            if part and n_tokens + len(target) > _MOST_TOKENS:
                yield self.batch(part)
                part, n_tokens = [], 0
            part.append(k)
            n_tokens += len(target)
        yield self.batch(part)
