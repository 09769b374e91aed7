"""Writing step by step: what was drawn is read before the next step is drawn.

Axis letters: T steps, B sequences, W width of what is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.tasks.generation.passages import walked
from tidegate.tasks.generation.said import MARK
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.generation.members import Writer
    from tidegate.tasks.generation.sampling import Sampling

    Tensor = torch.Tensor
    Floats = NDArray[np.float64]


class Written(NamedTuple):
    """A sequence that was written.

    Attributes
    ----------
    sequence
        The whole, what it was told to begin with included: of the kind of training.
    surprise
        Minus the logarithm of the probability of each step that was written, in nats, shape (T,), however it was drawn;
        where it ended by itself, of the end too.
    """

    sequence: Any
    surprise: Floats

    @property
    def bits(self) -> float:
        """Bits per step of what was written, on average; less is more probable."""
        return float(self.surprise.mean()) / math.log(2)


@torch.no_grad()
def after(network: Writer, begun: NDArray[Any]) -> tuple[Tensor, Any]:
    """Return what is said of the step after these, shape (B, n_outputs), and the state.

    Parameters
    ----------
    network
        Trained.
    begun
        Steps of B sequences, shape (T, B) or (T, B, W); read a few at a time.
    """
    network.eval()
    with one_thread():
        for _, made, state in walked(network, torch.from_numpy(begun)):
            last = made[-1].clone(), state
    return last


@torch.no_grad()
def continued(
    network: Writer,
    begun: NDArray[Any],
    sampling: Sampling,
    *,
    n_steps: int,
    generator: torch.Generator,
) -> tuple[NDArray[Any], Floats]:
    """Return the steps that follow, shape (T, B) or (T, B, K), and the surprise at each in nats, (T, B).

    They are `n_steps`, or fewer where all sequences have ended.

    Parameters
    ----------
    network
        Trained.
    begun
        What B sequences begin with, shape (T, B) or (T, B, W).
    sampling
        How steps are drawn.
    n_steps
        How many at most, at least 1.
    generator
        Source of chance.
    """
    made, state = after(network, begun)
    said = network.said
    beside = torch.from_numpy(begun[-1])
    ended = torch.zeros(len(made), dtype=torch.bool)
    steps, surprise = [], []
    with one_thread():
        for _ in range(n_steps):
            step = said.next(made, sampling, generator)
            steps.append(step)
            surprise.append(said.surprise(made[None], step[None])[0].double())
            if step.ndim == 1:
                ended |= step == MARK
                if bool(ended.all()):
                    break
            told, state = network.walk(_read(step, beside)[None], state)
            made = told[0]
    return torch.stack(steps).numpy(), torch.stack(surprise).numpy()


def ends(tokens: NDArray[Any]) -> int:
    """Return how many tokens come before the mark of the end."""
    places = np.flatnonzero(tokens == MARK)
    return int(places[0]) if len(places) else len(tokens)


def _read(step: Tensor, beside: Tensor) -> Tensor:
    """Return a step as it is read: with the conditions that stand beside the step before."""
    if beside.ndim == 1:
        return step
    own = step[:, None] if step.ndim == 1 else step
    return torch.cat([own.to(beside.dtype), beside[:, own.shape[1] :]], dim=1)
