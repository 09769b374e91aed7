"""How often each of about 10,000 short patterns occurs in a sequence of numbers: features that nothing has to train.

Axis letters: N sequences, T steps, I channels, K = 84 kernels, S = 9 steps of a kernel, F features.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch

from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float32]

SPAN = 9
"""Steps that a kernel looks at."""

_TRIPLES = torch.tensor(list(combinations(range(SPAN), 3)))
_N_KERNELS = len(_TRIPLES)
_N_DILATIONS = 32
_GOLDEN = (math.sqrt(5) + 1) / 2
_AT_ONCE = 4_000_000
"""Numbers that a kernel's outputs may have at once."""

_MARGIN = 1e-5
"""By which thresholds are raised: outputs that are equal but for their rounding stay on one side of them."""

_KERNELS = torch.full((_N_KERNELS, SPAN), -1.0).scatter_(1, _TRIPLES, 2.0)


class Stretch(NamedTuple):
    """The kernels at one distance between the steps that they look at.

    Attributes
    ----------
    dilation
        Steps from one to the next, at least 1.
    first
        0 or 1: from which kernel on every other one sees zeros around the sequence.
    channels
        Which channels each kernel adds up, 0 or 1, shape (K, I).
    thresholds
        What a kernel's output is compared with, shape (K, n).
    """

    dilation: int
    first: int
    channels: torch.Tensor
    thresholds: torch.Tensor


class Patterns:
    """Fractions of the steps at which a kernel's output is above a threshold.

    A kernel has weight 2 at three of nine steps and -1 at the others, so that it sees a shape and no level; its nine
    steps are neighbours or lie apart, up to the length of the sequences. Thresholds are quantiles of the kernel's
    output on a sequence of training. One half of the kernels sees the sequence as if there were zeros around it.

    Source: Dempster, Schmidt & Webb (2021), MiniRocket: a very fast (almost) deterministic transform for time series
    classification, KDD, section 3, also for many channels; sequences shorter than a kernel's steps have zeros around
    them for every kernel.

    Parameters
    ----------
    stretches
        Kernels by dilation.
    """

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = tuple(stretches)

    @classmethod
    def learn(cls, items: Sequence[Floats], n_features: int, seed: int) -> Self:
        """Return the patterns of training sequences.

        Parameters
        ----------
        items
            N arrays of shape (T, I), their channels with mean 0.
        n_features
            F: about how many, at least 84.
        seed
            Of which sequence gives a kernel's thresholds, and which channels it adds up.
        """
        rng = np.random.default_rng(seed)
        longest = max(len(item) for item in items)
        made: list[Stretch] = []
        start = 0
        for dilation, count in _dilations(longest, max(n_features // _N_KERNELS, 1)):
            channels = _channels(items[0].shape[1], rng)
            places = np.arange(start + 1, start + count * _N_KERNELS + 1).reshape(_N_KERNELS, count)
            levels = torch.from_numpy((places * _GOLDEN) % 1).float()
            start += count * _N_KERNELS
            given = rng.integers(len(items), size=_N_KERNELS)
            thresholds = torch.empty(_N_KERNELS, count)
            for k in np.unique(given):
                own = np.flatnonzero(given == k)
                outputs = _outputs(torch.from_numpy(items[k])[None], dilation, channels[own], _KERNELS[own])[0]
                for row, output in zip(own, outputs, strict=True):
                    thresholds[row] = output.quantile(levels[row])
            thresholds += _MARGIN * (1 + thresholds.abs())
            made.append(Stretch(dilation, len(made) % 2, channels, thresholds))
        return cls(made)

    @property
    def n_features(self) -> int:
        """How many there are, F."""
        return sum(stretch.thresholds.numel() for stretch in self.stretches)

    def of(self, items: Sequence[Floats]) -> Floats:
        """Return how often each pattern occurs, in [0, 1], shape (N, F), for N arrays of shape (T, I)."""
        made = np.empty((len(items), self.n_features), dtype=np.float32)
        lengths = np.array([len(item) for item in items])
        with one_thread():
            for length in np.unique(lengths):
                same = np.flatnonzero(lengths == length)
                wide = max(_N_KERNELS, SPAN * items[0].shape[1])
                size = max(_AT_ONCE // (wide * int(length)), 1)
                for start in range(0, len(same), size):
                    part = same[start : start + size]
                    values = torch.from_numpy(np.stack([items[k] for k in part]))
                    made[part] = torch.cat([_fractions(values, stretch) for stretch in self.stretches], dim=1).numpy()
        return made

    def state(self) -> Tree:
        """Return it as a tree of arrays and numbers."""
        return [
            {**one._asdict(), "channels": one.channels.numpy(), "thresholds": one.thresholds.numpy()}
            for one in self.stretches
        ]

    @classmethod
    def from_state(cls, state: Sequence[dict[str, Any]]) -> Self:
        """Return what gave this `state`."""
        tensors = ("channels", "thresholds")
        return cls([Stretch(**{**one, **{name: torch.from_numpy(one[name]) for name in tensors}}) for one in state])


def _dilations(longest: int, per_kernel: int) -> list[tuple[int, int]]:
    """Return dilations up to what fits in so many steps, evenly in their logarithm, and thresholds of each."""
    most = min(per_kernel, _N_DILATIONS)
    top = math.log2(max((longest - 1) / (SPAN - 1), 1))
    found, counts = np.unique(np.logspace(0, top, most, base=2).astype(int), return_counts=True)
    shares = (counts * per_kernel // most).astype(int)
    shares[: per_kernel - shares.sum()] += 1
    return list(zip(found.tolist(), shares.tolist(), strict=True))


def _channels(n_channels: int, rng: np.random.Generator) -> torch.Tensor:
    """Return which channels each kernel adds up, shape (K, I): 1 to 9, few more often than many."""
    made = torch.zeros(_N_KERNELS, n_channels)
    most = math.log2(min(n_channels, SPAN) + 1)
    for row in made:
        row[rng.choice(n_channels, int(2 ** rng.uniform(0, most)), replace=False)] = 1
    return made


def _outputs(values: torch.Tensor, dilation: int, channels: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    """Return the output of each of K kernels at every step, shape (N, K, T), for values of shape (N, T, I)."""
    reach = dilation * (SPAN - 1) // 2
    around = torch.nn.functional.pad(values, (0, 0, reach, reach))
    near = around.unfold(1, 2 * reach + 1, 1)[..., ::dilation]  # (N, T, I, S)
    if values.shape[2] == 1:
        return (near[:, :, 0] @ kernels.T).transpose(1, 2).contiguous()
    return torch.einsum("ntis,ki,ks->nkt", near, channels, kernels).contiguous()


def _fractions(values: torch.Tensor, stretch: Stretch) -> torch.Tensor:
    """Return the fraction of the steps at which each kernel is above each threshold, shape (N, K n)."""
    outputs = _outputs(values, stretch.dilation, stretch.channels, _KERNELS)
    reach = stretch.dilation * (SPAN - 1) // 2
    inside = outputs[..., reach:-reach] if outputs.shape[2] > 2 * reach else outputs
    made = torch.empty(len(values), *stretch.thresholds.shape)
    for number, thresholds in enumerate(stretch.thresholds.T):
        for first, seen in ((stretch.first, outputs), (1 - stretch.first, inside)):
            above = seen[:, first::2] > thresholds[first::2, None]
            made[:, first::2, number] = above.sum(2, dtype=torch.int32) / seen.shape[2]
    return made.flatten(1)
