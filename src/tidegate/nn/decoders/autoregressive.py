"""One step after another: each reads the value before it, in training the true one, in use its own or a drawn one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.decoders.reading import Network, Reading, SeriesContext, from_base, start_near_base
from tidegate.nn.heads import QUANTILES

if TYPE_CHECKING:
    from tidegate.nn.encoder import RecurrentEncoder
    from tidegate.nn.heads import Head
    from tidegate.nn.stack import HX, Recurrent

_SURELY_NOT = 1e-6


class AutoregressiveNetwork(Network):
    """A decoder goes on with the encoder's states: h_k = layers([y_{k-1}, b_k, x_k, e], h_{k-1}), made_k = W h_k + w.

    y_0 is the newest value, b_k the base, x_k what is known of the step and e the context. Trained on the true values
    (teacher forcing; Williams & Zipser 1989, A learning algorithm for continually running fully recurrent neural
    networks, Neural Computation 1), of which `own_fraction` are replaced by the network's own: they are
    taken from a first pass over the true ones, so that both passes see all steps at once (Mihaylova & Martins 2019,
    Scheduled sampling for transformers, after Bengio et al. 2015, Scheduled sampling for sequence prediction).

    Parameters
    ----------
    encoder
        Reads the window; its dropout acts on h_k.
    context
        Reads what holds for the origin.
    layers
        Of the encoder's cell, layers and width; read 2 + D + `context.width` features.
    head
        Says which value the numbers of a step stand for.
    generator
        Chooses which values are replaced.
    n_paths
        Futures that are drawn to tell quantiles from.
    most_own
        Of the values read in training, how many are the network's own at the end of a run, in [0, 1]; none at first.

    Attributes
    ----------
    own_fraction
        How many are at present.
    """

    def __init__(
        self,
        encoder: RecurrentEncoder,
        context: SeriesContext,
        layers: Recurrent,
        *,
        head: Head,
        generator: torch.Generator,
        n_paths: int = 100,
        most_own: float = 0.0,
    ) -> None:
        super().__init__(head)
        self.encoder, self.context, self.layers = encoder, context, layers
        self.output = torch.nn.Linear(layers.output_size, head.width)
        self.generator, self.n_paths = generator, n_paths
        self.most_own, self.own_fraction = most_own, 0.0

    def reached(self, share: float) -> None:
        """Take note that `share` of a training run is done: the network's own values come in evenly."""
        self.own_fraction = share * self.most_own

    def start(self) -> None:
        """Set the drawn weights so that the first forecasts are near the base."""
        start_near_base(self.output)

    def corrections(self, reading: Reading, actual: torch.Tensor | None) -> torch.Tensor:
        """Return shape (B, F, P): after the true values if there are any, else after the network's own."""
        hx = self._begun(reading)
        if actual is None:
            return self._alone(reading, hx)
        fed = actual
        if self.training and self.own_fraction > 0:
            with torch.no_grad():
                own = self._middle(self._taught(reading, actual, hx), reading.base)
            replaced = torch.empty_like(own).bernoulli_(self.own_fraction, generator=self.generator) > 0
            fed = torch.where(replaced, own, actual)
        return self._taught(reading, fed, hx)

    @torch.no_grad()
    def told(self, reading: Reading) -> torch.Tensor:
        """Return the quantiles at `heads.QUANTILES`, shape (B, F, Q), of paths drawn with seed 0.

        Each step's chances are spread evenly over the paths, in an order of its own, so that few paths tell as much as
        many independent ones: McKay, Beckman & Conover (1979), A comparison of three methods for selecting values of
        input variables, Technometrics 21. They are the same for every origin, whatever others are read with it.
        """
        if not self.head.spreads:
            return super().told(reading)
        drawing = torch.Generator().manual_seed(0)
        shape = (self.n_paths, 1, reading.base.shape[1])
        order = torch.rand(shape, generator=drawing).argsort(0)
        chances = ((order + torch.rand(shape, generator=drawing)) / self.n_paths).clamp(_SURELY_NOT, 1 - _SURELY_NOT)
        drawn = self.paths(reading, chances.expand(-1, len(reading.base), -1))
        places = (drawn.new_tensor(QUANTILES) * self.n_paths - 0.5) / max(self.n_paths - 1, 1)  # path s lies at s + 1/2
        wanted = places.clamp(0, 1)
        each = [torch.quantile(step, wanted, dim=0) for step in drawn.unbind(-1)]  # all at once may be too many
        return torch.stack(each, dim=-1).permute(1, 2, 0)

    @torch.no_grad()
    def paths(self, reading: Reading, chances: torch.Tensor) -> torch.Tensor:
        """Return futures drawn step by step, shape (S, B, F), each step given the values drawn before it.

        Parameters
        ----------
        reading
            What is known at B origins.
        chances
            Shape (S, B, F): one number in (0, 1) per value drawn.
        """
        n_paths, n_origins, horizon = chances.shape
        hx, steady = _repeated(self._begun(reading), n_paths), self._steady(reading)
        fed, unit = (part.repeat(n_paths, 1) for part in (reading.window[-1, :, :1], reading.unit))
        drawn = []
        for k in range(horizon):  # what is the same for all paths is repeated step by step, not for all steps at once
            step, base = (part.repeat(n_paths, 1) for part in (steady[:, k], reading.base[:, k : k + 1]))
            made, hx = self._step(torch.cat([fed, step], dim=1), hx)
            fed = self.head.at(from_base(made, base), chances[:, :, k].reshape(-1, 1), unit)
            drawn.append(fed[:, 0])
        return torch.stack(drawn, dim=1).reshape(n_paths, n_origins, horizon)

    def _begun(self, reading: Reading) -> HX:
        """Return the encoder's states, with which the decoder goes on."""
        return self.encoder(reading.window, reading.steps).hx  # type: ignore[no-any-return]

    def _steady(self, reading: Reading) -> torch.Tensor:
        """Return what every step reads besides the value before it, shape (B, F, 1 + D + C)."""
        context = self.context(reading)[:, None].expand(-1, reading.base.shape[1], -1)
        return torch.cat([reading.base[..., None], reading.known, context], dim=-1)

    def _taught(self, reading: Reading, fed: torch.Tensor, hx: HX) -> torch.Tensor:
        """Return corrections (B, F, P) after the values `fed` (B, F), of which the last is not read."""
        before = torch.cat([reading.window[-1, :, :1], fed[:, :-1]], dim=1)
        inputs = torch.cat([before[..., None], self._steady(reading)], dim=-1).transpose(0, 1)
        states, _ = self.layers(inputs, hx)
        made: torch.Tensor = self.output(self.encoder.dropout(states.transpose(0, 1)))
        return made

    def _alone(self, reading: Reading, hx: HX) -> torch.Tensor:
        """Return corrections (B, F, P), each after the middle of the step before it."""
        fed, steady = reading.window[-1, :, :1], self._steady(reading)
        made = []
        for k in range(reading.base.shape[1]):
            one, hx = self._step(torch.cat([fed, steady[:, k]], dim=1), hx)
            fed = self._middle(one, reading.base[:, k : k + 1])
            made.append(one)
        return torch.cat(made, dim=1)

    def _step(self, inputs: torch.Tensor, hx: HX) -> tuple[torch.Tensor, HX]:
        """Return the corrections of one step, shape (B, 1, P), and the state after it."""
        states, after = self.layers.step(inputs, hx)
        return self.output(self.encoder.dropout(states))[:, None], after

    def _middle(self, made: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
        return self.head.middle(from_base(made, base))


def _repeated(hx: HX, n_times: int) -> HX:
    """Return states (L, B, H) `n_times` over, (L, S * B, H), those of all origins side by side."""
    if isinstance(hx, tuple):
        return tuple(part.repeat(1, n_times, 1) for part in hx)
    return hx.repeat(1, n_times, 1)
