"""Texts in pieces that give the text back when they are joined: words, or frequent parts of words, learned.

A space belongs to the word that it stands before, and the first word has one too, so that a word is the same piece
wherever it stands.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Self

from tidegate.checks import check_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.archive import Tree

_CHUNK = re.compile(r" ?(?:[^\W\d_]+|\d+|[^\w\s]|_)|\s")

Pair = tuple[str, str]


def chunks(text: str) -> list[str]:
    """Return the words, numbers and marks of a text, each with the space before it; joined they are the text.

    Runs of white space become one space, and one is put before the first word.

    >>> chunks("Don't go,  Ada!")
    [' Don', "'", 't', ' go', ',', ' Ada', '!']
    """
    return _CHUNK.findall(" " + " ".join(text.split())) if text.strip() else []


def joined(tokens: Iterable[str]) -> str:
    """Return the text that chunks or pieces were cut from, without the space before it."""
    return "".join(tokens).strip()


class Pieces:
    """Parts of words by byte-pair encoding: from single characters, the most frequent pair is merged again and again.

    Parameters
    ----------
    merges
        Pairs of pieces that become one, from the first merged to the last.

    Source: Sennrich, Haddow & Birch (2016), Neural machine translation of rare words with subword units, ACL, section
    3.2.
    """

    def __init__(self, merges: Sequence[Pair]) -> None:
        self.merges = tuple(merges)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known: dict[str, list[str]] = {}

    @classmethod
    def learn(cls, texts: Iterable[str], n_pieces: int) -> Self:
        """Return the pieces of training texts.

        Parameters
        ----------
        texts
            To learn from.
        n_pieces
            Characters and merged pairs together, at most; fewer where no pair is left that occurs twice.

        Raises
        ------
        SettingError
            If `n_pieces` is no whole number of at least 1.
        """
        check_whole("n_pieces", n_pieces, least=1)
        counts = Counter(itertools.chain.from_iterable(map(chunks, texts)))
        words = _Words(counts)
        room = n_pieces - len({letter for word in counts for letter in word})
        merges: list[Pair] = []
        while len(merges) < room:
            pair = words.most_frequent()
            if pair is None:
                break
            merges.append(pair)
            words.merge(pair)
        return cls(merges)

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a text, which `joined` makes one again."""
        return [piece for chunk in chunks(text) for piece in self._pieces(chunk)]

    def _pieces(self, chunk: str) -> list[str]:
        """Return the pieces of a word: of its pairs, the one merged first in training is merged first."""
        found = self._known.get(chunk)
        if found is None:
            found, never = list(chunk), len(self._ranks)
            while len(found) > 1:
                pair = min(itertools.pairwise(found), key=lambda one: self._ranks.get(one, never))
                if pair not in self._ranks:
                    break
                found = _merged(found, pair)
            self._known[chunk] = found
        return found

    def state(self) -> Tree:
        """Return what was learned, for saving."""
        return {"left": [left for left, _ in self.merges], "right": [right for _, right in self.merges]}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the pieces whose `state` this is."""
        return cls(list(zip(state["left"], state["right"], strict=True)))


class _Words:
    """The words of training as pieces so far, and how often each pair of neighbours occurs."""

    def __init__(self, counts: Counter[str]) -> None:
        self._words = [list(word) for word in counts]
        self._counts = list(counts.values())
        self._pairs: Counter[Pair] = Counter()
        self._where: dict[Pair, set[int]] = defaultdict(set)
        for k in range(len(self._words)):
            self._count(k, 1)
        self._queue = [(-n, pair) for pair, n in self._pairs.items()]
        heapq.heapify(self._queue)

    def most_frequent(self) -> Pair | None:
        """Return the most frequent pair, of several the first in the alphabet; None where none occurs twice."""
        while self._queue:
            n, pair = heapq.heappop(self._queue)
            if -n < 2:
                return None
            if self._pairs[pair] == -n:  # what changed since was put there again
                return pair
        return None

    def merge(self, pair: Pair) -> None:
        """Make one piece of a pair wherever it stands."""
        changed = set()
        for k in self._where.pop(pair):
            before = self._count(k, -1)
            self._words[k] = _merged(self._words[k], pair)
            changed |= before | self._count(k, 1)
        for one in changed:
            if self._pairs[one] > 0:
                heapq.heappush(self._queue, (-self._pairs[one], one))

    def _count(self, k: int, sign: int) -> set[Pair]:
        """Add or take away the pairs of a word, and return them."""
        found = list(itertools.pairwise(self._words[k]))
        for pair in found:
            self._pairs[pair] += sign * self._counts[k]
            if sign > 0:
                self._where[pair].add(k)
        return set(found)


def _merged(pieces: Sequence[str], pair: Pair) -> list[str]:
    """Return pieces with every occurrence of a pair, from the left, as one."""
    made: list[str] = []
    k = 0
    while k < len(pieces):
        if k + 1 < len(pieces) and (pieces[k], pieces[k + 1]) == pair:
            made.append(pieces[k] + pieces[k + 1])
            k += 2
        else:
            made.append(pieces[k])
            k += 1
    return made
