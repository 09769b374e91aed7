"""Which keys sound at a step, judged together: from the lowest to the highest, each given those below it.

Axis letters: T steps, B sequences, K keys, D hidden units, N draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.tasks.generation.said import surprise_of_keys

if TYPE_CHECKING:
    from tidegate.tasks.generation.sampling import Sampling

N_UNITS = 256
"""Hidden units that say what the keys below mean for the ones above, D."""

_AT_ONCE = 64
_N_DRAWN = 128


class Chords(torch.nn.Module):
    """Which of K keys sound, each given the past and the keys below it at the same step.

    The network that has read the past gives each key a score and each hidden unit one; what sounds below adds to both.
    Hidden unit d reads keys below some key and speaks to that key and those above, so that all K conditional
    probabilities, whose product is that of the step, come out of one pass.

    Parameters
    ----------
    n_keys
        Keys, K.
    lost
        Dropout on the hidden units.

    Source: Germain, Gregor, Murray & Larochelle (2015), MADE: masked autoencoder for distribution estimation, ICML,
    section 4, with direct connections from keys to keys; on top of a recurrent network as in Boulanger-Lewandowski,
    Bengio & Vincent (2012), Modeling temporal dependencies in high-dimensional sequences, ICML, there with an RBM or a
    NADE.
    """

    def __init__(self, n_keys: int, lost: torch.nn.Module) -> None:
        super().__init__()
        self.n_keys, self.lost = n_keys, lost
        self.direct = torch.nn.Linear(n_keys, n_keys, bias=False)
        self.heard = torch.nn.Linear(n_keys, N_UNITS, bias=False)
        self.spoken = torch.nn.Linear(N_UNITS, n_keys, bias=False)

    @property
    def n_outputs(self) -> int:
        """A score for each key and each hidden unit."""
        return self.n_keys + N_UNITS

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B) for what was made (T, B, K + D) and keys (T, B, K), NaN where there is no step."""
        return surprise_of_keys(self._scores(made, target.nan_to_num(0.0)), target)

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return keys, shape (B, K); at temperature 0 each that is more probable than not."""
        if sampling.temperature == 0:
            return self._drawn(made, torch.full((self.n_keys,), 0.5))[0]
        chance = torch.rand((len(made), self.n_keys), generator=generator)
        return self._drawn(made, chance, temperature=sampling.temperature)[0]

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return the probability of each key whatever the others do, shape (B, K): the mean over 128 steps drawn.

        Every row has the same chances, which are spread evenly (Sobol), so that it depends on nothing but itself.
        """
        spread = torch.quasirandom.SobolEngine(self.n_keys, scramble=True, seed=0)  # type: ignore[no-untyped-call]
        chances = spread.draw(_N_DRAWN)
        parts = [self._spread(made[start : start + _AT_ONCE], chances) for start in range(0, len(made), _AT_ONCE)]
        return torch.cat(parts)

    def _spread(self, made: torch.Tensor, chances: torch.Tensor) -> torch.Tensor:
        """Return the mean probability of each key over steps drawn with these chances, shape (B, K)."""
        every = self._drawn(made.repeat_interleave(len(chances), 0), chances.repeat(len(made), 1))[1].double()
        return every.reshape(len(made), len(chances), -1).mean(1)

    def _weights(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the weights from keys to keys, keys to units and units to keys, 0 where nothing may pass."""
        device = self.direct.weight.device
        keys = torch.arange(self.n_keys, device=device)
        first = 1 + torch.arange(N_UNITS, device=device) * (self.n_keys - 1) // N_UNITS  # the lowest key it speaks to
        heard = self.heard.weight * (keys < first[:, None])
        spoken = self.spoken.weight * (first <= keys[:, None])
        return self.direct.weight.tril(-1), heard, spoken

    def _scores(self, made: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        """Return the scores of keys (..., K) given those below them."""
        direct, heard, spoken = self._weights()
        own, units = made[..., : self.n_keys], made[..., self.n_keys :]
        told: torch.Tensor = self.lost((units + keys @ heard.T).relu()) @ spoken.T
        return own + keys @ direct.T + told

    @torch.no_grad()
    def _drawn(
        self, made: torch.Tensor, chance: torch.Tensor, *, temperature: float = 1.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys one after another, and the probability of each given those below, both (B, K).

        A key sounds where its probability is above `chance`, shape (K,) or (B, K).
        """
        direct, heard, spoken = self._weights()
        own, units = made[:, : self.n_keys].clone(), made[:, self.n_keys :].clone()
        drawn = []
        for key in range(self.n_keys):
            probability = ((own[:, key] + units.relu() @ spoken[key]) / temperature).sigmoid()
            sounds = (probability > chance[..., key]).to(made.dtype)
            own += sounds[:, None] * direct[:, key]
            units += sounds[:, None] * heard[:, key]
            drawn.append(torch.stack([sounds, probability]))
        sounding, probabilities = torch.stack(drawn, dim=-1)
        return sounding, probabilities
