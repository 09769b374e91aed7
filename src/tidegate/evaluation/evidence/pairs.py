"""Every model against every other: tests with a correction for their number, and one sentence for each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import wilcoxon
from statsmodels.stats.multitest import multipletests

from tidegate.analysis.wording import number, probability
from tidegate.evaluation.significance import ALPHA, NO_LUCK, Comparison, Luck, block_means, compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLIPS = 9_999
"""Random flips of signs in a permutation test, beside the signs as they are."""


@dataclass(frozen=True)
class Pair:
    """Two models and whether their errors differ by more than luck.

    Parameters
    ----------
    better, worse
        The model with the lower mean error, and the other; in ladder order where the errors are equal.
    errors
        Their mean errors.
    comparison
        The error of the first minus that of the second, tested (`significance.compare`).
    p_holm
        p after Holm's correction for all pairs: the chance that any of the differences called clear is luck stays at
        5 %. NaN where no test is possible.
    p_permutation
        p of a paired permutation test: the share of random signs of the differences with a mean as large. NaN unless
        series are compared.
    p_wilcoxon
        p of Wilcoxon's signed-rank test, which a few huge differences cannot sway; NaN unless series are compared.
    """

    better: str
    worse: str
    errors: tuple[float, float]
    comparison: Comparison
    p_holm: float
    p_permutation: float = float("nan")
    p_wilcoxon: float = float("nan")

    @property
    def clear(self) -> bool:
        """Whether the difference is unlikely to be luck even as one of many, at 5 %."""
        return bool(self.p_holm < ALPHA)

    def __str__(self) -> str:
        ours, theirs = map(number, self.errors)
        counted = f"n = {self.comparison.counted}"
        if not self.comparison.tested:
            return f"{self.better} ({ours}) and {self.worse} ({theirs}): no test possible ({counted})."
        corrected = " after Holm's correction" if self.p_holm != self.comparison.p else ""
        said = f"{probability(self.p_holm)}{corrected}, {counted}"
        if self.clear:
            return f"{self.better} ({ours}) is better than {self.worse} ({theirs}): {said}."
        return f"{self.better} ({ours}) and {self.worse} ({theirs}): no evidence of a difference ({said})."


def pairwise(
    errors: Mapping[str, Floats], *, overlap: int = 0, luck: Mapping[str, Luck] | None = None, seed: int = 0
) -> tuple[Pair, ...]:
    """Compare all models two by two.

    Parameters
    ----------
    errors
        By model, shape (K, N): mean scaled error per fold (oldest first) and series; NaN where there is none.
    overlap
        As in `significance.compare`.
    luck
        By model, as in `significance.compare`; None without any.
    seed
        Of the random signs, at least 0.

    Returns
    -------
    tuple of Pair
        In the order of the models.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
    65-70; Wilcoxon (1945), Biometrics Bulletin 1, 80-83; Fisher (1935), The Design of Experiments, section 21 (signs of
    paired differences).
    """
    named = list(combinations(errors, 2))
    known = dict.fromkeys(errors, NO_LUCK) | dict(luck or {})
    found = [compare(errors[a], errors[b], overlap=overlap, luck=(known[a], known[b])) for a, b in named]
    corrected = holm(np.array([one.p for one in found]))
    made = []
    for (one, other), comparison, p_holm in zip(named, found, corrected, strict=True):
        differences = errors[one] - errors[other]
        by_series = comparison.unit == "series" and comparison.tested
        p_permutation, p_wilcoxon = _by_series(block_means(differences, axis=0), seed) if by_series else (np.nan,) * 2
        turned = comparison.difference > 0
        names = (other, one) if turned else (one, other)
        sign = -1 if turned else 1
        comparison = Comparison(sign * comparison.difference, comparison.p, comparison.n, comparison.unit)
        common = np.isfinite(differences)
        means = tuple(float(errors[name][common].mean()) if common.any() else float("nan") for name in names)
        made.append(Pair(*names, (means[0], means[1]), comparison, float(p_holm), p_permutation, p_wilcoxon))
    return tuple(made)


def holm(p_values: Floats) -> Floats:
    """Return p-values corrected for their number, shape (P,); NaN stays NaN and counts for nothing."""
    made = np.full(p_values.shape, np.nan)
    tested = np.isfinite(p_values)
    if tested.any():
        made[tested] = multipletests(p_values[tested], method="holm")[1]
    return made


def _by_series(differences: Floats, seed: int) -> tuple[float, float]:
    """Return p of the permutation test and of Wilcoxon's, for differences of shape (N,)."""
    signs = np.random.default_rng(seed).choice(np.array([-1.0, 1.0]), size=(FLIPS, len(differences)))
    size = abs(differences.sum())
    reached = int(np.sum(np.abs(signs @ differences) >= size * (1 - 1e-12)))
    p_wilcoxon = float(wilcoxon(differences).pvalue) if np.any(differences != 0) else 1.0
    return (reached + 1) / (FLIPS + 1), p_wilcoxon
