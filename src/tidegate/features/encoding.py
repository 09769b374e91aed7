"""Covariates as numbers: numeric columns standardised, categories by label, both learned at fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Covariates

    Floats = NDArray[np.float64]

MOST_LABELS = 50
"""Labels of one category that get a column of their own: the most frequent; the others share none."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """How the columns of one `Covariates` become C numbers.

    A numeric column becomes (value - mean) / standard deviation over the rows it was learned from; missing is 0, the
    mean. A categorical column becomes one column of 0 and 1 per label; a label never seen, and missing, are all 0.
    Before a matrix of weights, as in every network here, that is an embedding: a label picks its column of the matrix.

    Parameters
    ----------
    names
        The columns, in the order of learning.
    means, spreads
        Shape (columns,); the spread of a constant column is 1. Those of categorical columns are not used.
    labels
        Per categorical column, the labels that have a column of their own.
    """

    names: tuple[str, ...]
    means: Floats
    spreads: Floats
    labels: dict[str, tuple[str, ...]]

    @classmethod
    def learn(cls, covariates: Covariates) -> Self:
        """Return the encoder of these rows: means, standard deviations and labels come from nothing else."""
        means, spreads = np.zeros(len(covariates.names)), np.ones(len(covariates.names))
        labels = {}
        for c, name in enumerate(covariates.names):
            seen = covariates.values[:, c]
            seen = seen[np.isfinite(seen)]
            if name in covariates.categories:
                labels[name] = _frequent(seen, covariates.categories[name])
            elif len(seen):
                means[c], spread = seen.mean(), seen.std()
                spreads[c] = spread if spread > 1e-12 * max(1.0, abs(means[c])) else 1.0
        return cls(covariates.names, means, spreads, labels)

    @property
    def width(self) -> int:
        """Number of columns C of `encode`."""
        return len(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `encode`: the column, or "column = label"."""
        pairs = [(name, self.labels.get(name)) for name in self.names]
        return tuple(
            column
            for name, labels in pairs
            for column in ((name,) if labels is None else (f"{name} = {label}" for label in labels))
        )

    def order(self, covariates: Covariates) -> tuple[int, ...]:
        """Return where `covariates` holds the columns learned from.

        Raises
        ------
        DataError
            If one of them is missing.
        """
        missing = [name for name in self.names if name not in covariates.names]
        if missing:
            raise DataError(
                f"The covariate {missing[0]!r}, which the model was fitted with, is missing",
                place=Place(column=missing[0]),
                repair="Give the same covariates as in fit.",
            )
        return tuple(covariates.names.index(name) for name in self.names)

    def check(self, covariates: Covariates) -> None:
        """Refuse `covariates` that lack a column, or that hold text where there were numbers or the other way round.

        Raises
        ------
        DataError
            At the first such column.
        """
        for name, place in zip(self.names, self.order(covariates), strict=True):
            now, before = name in covariates.categories, name in self.labels
            if now != before and np.isfinite(covariates.values[:, place]).any():
                kinds = ("text", "numbers") if now else ("numbers", "text")
                raise DataError(
                    f"The covariate {name!r} holds {kinds[0]}; the model was fitted on {kinds[1]}",
                    place=Place(column=name),
                    repair="Write it in the same way as in fit.",
                )

    def encode(self, values: Floats, covariates: Covariates) -> Floats:
        """Return numbers for rows of `covariates`.

        Parameters
        ----------
        values
            Shape (..., columns): rows taken from `covariates.values`, in its order of columns.
        covariates
            Where they come from: its labels say what the codes mean.

        Returns
        -------
        ndarray of shape (..., C)
        """
        blocks = []
        for c, place in enumerate(self.order(covariates)):
            column, name = values[..., place], self.names[c]
            if name in self.labels:
                blocks.append(_one_hot(column, covariates.categories.get(name, ()), self.labels[name]))
            else:
                standard = (column - self.means[c]) / self.spreads[c]
                blocks.append(np.where(np.isfinite(standard), standard, 0.0)[..., None])
        return np.concatenate(blocks, axis=-1) if blocks else np.empty((*values.shape[:-1], 0))

    def state(self) -> dict[str, Any]:
        """Return what `Encoder(**state)` needs: text and arrays."""
        return {"names": self.names, "means": self.means, "spreads": self.spreads, "labels": self.labels}


def _frequent(codes: Floats, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels that occur, at most `MOST_LABELS`, the most frequent first and ties by name, then by name."""
    counts = np.bincount(codes.astype(np.int64), minlength=len(labels))
    ranked = sorted((k for k in range(len(labels)) if counts[k]), key=lambda k: (-counts[k], labels[k]))
    return tuple(sorted(labels[k] for k in ranked[:MOST_LABELS]))


def _one_hot(codes: Floats, names: tuple[str, ...], labels: tuple[str, ...]) -> Floats:
    """Return 0 and 1 per label, shape (..., labels), for codes whose meaning is `names`."""
    place = {label: k for k, label in enumerate(labels)}
    table = np.zeros((len(names) + 1, len(labels)))
    for code, name in enumerate(names):
        if name in place:
            table[code, place[name]] = 1.0
    known = np.isfinite(codes)
    return table[np.where(known, codes, len(names)).astype(np.int64)]
