"""How a classifier did on sequences it never saw, beside a simple model on the same ones, tested.

Axis letters: N sequences, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tidegate.analysis.wording import probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 0.95
_REAL = 0.05


@dataclass(frozen=True)
class Judgement:
    """What was said of sequences that were set aside.

    Parameters
    ----------
    name, simple_name
        Of the classifier, and of the simple model.
    classes
        The labels, sorted, shape (C,).
    usual
        The most frequent label of training.
    wanted
        What they are, shape (N,).
    said, simple_said
        What the classifier and the simple model say, shape (N,).
    """

    name: str
    simple_name: str
    classes: NDArray[Any]
    usual: Any
    wanted: NDArray[Any]
    said: NDArray[Any]
    simple_said: NDArray[Any]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the classifier is right, shape (N,)."""
        return np.asarray(self.said == self.wanted)

    @property
    def accuracy(self) -> float:
        """Share of right answers of the classifier."""
        return float(self.right.mean())

    @property
    def simple_accuracy(self) -> float:
        """Share of right answers of the simple model."""
        return float((self.simple_said == self.wanted).mean())

    @property
    def most_frequent(self) -> float:
        """Share of right answers of whoever always says the most frequent label of training."""
        return float((self.wanted == self.usual).mean())

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the accuracy.

        Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
        """
        found = binomtest(int(self.right.sum()), len(self.wanted)).proportion_ci(_LEVEL, method="wilson")
        return float(found.low), float(found.high)

    @property
    def p_value(self) -> float:
        """How likely it is that two models as good as each other differ as often to one side, two-sided; 1 for never.

        Source: McNemar (1947), Note on the sampling error of the difference between correlated proportions or
        percentages, Psychometrika 12; the exact binomial form.
        """
        simple = self.simple_said == self.wanted
        only_ours, only_simple = int((self.right & ~simple).sum()), int((simple & ~self.right).sum())
        if not only_ours + only_simple:
            return 1.0
        return float(binomtest(only_ours, only_ours + only_simple).pvalue)

    @property
    def verdict(self) -> str:
        """Which of the two to trust: "better", "worse" or "no evidence of a difference"."""
        return verdict(self.p_value, self.accuracy, self.simple_accuracy)

    def sentences(self) -> list[str]:
        """Return what came out in words."""
        low, high = self.interval()
        certainty = f"{probability(self.p_value)}, n = {len(self.wanted):,}"
        ours, simple = f"{100 * self.accuracy:.1f} %", f"{100 * self.simple_accuracy:.1f} %"
        told = [
            f"With {self.name}, {ours} of {len(self.wanted):,} test sequences are right ({100 * low:.1f} to "
            f"{100 * high:.1f} % with 95 % confidence); always saying the most frequent label of training, "
            f"{100 * self.most_frequent:.1f} %."
        ]
        if self.verdict == "better":
            return [*told, f"That is better than {self.simple_name}, which is right on {simple} ({certainty})."]
        if self.verdict == "worse":
            return [*told, f"That is worse than {self.simple_name}, right on {simple} ({certainty}): use that one."]
        return [
            *told,
            f"{self.simple_name.capitalize()} is right on {simple}: no evidence of a difference ({certainty}), and the "
            "simpler one is cheaper.",
        ]

    def confusion(self) -> NDArray[np.int64]:
        """Return how often each class, by row, was said to be each, by column, shape (C, C)."""
        return np.asarray(confusion_matrix(self.wanted, self.said, labels=self.classes), dtype=np.int64)

    def by_class(self) -> list[dict[str, Any]]:
        """Return label, number of sequences, precision, recall and F1 of each class.

        None stands for what cannot be said: precision of a class that nothing was said to be, recall and F1 of one that
        no test sequence is.
        """
        return by_label(self.classes, self.wanted, self.said, "sequences")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        return {
            "model": self.name,
            "simple": self.simple_name,
            "sequences": len(self.wanted),
            "accuracy": self.accuracy,
            "interval": list(self.interval()),
            "simple_accuracy": self.simple_accuracy,
            "most_frequent": self.most_frequent,
            "p_value": self.p_value,
            "verdict": self.verdict,
            "sentences": self.sentences(),
            "classes": self.by_class(),
            "confusion": self.confusion().tolist(),
        }


def verdict(p_value: float, ours: float, simple: float) -> str:
    """Return "better", "worse" or "no evidence of a difference", for a score of which more is better.

    A p-value of NaN, of what could not be tested, is no evidence.

    >>> verdict(0.01, 0.9, 0.8), verdict(0.3, 0.9, 0.8)
    ('better', 'no evidence of a difference')
    """
    if not p_value < _REAL:
        return "no evidence of a difference"
    return "better" if ours > simple else "worse"


def by_label(classes: NDArray[Any], wanted: NDArray[Any], said: NDArray[Any], unit: str) -> list[dict[str, Any]]:
    """Return label, number, precision, recall and F1 of each class; None stands for what cannot be said.

    Parameters
    ----------
    classes
        Shape (C,).
    wanted, said
        Shape (N,).
    unit
        What is counted, which the number is called after: "sequences".
    """
    found = precision_recall_fscore_support(wanted, said, labels=classes, zero_division=np.nan)
    made = []
    for label, p, r, f, n in zip(classes.tolist(), *(part.tolist() for part in found), strict=True):
        scores = {"precision": None if np.isnan(p) else p, "recall": r if n else None, "F1": f if n else None}
        made.append({"label": label, unit: int(n), **scores})
    return made
