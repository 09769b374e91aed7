"""Tokens as a text again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.features.vocabulary import Unit

_CLOSING, _OPENING = re.compile(r"(?<=\S) (?=[.,;:!?)\]}…%])"), re.compile(r"(?<=[(\[{]) ")


def joined(tokens: Sequence[str], unit: Unit) -> str:
    """Return tokens as a text: characters side by side, words with blanks between them but before a full stop.

    Parameters
    ----------
    tokens
        In their order.
    unit
        What they are.

    >>> joined(["well", ",", "she", "said", "(", "twice", ")", "."], "words")
    'well, she said (twice).'
    """
    if unit == "characters":
        return "".join(tokens)
    return _OPENING.sub("", _CLOSING.sub("", " ".join(tokens)))
