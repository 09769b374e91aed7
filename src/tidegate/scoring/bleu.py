"""BLEU: how much of what was said stands in what was wanted, by runs of one to four tokens.

Source: Papineni, Roukos, Ward & Zhu (2002), BLEU: a method for automatic evaluation of machine translation, ACL; cut,
smoothed and counted as in Post (2018), A call for clarity in reporting BLEU scores, WMT (sacrebleu's "13a", "exp").
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

LONGEST = 4
"""Tokens of the longest run."""

_CUTS = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


class Bleu(NamedTuple):
    """What came out.

    Attributes
    ----------
    score
        In percent, from 0 to 100.
    precisions
        Of runs of 1, 2, 3 and 4 tokens, in percent; those that are nowhere right are smoothed.
    brevity
        What short texts are multiplied by, in [0, 1].
    """

    score: float
    precisions: tuple[float, ...]
    brevity: float


def bleu(said: Sequence[Any], wanted: Sequence[Any], *, lowercase: bool = False) -> Bleu:
    """Return the BLEU of all texts together.

    Parameters
    ----------
    said, wanted
        N texts, which are cut by `tokens`, or N lists of tokens.
    lowercase
        Whether case counts for nothing.

    >>> round(bleu(["the cat is on the mat"], ["there is a cat on the mat"]).score, 1)
    29.1
    """
    return of_counts(counts(said, wanted, lowercase=lowercase).sum(axis=0))


def counts(said: Sequence[Any], wanted: Sequence[Any], *, lowercase: bool = False) -> Integers:
    """Return what BLEU is made of for each text, shape (N, 10); the BLEU of some is `of_counts` of their sum.

    Right runs of 1 to 4 tokens, then runs of 1 to 4 tokens that were said, then tokens said and tokens wanted.

    Raises
    ------
    ValueError
        If there are more of one than of the other, or none.
    """
    if not len(said):
        raise ValueError("there is nothing to compare")
    made = [_counted(*(_cut(one, lowercase=lowercase) for one in pair)) for pair in zip(said, wanted, strict=True)]
    return np.array(made, dtype=np.int64)


def of_counts(sums: Integers) -> Bleu:
    """Return the BLEU of summed `counts`, shape (10,)."""
    right, there = sums[:LONGEST].tolist(), sums[LONGEST : 2 * LONGEST].tolist()
    n_said, n_wanted = sums[2 * LONGEST :].tolist()
    precisions, halved = [], 1.0
    for n_right, n_there in zip(right, there, strict=True):
        if not n_there:
            precisions.append(0.0)
            continue
        if not n_right:
            halved *= 2
        precisions.append(100 * n_right / n_there if n_right else 100 / (halved * n_there))
    brevity = 1.0 if n_said >= n_wanted else math.exp(1 - n_wanted / n_said) if n_said else 0.0
    if not right[0] or min(precisions) == 0:
        return Bleu(0.0, tuple(precisions), brevity)
    return Bleu(brevity * math.exp(sum(map(math.log, precisions)) / LONGEST), tuple(precisions), brevity)


def tokens(text: str) -> list[str]:
    """Return words and marks of a text as the WMT's script mteval-v13a cuts them.

    >>> tokens("It cost $1,000.50, they said.")
    ['It', 'cost', '$', '1,000.50', ',', 'they', 'said', '.']
    """
    line = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, mark in _ENTITIES:
        line = line.replace(entity, mark)
    line = f" {line} "
    for pattern, cut in _CUTS:
        line = pattern.sub(cut, line)
    return line.split()


def _cut(one: Any, *, lowercase: bool) -> list[str]:
    if isinstance(one, str):
        return tokens(one.lower() if lowercase else one)
    return [token.lower() for token in one] if lowercase else list(one)


def _counted(said: list[str], wanted: list[str]) -> list[int]:
    right, there = [], []
    for n in range(1, LONGEST + 1):
        ours, theirs = (Counter(_runs(one, n)) for one in (said, wanted))
        right.append((ours & theirs).total())
        there.append(max(len(said) - n + 1, 0))
    return [*right, *there, len(said), len(wanted)]


def _runs(sequence: list[str], n: int) -> Iterable[tuple[str, ...]]:
    return zip(*(itertools.islice(sequence, start, None) for start in range(n)), strict=False)
