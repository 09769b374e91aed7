"""What a generator learned of its data beside its network.

Axis letters: N sequences, T steps, C numbers of a condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.features.vocabulary import UNKNOWN_NUMBER, Vocabulary
from tidegate.tasks.generation.chords import Chords
from tidegate.tasks.generation.conditions import Conditions
from tidegate.tasks.generation.network import Width
from tidegate.tasks.generation.passages import Passages
from tidegate.tasks.generation.said import MARK, said_of
from tidegate.tasks.generation.spacing import continued, joined
from tidegate.tasks.places import faulty
from tidegate.tasks.reading import Reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.given import Given
    from tidegate.tasks.generation.said import Kind, Said

    Floats = NDArray[np.float64]

_RESERVED = 2
_LENGTH, _TIMES = 500, 2


class Read(NamedTuple):
    """How sequences become numbers and numbers sequences again.

    Attributes
    ----------
    reader
        Of tokens, or of values.
    kind
        What steps are.
    conditions
        How conditions become numbers; None for none.
    ends
        Whether sequences end with a mark.
    texts
        Whether they were given as texts.
    usual, longest
        Steps of a sequence of training, the median and the most.
    guessed
        Whether training held tokens that are not known, so that something is learned of those.
    """

    reader: Reader
    kind: Kind
    conditions: Conditions | None
    ends: bool
    texts: bool
    usual: int
    longest: int
    guessed: bool

    @classmethod
    def learn(cls, given: Given, vocabulary: Vocabulary, kind: Kind) -> Read:
        """Return what is learned of training sequences.

        Parameters
        ----------
        given
            What is learned from.
        vocabulary
            Not fitted yet, for tokens.
        kind
            What steps are, those that are held out too.

        Raises
        ------
        DataError
            If there are tokens and none would be known.
        """
        sequences = given.sequences
        reader = Reader.learn(sequences, vocabulary)
        if kind == "tokens" and reader.n_tokens <= _RESERVED:
            raise DataError(
                "no token occurs often enough to be known",
                repair="Give more text, a vocabulary with a smaller min_count, or unit='characters'.",
            )
        if kind == "notes":
            width = sequences.items[0].shape[1]
            reader = Reader("values", None, (np.zeros(width), np.ones(width)))
        conditions = None if given.conditions is None else Conditions.learn(given.conditions)
        lengths = [len(one) for one in sequences.items]
        guessed = reader.vocabulary is not None and reader.vocabulary.unknown_fraction(sequences.items) > 0
        ends = kind == "tokens" and not given.long
        return cls(reader, kind, conditions, ends, given.texts, int(np.median(lengths)), max(lengths), guessed)

    @property
    def width(self) -> Width:
        """What a step is given as."""
        n_conditions = 0 if self.conditions is None else self.conditions.width
        return Width(self.reader.n_tokens, self.reader.n_channels, n_conditions)

    def said(self, *, joint: bool, lost: torch.nn.Module) -> Said:
        """Return what is said of a step, without memory for what it learns.

        Parameters
        ----------
        joint
            Whether keys are judged together, not each by itself.
        lost
            Dropout where there are hidden units.
        """
        with torch.device("meta"):
            if joint and self.kind == "notes":
                return Chords(self.reader.n_channels, lost)
            return said_of(self.kind, self.width, ends=self.ends)

    @property
    def most_steps(self) -> int:
        """Steps that are written at most, where nothing else is asked for."""
        if self.ends:
            return _TIMES * self.longest
        return _LENGTH if self.kind == "tokens" else self.usual

    def passages(self, given: Given, *, truncate: int | None = None, open_ended: bool = False) -> Passages:
        """Return sequences with the step that follows each step: the first follows a mark or nothing.

        Parameters
        ----------
        given
            Sequences of the kind of training.
        truncate
            As for `Passages`.
        open_ended
            Whether they may go on, so that no end follows the last step.

        Raises
        ------
        DataError
            If they are not like those of training.
        """
        items, targets = [], []
        ends = self.ends and not open_ended
        for one in self._numbers(given):
            first, last = np.full((1, *one.shape[1:]), MARK, dtype=one.dtype), one[:0]
            whole = np.concatenate([first, one, first if ends else last])
            items.append(whole[:-1])
            targets.append(whole[1:])
        return Passages(self._conditioned(items, given), targets, given.numbers, truncate=truncate)

    def begun(self, given: Given) -> list[NDArray[Any]]:
        """Return the numbers that a network reads before the step that follows these sequences, which may be empty."""
        numbers = self._numbers(given)
        made = [np.concatenate([np.full((1, *one.shape[1:]), MARK, dtype=one.dtype), one]) for one in numbers]
        return self._conditioned(made, given)

    def written(self, begun: str | list[str] | Floats, steps: NDArray[Any], unit: Unit) -> Any:
        """Return a sequence of the kind of training: a text, a list of tokens, or an array of shape (T, K).

        Parameters
        ----------
        begun
            What it begins with, which stays as it is: a text only where training held texts, tokens, or an array.
        steps
            Numbers of what follows.
        unit
            What texts are cut into.
        """
        if self.reader.vocabulary is not None:
            tokens = self.reader.vocabulary.decode(steps.tolist())
            if isinstance(begun, str):
                return continued(begun, tokens, unit)
            return joined([*begun, *tokens], unit) if self.texts else [*begun, *tokens]
        if self.kind == "notes":
            return np.concatenate([begun, steps]).astype(np.int8)
        return np.concatenate([begun, steps * self.reader.spread + self.reader.mean])

    def unknown(self, tokens: list[str]) -> int | None:
        """Return the place of the first token of which nothing was learned."""
        known = self.reader.vocabulary
        if known is None or self.guessed:
            return None
        numbers = known.encode(tokens)
        places = np.flatnonzero(numbers == UNKNOWN_NUMBER)
        return int(places[0]) if len(places) else None

    def _numbers(self, given: Given) -> list[NDArray[Any]]:
        if self.kind == "notes":
            check_keys(given)
        return self.reader.read(given.sequences)

    def _conditioned(self, items: list[NDArray[Any]], given: Given) -> list[NDArray[Any]]:
        """Return what is read with the condition of the sequence beside every step."""
        if (self.conditions is None) is not (given.conditions is None):
            what = "have conditions, those of training had none" if self.conditions is None else "lack their conditions"
            raise DataError(f"the sequences {what}", repair="Give y as in training.")
        if self.conditions is None or given.conditions is None:
            return items
        rows = self.conditions.read(given.conditions)
        flat = [one if one.ndim > 1 else one[:, None] for one in items]
        return [
            np.concatenate([one, np.broadcast_to(row, (len(one), len(row)))], axis=1, dtype=np.float32)
            for one, row in zip(flat, rows, strict=True)
        ]

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        conditions = None if self.conditions is None else self.conditions.state()
        return {**self._asdict(), "reader": self.reader.state(), "conditions": conditions}

    @classmethod
    def from_state(cls, state: Tree) -> Read:
        """Return what gave this `state`."""
        conditions = None if state["conditions"] is None else Conditions.from_state(state["conditions"])
        return cls(**{**state, "reader": Reader.from_state(state["reader"]), "conditions": conditions})


def check_keys(given: Given) -> None:
    """Refuse steps that are no keys where those of training were.

    Raises
    ------
    DataError
        With the first of them and its place.
    """
    for k, one in enumerate(given.sequences.items):
        wrong = np.argwhere((one != 0) & (one != 1))
        if len(wrong):
            step, key = wrong[0].tolist()
            raise faulty(
                given.numbers[k],
                "",
                f"has {one[step, key]:g} for key {key} at step {step}, where training had 0 or 1",
                "Give 1 for a key that sounds, else 0.",
            )
