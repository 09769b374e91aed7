"""What another library does not have is refused by name, never dropped."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_options(options: Any, known: Mapping[str, tuple[object, ...] | None], library: str) -> None:
    """Refuse options of a cell or a stack that `library` cannot express.

    Parameters
    ----------
    options
        A dataclass: each of its fields is an option.
    known
        What the library has beside the default, by option: these values, or any with None.
    library
        For the message: "torch.nn.GRU".

    Raises
    ------
    SettingError
        Naming the first option with another value, and what the library has.
    """
    for option in fields(options):
        value, allowed = getattr(options, option.name), known.get(option.name, ())
        if allowed is not None and value not in (option.default, *allowed):
            limit = " or ".join(map(repr, dict.fromkeys((option.default, *allowed))))
            raise SettingError(f"{option.name} is {value!r}; {library} knows {limit} alone")
