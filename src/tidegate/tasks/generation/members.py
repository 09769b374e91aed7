"""Several networks that write as one: a step has the mean of the probabilities that they give it.

Axis letters: T steps, B sequences, M networks.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from tidegate.tasks.generation.network import GenerativeNetwork
from tidegate.tasks.generation.said import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.nn.stack import Recurrent
    from tidegate.tasks.generation.network import Steps
    from tidegate.tasks.generation.said import Said
    from tidegate.tasks.generation.sampling import Sampling


@dataclass(frozen=True)
class Mixed:
    """What M networks say of the next step, each as often right as the others.

    Parameters
    ----------
    parts
        What each says, at least two of one kind; what was made for them stands side by side.
    """

    parts: tuple[Said, ...]

    @property
    def n_outputs(self) -> int:
        """Numbers of all."""
        return sum(one.n_outputs for one in self.parts)

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return minus the logarithm of the mean probability of each step, shape (T, B), in nats; 0 for none."""
        each = [part.surprise(one, target) for part, one in self._apart(made)]
        return math.log(len(each)) - (-torch.stack(each)).logsumexp(0)

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return a step drawn for each row of `made`, shape (B, ...).

        Tokens are drawn from the mean of the probabilities; keys and values from what one of the networks says, drawn
        anew for each row, at temperature 0 from what the first does.
        """
        first = self.parts[0]
        if isinstance(first, Tokens):
            scores = torch.stack([one.log_softmax(dim=-1) for _, one in self._apart(made)]).logsumexp(0)
            return first.next(scores, sampling, generator)
        if sampling.temperature == 0:
            return first.next(made[:, : first.n_outputs], sampling, generator)
        steps = torch.stack([part.next(one, sampling, generator) for part, one in self._apart(made)])
        chosen = torch.randint(len(self.parts), (len(made),), generator=generator)
        return steps[chosen, torch.arange(len(made))]

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return the mean of what users read of the next step, shape (B, ...), in float64."""
        return torch.stack([part.told(one) for part, one in self._apart(made)]).mean(0)

    def _apart(self, made: torch.Tensor) -> list[tuple[Said, torch.Tensor]]:
        ends = list(itertools.accumulate(one.n_outputs for one in self.parts))
        places = itertools.pairwise([0, *ends])
        return [(part, made[..., start:end]) for part, (start, end) in zip(self.parts, places, strict=True)]


class GenerativeMembers(torch.nn.Module):
    """Networks that walk through the same steps side by side; a look inside is one into the first.

    Parameters
    ----------
    networks
        At least two, of one design, each trained from its own start.
    """

    def __init__(self, networks: Sequence[GenerativeNetwork]) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)
        self.said = Mixed(tuple(one.said for one in networks))

    @property
    def steps(self) -> Steps:
        """What a step reads, of the first."""
        return self._first.steps

    @property
    def layers(self) -> Recurrent:
        """The recurrent layers of the first."""
        return self._first.layers

    @property
    def _first(self) -> GenerativeNetwork:
        return self._each[0]

    @property
    def _each(self) -> Sequence[GenerativeNetwork]:
        return cast("Sequence[GenerativeNetwork]", self.networks)

    def walk(self, inputs: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Return what all say after each step, (T, B, sum of outputs), and their states after the last."""
        states = [None] * len(self.networks) if state is None else state
        walked = [one.walk(inputs, own) for one, own in zip(self._each, states, strict=True)]
        return torch.cat([made for made, _ in walked], dim=-1), tuple(after for _, after in walked)


Writer = GenerativeNetwork | GenerativeMembers
"""One network that writes, or several as one."""
