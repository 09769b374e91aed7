"""Ridge regression for a whole path of strengths at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ridge:
    """Fitted lines, one per strength: y = offset + x (coefficients).

    Parameters
    ----------
    coefficients
        Shape (P, A) for P columns and A strengths.
    offsets
        Shape (A,).
    """

    coefficients: Floats
    offsets: Floats

    def predict(self, columns: Floats) -> Floats:
        """Return the lines' values, shape (B, A), for columns of shape (B, P)."""
        return np.asarray(columns @ self.coefficients + self.offsets)


def fit(columns: Floats, target: Floats, strengths: Floats) -> Ridge:
    """Return the ridge regressions of `target` on the standardised `columns`, the mean not shrunk.

    b = (X'X / n + strength I)^-1 X'y / n, by one eigendecomposition for all strengths. Source: Hoerl & Kennard
    (1970), Technometrics 12, equation 2.1, with X standardised.

    Parameters
    ----------
    columns
        Shape (B, P); a constant column gets the coefficient 0.
    target
        Shape (B,).
    strengths
        Shape (A,), above 0.
    """
    means, spread = columns.mean(axis=0), columns.std(axis=0)
    varies = spread > 1e-9
    scale = np.where(varies, 1 / np.where(varies, spread, 1.0), 0.0)
    standard = (columns - means) * scale
    middle = target.mean()
    eigenvalues, vectors = np.linalg.eigh(standard.T @ standard / len(target))
    projected = vectors.T @ (standard.T @ (target - middle) / len(target))
    shrunk = projected[:, None] / (np.maximum(eigenvalues, 0.0)[:, None] + strengths)
    coefficients = (vectors @ shrunk) * scale[:, None]
    return Ridge(coefficients, middle - means @ coefficients)
