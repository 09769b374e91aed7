"""Which example a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

Made = TypeVar("Made")


def named(name: str, examples: Mapping[str, Made]) -> Made:
    """Return what stands under a name.

    Raises
    ------
    SettingError
        If nothing does, with the names there are.
    """
    if name not in examples:
        raise SettingError(f"There is no example {name!r}; there are {', '.join(examples)}.")
    return examples[name]
