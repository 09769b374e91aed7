"""Packed sequences as padded ones, and back, all steps at once: torch's own functions go step by step.

Axis letters: T time, B batch, N entries of all sequences together.
"""

from __future__ import annotations

from typing import NamedTuple

import torch


class Padding(NamedTuple):
    """How packed sequences, longest first, lie in a padded tensor.

    Parameters
    ----------
    steps
        T.
    n_sequences
        B.
    rows
        Where each packed entry stands among the T*B rows of the padded tensor, shape (N,).
    lengths
        Steps of each sequence, shape (B,), on the CPU.
    """

    steps: int
    n_sequences: int
    rows: torch.Tensor
    lengths: torch.Tensor

    @property
    def is_full(self) -> bool:
        """Whether every sequence has T steps."""
        return len(self.rows) == self.steps * self.n_sequences

    def padded(self, entries: torch.Tensor) -> torch.Tensor:
        """Return packed `entries`, shape (N, ...), with 0 beyond each sequence: shape (T, B, ...)."""
        features = entries.shape[1:]
        whole = entries.new_zeros(self.steps * self.n_sequences, *features).index_copy(0, self.rows, entries)
        return whole.view(self.steps, self.n_sequences, *features)

    def packed(self, values: torch.Tensor) -> torch.Tensor:
        """Return `values`, shape (T, B, ...), packed: shape (N, ...)."""
        return values.flatten(0, 1).index_select(0, self.rows)


def padding(batch_sizes: torch.Tensor, device: torch.device) -> Padding:
    """Return how sequences lie of which `batch_sizes`, shape (T,), on the CPU, are still there at each step.

    >>> padding(torch.tensor([2, 1]), torch.device("cpu"))
    Padding(steps=2, n_sequences=2, rows=tensor([0, 1, 2]), lengths=tensor([2, 1]))
    """
    n_sequences = int(batch_sizes[0])
    within = torch.arange(n_sequences, device="cpu") < batch_sizes[:, None]
    rows = within.flatten().nonzero().squeeze(1)
    return Padding(len(batch_sizes), n_sequences, rows.to(device), within.sum(0))
