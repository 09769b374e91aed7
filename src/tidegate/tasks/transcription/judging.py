"""How a transcriber did on sequences it never saw, beside a simple model on the same ones, tested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest

from tidegate.analysis.wording import probability
from tidegate.tasks.judging import by_label, verdict
from tidegate.tasks.transcription.edits import Edits, counted, edits, matched, of_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 0.95


@dataclass(frozen=True)
class Judgement:
    """What was said of N sequences that were set aside.

    Parameters
    ----------
    name, simple_name
        Of the transcriber, and of the simple model.
    wanted
        Tokens of each.
    said, simple_said
        Tokens that the transcriber and the simple model say of each.
    """

    name: str
    simple_name: str
    wanted: list[list[str]]
    said: list[list[str]]
    simple_said: list[list[str]]

    @property
    def edits(self) -> Edits:
        """Of the transcriber, over all sequences."""
        return counted(pair for pairs in self.matched for pair in pairs)

    @property
    def simple_edits(self) -> Edits:
        """Of the simple model, over all sequences."""
        return of_all(self.wanted, self.simple_said)

    @cached_property
    def matched(self) -> list[list[tuple[str, str]]]:
        """What was wanted of each sequence beside what the transcriber said, as `edits.matched` tells it."""
        return [matched(*pair) for pair in zip(self.wanted, self.said, strict=True)]

    @cached_property
    def tokens(self) -> NDArray[Any]:
        """All that were wanted or said, sorted, shape (K,)."""
        return np.unique([token for side in (self.wanted, self.said) for one in side for token in one])

    @cached_property
    def each(self) -> NDArray[np.int64]:
        """How many edits each sequence takes, of the transcriber and of the simple model, shape (N, 2)."""
        ours = [counted(pairs).total for pairs in self.matched]
        simple = [edits(*pair).total for pair in zip(self.wanted, self.simple_said, strict=True)]
        return np.array([ours, simple], dtype=np.int64).T

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which sequences are right as a whole, shape (N,)."""
        return np.asarray(self.each[:, 0] == 0)

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share of sequences that are right as a whole.

        Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
        """
        found = binomtest(int(self.right.sum()), len(self.wanted)).proportion_ci(_LEVEL, method="wilson")
        return float(found.low), float(found.high)

    @property
    def closer(self) -> tuple[int, int]:
        """In how many sequences the transcriber makes fewer errors than the simple model, and in how many more."""
        ours, simple = self.each.T
        return int((ours < simple).sum()), int((ours > simple).sum())

    @cached_property
    def p_value(self) -> float:
        """How likely it is that two models as good as each other differ in as many errors, two-sided; 1 for none.

        Were they as good, either could have made the errors of the other in any sequence: the exact distribution of the
        difference over all such exchanges.

        Source: Fisher (1935), The design of experiments, section 21.
        """
        differences = self.each[:, 0] - self.each[:, 1]
        reach = int(np.abs(differences).sum())
        share = np.zeros(2 * reach + 1)
        share[reach] = 1.0
        for size in np.abs(differences[differences != 0]):
            share = (np.roll(share, size) + np.roll(share, -size)) / 2
        further = np.abs(np.arange(-reach, reach + 1)) >= abs(int(differences.sum()))
        return min(float(share[further].sum()), 1.0)

    @property
    def verdict(self) -> str:
        """Which of the two to trust: "better", "worse" or "no evidence of a difference"."""
        return verdict(self.p_value, -self.edits.rate, -self.simple_edits.rate)

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        told, low_high = self.edits, [f"{100 * one:.1f}" for one in self.interval()]
        ours, simple = _percent(told.rate), _percent(self.simple_edits.rate)
        fewer, more = self.closer
        certainty = f"{probability(self.p_value)}, n = {len(self.wanted):,} sequences"
        tested = (
            f"{ours} of the tokens are wrong instead of {simple}; fewer errors in {fewer:,} sequences, more in {more:,}"
        )
        first = {
            "better": f"{self.name} is better than {self.simple_name}: {tested} ({certainty}).",
            "worse": f"{self.name} is worse than {self.simple_name}: {tested} ({certainty}). Use that one.",
        }.get(
            self.verdict,
            f"No evidence of a difference between {self.name} and {self.simple_name}, which is cheaper: {tested} "
            f"({certainty}).",
        )
        return [
            first[0].upper() + first[1:],
            f"Of {told.tokens:,} tokens, {told.substitutions:,} were heard as others, {told.deletions:,} left out, and "
            f"{told.insertions:,} put in that were not said.",
            f"{int(self.right.sum()):,} of {len(self.wanted):,} test sequences are right as a whole "
            f"({low_high[0]} to {low_high[1]} % with 95 % confidence).",
        ]

    def by_token(self) -> list[dict[str, Any]]:
        """Return of each token how often it was wanted, as ``tokens``, and its ``precision``, ``recall`` and ``F1``.

        None stands for what cannot be said: precision of one that never was said, recall and F1 of one that was not
        wanted.
        """
        return by_label(self.tokens, *self._paired(), "tokens")

    def confusion(self) -> NDArray[np.int64]:
        """Return how often each token, by row, was heard as each, by column, shape (K, K); without what is left out."""
        wanted, said = self._paired()
        heard = (wanted != "") & (said != "")
        counts = np.zeros((len(self.tokens), len(self.tokens)), dtype=np.int64)
        np.add.at(counts, tuple(np.searchsorted(self.tokens, side[heard]) for side in (wanted, said)), 1)
        return counts

    def _paired(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return every token that was wanted, and what was said for it; "" for nothing."""
        pairs = [pair for pairs in self.matched for pair in pairs]
        wanted, said = np.array(pairs, dtype=str).reshape(-1, 2).T
        return wanted, said

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        return {
            "model": self.name,
            "simple": self.simple_name,
            "sequences": len(self.wanted),
            "tokens": self.edits.tokens,
            "error_rate": self.edits.rate,
            "edits": self.edits._asdict(),
            "simple_error_rate": self.simple_edits.rate,
            "simple_edits": self.simple_edits._asdict(),
            "by_token": self.by_token(),
            "right": float(self.right.mean()),
            "interval": list(self.interval()),
            "p_value": self.p_value,
            "verdict": self.verdict,
            "sentences": self.sentences(),
        }


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
