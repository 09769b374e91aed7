"""How a translator did on sources it never saw, beside a simple model on the same ones, tested.

Axis letters: N sequences.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tidegate.analysis.wording import probability
from tidegate.scoring import bleu
from tidegate.tasks.judging import Judgement as Answers
from tidegate.tasks.judging import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Measure = Literal["bleu", "exact"]

SPOKEN: Mapping[Measure, str] = {"bleu": "BLEU", "exact": "exact matches in percent"}
"""What a measure is called."""

_DRAWS = 2_000


def measured(said: Sequence[Any], wanted: Sequence[Any], measure: Measure, *, lowercase: bool) -> float:
    """Return the score of what was said, in percent: BLEU of all together, or the share that is right as a whole."""
    if measure == "bleu":
        return bleu.bleu(said, wanted, lowercase=lowercase).score
    return 100 * float(right(said, wanted, lowercase=lowercase).mean())


def right(said: Sequence[Any], wanted: Sequence[Any], *, lowercase: bool) -> NDArray[np.bool_]:
    """Return which are right as a whole, shape (N,); runs of white space count as one space."""
    pairs = zip(said, wanted, strict=True)
    return np.array([_plain(one, lowercase=lowercase) == _plain(other, lowercase=lowercase) for one, other in pairs])


def fitting_measure(targets: Sequence[Any]) -> Measure:
    """Return what to judge by: BLEU, or exact match where half of the targets have fewer than four words."""
    lengths = [len(one.split() if isinstance(one, str) else one) for one in targets]
    return "bleu" if np.median(lengths) >= bleu.LONGEST else "exact"


@dataclass(frozen=True)
class Judgement:
    """What was said of sources that were set aside.

    Parameters
    ----------
    name, simple_name
        Of the translator, and of the simple model.
    measure
        What the score is.
    wanted
        The targets, N.
    said, simple_said
        What the translator and the simple model say, N.
    lowercase
        Whether case counts for nothing.
    seed
        Of the draws of the test.
    """

    name: str
    simple_name: str
    measure: Measure
    wanted: list[Any]
    said: list[Any]
    simple_said: list[Any]
    lowercase: bool
    seed: int

    @property
    def score(self) -> float:
        """Of the translator, in percent."""
        return measured(self.said, self.wanted, self.measure, lowercase=self.lowercase)

    @property
    def simple_score(self) -> float:
        """Of the simple model, in percent."""
        return measured(self.simple_said, self.wanted, self.measure, lowercase=self.lowercase)

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Where the translator is right as a whole, shape (N,)."""
        return right(self.said, self.wanted, lowercase=self.lowercase)

    @cached_property
    def counts(self) -> Integers:
        """What the BLEU of the translator is made of, shape (N, 10)."""
        return bleu.counts(self.said, self.wanted, lowercase=self.lowercase)

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the score, in percent: Wilson's, or of BLEU that of `p_value`'s draws."""
        if self.measure == "exact":
            low, high = self._answers.interval()
            return 100 * low, 100 * high
        low, high = np.percentile(self._drawn[0], (2.5, 97.5)).tolist()
        return low, high

    @property
    def p_value(self) -> float:
        """How likely it is that two models as good as each other differ as much, two-sided.

        Of exact matches by McNemar's test; of BLEU by drawing the sequences anew, with replacement, for both models
        alike: twice the share of 2,000 draws in which the other one is ahead.

        Source: Koehn (2004), Statistical significance tests for machine translation evaluation, EMNLP, section 4.
        """
        if self.measure == "exact":
            return self._answers.p_value
        ours, simple = self._drawn
        behind = min((ours <= simple).sum(), (ours >= simple).sum())
        return float(min(2 * (behind + 1) / (_DRAWS + 1), 1.0))

    @property
    def verdict(self) -> str:
        """Which of the two to trust: "better", "worse" or "no evidence of a difference"."""
        return verdict(self.p_value, self.score, self.simple_score)

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        certainty = f"{probability(self.p_value)}, n = {len(self.wanted):,}"
        simple = f"{self.simple_name}, which reaches {self._said(self.simple_score)}"
        verdicts = {
            "better": f"{_begun(self.name)} is better than {simple} ({certainty}).",
            "worse": f"{_begun(self.name)} is worse than {simple} ({certainty}): use that one.",
            "no evidence of a difference": f"There is no evidence of a difference between {self.name} and {simple} "
            f"({certainty}), and the simpler one is cheaper.",
        }
        low, high = self.interval()
        told = (
            f"On {len(self.wanted):,} test sequences it reaches {self._said(self.score)} ({low:.1f} to {high:.1f} with "
            "95 % confidence)"
        )
        exact = "" if self.measure == "exact" else f"; {100 * self.right.mean():.1f} % are right word for word"
        return [verdicts[self.verdict], f"{told}{exact}."]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        return {
            "model": self.name,
            "simple": self.simple_name,
            "measure": self.measure,
            "sequences": len(self.wanted),
            "score": self.score,
            "interval": list(self.interval()),
            "simple_score": self.simple_score,
            "right": float(self.right.mean()),
            "p_value": self.p_value,
            "verdict": self.verdict,
            "sentences": self.sentences(),
        }

    @property
    def _answers(self) -> Answers:
        """Return exact matches as answers that are right or wrong."""
        simple = right(self.simple_said, self.wanted, lowercase=self.lowercase)
        classes, usual = np.array([False, True]), np.True_
        yes = np.ones(len(self.wanted), dtype=bool)
        return Answers(self.name, self.simple_name, classes, usual, yes, self.right, simple)

    @cached_property
    def _drawn(self) -> tuple[Floats, Floats]:
        """Return the BLEU of either model in each draw, two of shape (2,000,)."""
        n_sequences = len(self.wanted)
        simple = bleu.counts(self.simple_said, self.wanted, lowercase=self.lowercase)
        even = np.full(n_sequences, 1 / n_sequences)
        draws = np.random.default_rng(self.seed).multinomial(n_sequences, even, size=_DRAWS)
        ours, others = (
            np.array([bleu.of_counts(sums).score for sums in draws @ counts]) for counts in (self.counts, simple)
        )
        return ours, others

    def _said(self, score: float) -> str:
        return f"BLEU {score:.1f}" if self.measure == "bleu" else f"{score:.1f} % exact matches"


def _plain(one: Any, *, lowercase: bool) -> list[str]:
    """Return the words of a text, or the tokens of a list, that are compared."""
    made = one.split() if isinstance(one, str) else list(one)
    return [token.lower() for token in made] if lowercase else made


def _begun(name: str) -> str:
    return name[0].upper() + name[1:]
