"""How surprised a generator is by what it never saw, beside a simple model on the same steps, tested.

Axis letters: N blocks, T steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t

from tidegate.analysis.wording import probability
from tidegate.tasks.judging import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FEWEST = 3
_BLOCKS, _LEAST_STEPS = 50, 20


def blocks(nats: Floats) -> list[Floats]:
    """Return one long text as at most 50 neighbouring blocks of at least 20 steps, arrays of shape (T,)."""
    return list(np.array_split(nats, max(min(_BLOCKS, len(nats) // _LEAST_STEPS), 1)))


@dataclass(frozen=True)
class Judgement:
    """What two models said of steps that were set aside.

    Parameters
    ----------
    name, simple_name
        Of the generator, and of the simple model.
    step
        What a step is called: "character", "word", "token" or "step".
    block
        What one of the blocks is called: "block" of a long text, or "sequence".
    nats, simple_nats
        Minus the logarithm of the probability of each step, N arrays of shape (T,): of each block.
    """

    name: str
    simple_name: str
    step: str
    block: str
    nats: Sequence[Floats]
    simple_nats: Sequence[Floats]

    @property
    def bits(self) -> float:
        """Bits per step of the generator."""
        return _bits(self.nats)

    @property
    def simple_bits(self) -> float:
        """Bits per step of the simple model."""
        return _bits(self.simple_nats)

    @property
    def measure(self) -> str:
        """What scores are counted in: "bits", or of steps of keys, by custom, "nats"."""
        return "nats" if self.step == "step" else "bits"

    @property
    def score(self) -> float:
        """Of the generator, in `measure` per step; less is better."""
        return self.scored(np.concatenate(self.nats))

    @property
    def simple_score(self) -> float:
        """Of the simple model, in `measure` per step."""
        return self.scored(np.concatenate(self.simple_nats))

    @property
    def per_nat(self) -> float:
        """How many of `measure` a nat is."""
        return 1.0 if self.measure == "nats" else 1 / math.log(2)

    def scored(self, nats: Floats) -> float:
        """Return the score of some steps, of their surprise in nats, shape (T,)."""
        return float(nats.mean()) * self.per_nat

    @property
    def p_value(self) -> float:
        """How likely so large a difference is if they are as good as each other, two-sided; NaN below 3 blocks.

        The difference is a ratio, of nats to steps, and blocks are what varies by chance.

        Source: Cochran (1977), Sampling techniques, third edition, equation 6.13 (variance of a ratio), with
        Student's t on N - 1 degrees of freedom.
        """
        if len(self.nats) < _FEWEST:
            return math.nan
        pairs = zip(self.nats, self.simple_nats, strict=True)
        sums = np.array([(own - simple).sum() for own, simple in pairs])
        steps = np.array([len(one) for one in self.nats])
        ratio = sums.sum() / steps.sum()
        off = sums - ratio * steps
        error = np.sqrt((off**2).sum() / (len(sums) - 1) * len(sums)) / steps.sum()
        if not error:
            return 1.0 if not ratio else 0.0
        return float(2 * t.sf(abs(ratio) / error, len(sums) - 1))

    @property
    def verdict(self) -> str:
        """Which of the two to trust: "better", "worse" or "no evidence of a difference"."""
        return verdict(self.p_value, -self.bits, -self.simple_bits)

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        n_blocks = f"{len(self.nats):,} {self.block}{'' if len(self.nats) == 1 else 's'}"
        p = self.p_value
        certainty = f"{probability(p)}, {n_blocks}" if math.isfinite(p) else f"{n_blocks}, too few to test"
        told = f"{self.score:.3f} against {self.simple_score:.3f} {self.measure} per {self.step} ({certainty})"
        if self.verdict == "better":
            first = f"The {self.name} network is better than the {self.simple_name}: {told}."
        elif self.verdict == "worse":
            first = f"The {self.name} network is worse than the {self.simple_name}: {told}. Use the simple one."
        else:
            first = (
                f"There is no evidence that the {self.name} network differs from the {self.simple_name}: {told}. The "
                "simple one is cheaper."
            )
        among = f"{2**self.bits:,.1f}"
        last = f"Before each {self.step} it is as unsure as among {among} that are equally probable."
        return [first, last] if self.step != "step" else [first]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        p = self.p_value
        unsure = {"perplexity": 2**self.bits, "simple_perplexity": 2**self.simple_bits}
        perplexity = {} if self.measure == "nats" else unsure
        return {
            "model": self.name,
            "simple": self.simple_name,
            "blocks": len(self.nats),
            "step": self.step,
            "steps": int(sum(len(one) for one in self.nats)),
            "measure": self.measure,
            "score": self.score,
            "simple_score": self.simple_score,
            **perplexity,
            "p_value": p if math.isfinite(p) else None,
            "verdict": self.verdict,
            "sentences": self.sentences(),
        }


def _bits(nats: Sequence[Floats]) -> float:
    return float(np.concatenate(nats).mean()) / math.log(2)
