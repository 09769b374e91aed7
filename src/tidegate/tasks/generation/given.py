"""What users give a generator to write like: one long text, many short ones, melodies or values.

Axis letters: N sequences, T steps, C numbers of a condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.errors import DataError
from tidegate.features.vocabulary import UNITS
from tidegate.tasks.generation.conditions import conditions_of, in_shares
from tidegate.tasks.places import faulty
from tidegate.tasks.sequences import Sequences, taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.said import Kind

    Integers = NDArray[np.int64]

_BINARY, _LOST = "\0", "\ufffd"


class Given(NamedTuple):
    """Sequences, and what each is written for.

    Attributes
    ----------
    sequences
        N of them.
    conditions
        Labels of shape (N,), vectors (N, C), or None.
    numbers
        Shape (N,): their places in what the user gave.
    long
        Whether it is one long text, which has no end.
    texts
        Whether they were given as texts, not as lists of tokens or arrays.
    """

    sequences: Sequences
    conditions: NDArray[Any] | None
    numbers: Integers
    long: bool
    texts: bool

    @classmethod
    def of(cls, X: Any, y: Any, unit: Unit, *, name: str = "X") -> Given:
        """Return what a user gave, checked.

        Parameters
        ----------
        X
            One long text, or a list of sequences.
        y
            What each is written for, or None; never of one long text.
        unit
            What texts are cut into.
        name
            What X is called in messages.

        Raises
        ------
        DataError
            If sequences or conditions cannot be used, with the place and the repair.
        """
        if isinstance(X, str):
            if y is not None:
                raise DataError("one long text has no conditions", repair="Give a list of texts with one for each.")
            return cls(Sequences("tokens", [_cut(X, unit, name)]), None, np.arange(1), long=True, texts=True)
        sequences = taken(X, unit, name=name)
        texts = isinstance(next(iter(X)), str)
        for k, one in enumerate(X if texts else ()):
            _check_text(one, name, k)
        n_sequences = len(sequences.items)
        return cls(sequences, conditions_of(y, n_sequences), np.arange(n_sequences), long=False, texts=texts)

    @property
    def kind(self) -> Kind:
        """What steps are: numbers that are all 0 or 1 are keys."""
        if self.sequences.kind == "tokens":
            return "tokens"
        binary = all(bool(((one == 0) | (one == 1)).all()) for one in self.sequences.items)
        return "notes" if binary else "values"

    def take(self, chosen: Integers) -> Given:
        """Return those with these numbers."""
        conditions = None if self.conditions is None else self.conditions[chosen]
        return Given(self.sequences.take(chosen), conditions, self.numbers[chosen], self.long, self.texts)

    def parted(self, fraction: float, seed: int) -> tuple[Given, Given | None]:
        """Return what to learn from, and what is held out: the end of a long text, or sequences drawn by seed.

        Of each label as nearly this fraction as can be, never all.
        """
        if self.long:
            whole = self.sequences.items[0]
            n_held = min(round(fraction * len(whole)), len(whole) - 1)
            if not n_held:
                return self, None
            return self._of_part(whole[:-n_held]), self._of_part(whole[-n_held:])
        n_sequences = len(self.sequences.items)
        n_held = min(round(fraction * n_sequences), n_sequences - 1)
        order = np.random.default_rng(seed).permutation(n_sequences)
        if self.conditions is not None and self.conditions.ndim == 1:
            order = in_shares(self.conditions, order)
        held = np.sort(order[:n_held])
        if not len(held):
            return self, None
        return self.take(np.setdiff1d(np.arange(n_sequences), held)), self.take(held)

    def _of_part(self, part: list[str]) -> Given:
        return self._replace(sequences=Sequences("tokens", [part]))


def _cut(text: str, unit: Unit, name: str) -> list[str]:
    """Return the tokens of one long text."""
    tokens = UNITS[unit](text)
    if not tokens:
        raise DataError(f"{name} is an empty text", repair="Give at least one word.")
    _check_text(text, name)
    return tokens


def _check_text(text: str, name: str, k: int | None = None) -> None:
    """Refuse what was never text: bytes of a program or a picture, or characters lost on the way from another coding.

    Parameters
    ----------
    text
        To be checked.
    name
        What it is called, or what those are called that it is one of.
    k
        Its number among them.

    Raises
    ------
    DataError
        With the place of the first, and the repair.
    """
    found = _no_text(text)
    if found is None:
        return
    what, repair = found
    raise DataError(f"{name} {what}", repair=repair) if k is None else faulty(k, name, what, repair)


def _no_text(text: str) -> tuple[str, str] | None:
    """Return what shows that this was never text, and the repair; None for text."""
    place = text.find(_BINARY)
    if place >= 0:
        return f"holds bytes that are no text at character {place:,}", "Give text alone."
    place = text.find(_LOST)
    if place >= 0:
        repair = "Read the file in its own coding, such as encoding='cp1252', or save it as UTF-8."
        return f"holds the mark of a character that was lost at character {place:,}", repair
    odd = next((k for k, one in enumerate(text) if "\ud800" <= one <= "\udfff"), None)
    if odd is not None:
        return f"holds half a character at character {odd:,}: its codings are mixed", "Save it as UTF-8."
    return None
