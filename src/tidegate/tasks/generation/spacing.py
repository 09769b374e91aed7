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


def continued(text: str, tokens: Sequence[str], unit: Unit) -> str:
    """Return a text, letter by letter as it is, and the tokens that follow it, joined on as `joined` does.

    Parameters
    ----------
    text
        May be empty.
    tokens
        In their order.
    unit
        What they are.

    >>> continued("I  grew up in Zanzibar", [",", "she", "said"], "words")
    'I  grew up in Zanzibar, she said'
    """
    if unit == "characters" or not tokens:
        return text + "".join(tokens)
    seam = text[-1:]
    rest = joined([seam, *tokens], unit)[len(seam) :]
    return text + (rest if seam.strip() else rest.lstrip())
