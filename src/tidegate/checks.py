"""Settings refused outside their limits, everywhere in the same words: the name, the value and the limit."""

from __future__ import annotations

import difflib
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def check_whole(name: str, value: Any, *, least: int) -> None:
    """Refuse a setting that is not a whole number of at least `least`.

    Raises
    ------
    SettingError
        With the name, the value and the limit.

    >>> check_whole("layers", 0, least=1)
    Traceback (most recent call last):
    tidegate.errors.SettingError: layers is 0; it must be a whole number, at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise SettingError(f"{name} is {value!r}; it must be a whole number, at least {least}.")


def check_switch(name: str, value: object) -> None:
    """Refuse a setting that is neither True nor False.

    Raises
    ------
    SettingError
        With the name and the value.
    """
    # numpy's own truth value by its name (bool_ before numpy 2): the command line imports this file and not numpy
    if not isinstance(value, bool) and (type(value).__module__, type(value).__name__.strip("_")) != ("numpy", "bool"):
        raise SettingError(f"{name} is {value!r}; it must be True or False.")


def check_fraction(name: str, value: Any) -> None:
    """Refuse a setting that is not a number from 0 to below 1.

    Raises
    ------
    SettingError
        With the name, the value and the limit.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise SettingError(f"{name} is {value!r}; it must be a number from 0 to below 1.")


def check_least(name: str, value: Any, least: float = 0.0) -> None:
    """Refuse a setting that is not a finite number of at least `least`.

    Raises
    ------
    SettingError
        With the name, the value and the limit.

    >>> check_least("handicap", -1)
    Traceback (most recent call last):
    tidegate.errors.SettingError: handicap is -1; it must be a number, at least 0.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) < float("inf"):
        raise SettingError(f"{name} is {value!r}; it must be a number, at least {least:g}.")


def check_named(name: object, known: Sequence[str], whose: str, what: str = "setting") -> None:
    """Refuse the name of a setting that there is not; the message suggests the nearest.

    Parameters
    ----------
    name
        As it was given.
    known
        All there are.
    whose
        What has them, for the message.
    what
        What they are called: "setting" or "option".

    Raises
    ------
    SettingError
        With the name and those that there are.
    """
    if name in known:
        return
    if not known:
        raise SettingError(f"{whose} has no {what}s.")
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise SettingError(f"{whose} has no {what} {name!r}. {hint}Its {what}s are: {', '.join(known)}.")


def check_choice(name: str, value: object, allowed: Collection[object]) -> None:
    """Refuse a setting that is none of the values allowed.

    Raises
    ------
    SettingError
        With the name, the value and those allowed.
    """
    if value not in allowed:
        raise SettingError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, allowed))}.")
