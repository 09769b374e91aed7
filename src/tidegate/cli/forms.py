"""The options of a cell as words: what may be typed, and what it stands for."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError
from tidegate.nn.cells import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.nn.cells.cell import Cell


@dataclass(frozen=True)
class Option:
    """One option of a cell.

    Parameters
    ----------
    name
        "reset".
    words
        What may be typed, with what it stands for: ``{"after": "after", "before": "before"}``.
    default
        What it is when not given.
    number
        `int` or `float` where a number may be typed too.
    several
        Whether several words may be given, separated by commas, and become a tuple.
    """

    name: str
    words: Mapping[str, Any]
    default: Any
    number: type[int] | type[float] | None = None
    several: bool = False

    def value(self, text: str) -> Any:
        """Return what `text` stands for.

        Raises
        ------
        SettingError
            If it is nothing that may be typed.
        """
        if self.several:
            parts = [] if text == "none" else [part.strip() for part in text.split(",")]
            if all(part in self.words for part in parts):
                return tuple(self.words[part] for part in parts)
        elif text in self.words:
            return self.words[text]
        elif self.number is not None and (number := _number(self.number, text)) is not None:
            return number
        raise SettingError(f"--option {self.name} is {text!r}; it must be {self._allowed()}.")

    def spoken(self, value: Any) -> str:
        """Return the words for `value`."""
        if self.several:
            return ",".join(value) or "none"
        return next((word for word, meant in self.words.items() if meant is value or meant == value), f"{value}")

    @property
    def pattern(self) -> str:
        """How it is typed: ``reset=after|before|absent``."""
        if self.several:
            return f"{self.name}={'|'.join(self.words)},...|none"
        return f"{self.name}={'|'.join((*(['N'] if self.number else []), *self.words))}"

    def _allowed(self) -> str:
        number = {int: "a whole number", float: "a number", None: ""}[self.number]
        words = ", ".join(self.words)
        if self.several:
            return f"some of {words}, separated by commas, or none"
        return f"one of {words}" if not number else " or ".join(filter(None, (number, words)))


def options(kind: type[Cell]) -> tuple[Option, ...]:
    """Return the options of a cell, in the order of its fields."""
    hints = typing.get_type_hints(kind)
    return tuple(_option(field, hints[field.name]) for field in dataclasses.fields(kind))  # type: ignore[arg-type]


def made(cell: str, typed: Sequence[str]) -> Cell:
    """Return the cell of this name in the form that was typed: ``["reset=before"]``.

    Raises
    ------
    SettingError
        If the cell, an option or its value does not exist; the message lists the valid ones.
    """
    kind = catalogue.kind(cell)
    known = {option.name: option for option in options(kind)}
    values = {}
    for text in typed:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in known:
            raise SettingError(_unknown(cell, text, known))
        if name in values:
            raise SettingError(f"--option {name} is given twice; give it once.")
        values[name] = known[name].value(value.strip())
    return kind(**values)


def _option(field: dataclasses.Field[Any], hint: Any) -> Option:
    """Return the option that a field of the type `hint` is.

    A `Literal` takes its words, a `bool` yes and no, a number itself, ``| None`` the word none, and a tuple several
    words.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    name, default = field.name, field.default
    if origin is tuple:
        return Option(name, _literals(inner[0]), default, several=True)
    if origin in (types.UnionType, typing.Union):
        parts = [part for part in inner if part is not type(None)]
        literal = next((part for part in parts if typing.get_origin(part) is typing.Literal), None)
        words = {} if literal is None else _literals(literal)
        number = next((part for part in parts if part in (int, float)), None)
        return Option(name, words if len(parts) == len(inner) else {**words, "none": None}, default, number)
    if hint is bool:
        return Option(name, {"no": False, "yes": True}, default)
    return Option(name, {}, default, hint) if hint in (int, float) else Option(name, _literals(hint), default)


def _literals(hint: Any) -> dict[str, Any]:
    return {word: word for word in typing.get_args(hint)}


def _number(kind: type[int] | type[float], text: str) -> float | None:
    try:
        number = kind(text)
        return number if math.isfinite(number) else None
    except (ValueError, OverflowError):
        return None


def _unknown(cell: str, text: str, known: Mapping[str, Option]) -> str:
    near = difflib.get_close_matches(text.partition("=")[0], known, n=1, cutoff=0.4)
    hint = f" Did you mean {known[near[0]].pattern}?" if near else ""
    listed = "; ".join(option.pattern for option in known.values())
    valid = f"The options of {cell} are {listed}." if listed else f"{cell} has no options."
    return f"--option {text} is not understood.{hint} {valid}"
