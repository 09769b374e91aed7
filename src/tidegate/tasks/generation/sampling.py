"""How the next step is drawn from what a network says of it.

Axis letters: B sequences, V tokens.
"""

from __future__ import annotations

from numbers import Real
from typing import NamedTuple

import torch

from tidegate.checks import check_whole
from tidegate.errors import SettingError


class Sampling(NamedTuple):
    """How the next step is drawn.

    Attributes
    ----------
    temperature
        Divides the scores, at least 0: below 1 the probable becomes more probable, 0 always takes the most probable.
    top_k
        Tokens that are drawn from, the most probable ones, at least 1; None for all.
    top_p
        The most probable tokens that together reach this probability, in (0, 1], are drawn from; None for all.

    Source: Holtzman, Buys, Du, Forbes & Choi (2020), The curious case of neural text degeneration, ICLR, section 3.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def check(self, *, tokens: bool) -> None:
        """Refuse settings outside their limits; `tokens` says whether steps are tokens, which can be ranked.

        Raises
        ------
        SettingError
            Which, its value and its limit.
        """
        if not _is_number(self.temperature) or not 0 <= self.temperature < float("inf"):
            raise SettingError(
                f"temperature is {self.temperature!r}; it must be a number, at least 0 (0: always the most probable)."
            )
        if self.top_k is not None:
            check_whole("top_k", self.top_k, least=1)
        if self.top_p is not None and (not _is_number(self.top_p) or not 0 < self.top_p <= 1):
            raise SettingError(f"top_p is {self.top_p!r}; it must be a number above 0, at most 1.")
        for name in ("top_k", "top_p"):
            if not tokens and getattr(self, name) is not None:
                raise SettingError(f"{name} ranks tokens; leave it out for steps of numbers.")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def drawn(scores: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
    """Return a token for each row of scores, shape (B,).

    Parameters
    ----------
    scores
        Shape (B, V), logarithms of probabilities up to a constant; minus infinity for what is never drawn.
    sampling
        How.
    generator
        Source of chance.
    """
    if sampling.temperature == 0:
        return scores.argmax(dim=1)
    below = scores.double() - scores.double().amax(dim=1, keepdim=True)  # the best stays 0 at the least temperature
    probabilities = (below / sampling.temperature).softmax(dim=1)
    return torch.multinomial(_kept(probabilities, sampling), 1, generator=generator)[:, 0]


def _kept(probabilities: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return the probabilities of what is drawn from, 0 for the rest; the most probable token is always among it."""
    if sampling.top_k is None and sampling.top_p is None:
        return probabilities
    ranked, order = probabilities.sort(dim=1, descending=True, stable=True)
    kept = torch.ones_like(ranked, dtype=torch.bool)
    if sampling.top_k is not None:
        kept[:, sampling.top_k :] = False
    if sampling.top_p is not None:
        kept &= ranked.cumsum(dim=1) - ranked < sampling.top_p
    return torch.zeros_like(probabilities).scatter(1, order, ranked * kept)
