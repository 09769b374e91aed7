"""A second recurrent layer over the future, each of whose steps looks back at every state of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.attention import Attended, ScaledDotProductAttention
from tidegate.nn.decoders.reading import Network, Reading, SeriesContext, start_near_base

if TYPE_CHECKING:
    from tidegate.nn.encoder import RecurrentEncoder
    from tidegate.nn.heads import Head
    from tidegate.nn.stack import Recurrent


class AttentiveNetwork(Network):
    """h_k = layers([b_k, x_k, e], h_{k-1}) from the encoder's states; made_k = W f(A [h_k, c_k] + a) + w, f = gelu.

    c_k is the mean of the encoder's outputs s_t by the weights softmax_t((Q h_k) . (K s_t) / sqrt(H)), b_k the base,
    x_k what is known of the step, e the context. No step reads a forecast of another, so all are made in one pass.
    Source of the weights: Vaswani et al. (2017), Attention is all you need, (1); of looking back from a decoder's
    state: Luong, Pham & Manning (2015), Effective approaches to attention-based neural machine translation, (5).

    Parameters
    ----------
    encoder
        Reads the window; its dropout also acts on f(.).
    context
        Reads what holds for the origin.
    layers
        Of the encoder's cell, layers and width; read 1 + D + `context.width` features.
    head
        Of P numbers per step.
    """

    def __init__(self, encoder: RecurrentEncoder, context: SeriesContext, layers: Recurrent, *, head: Head) -> None:
        super().__init__(head)
        self.encoder, self.context, self.layers = encoder, context, layers
        hidden = layers.output_size
        self.attention = ScaledDotProductAttention(hidden, encoder.width, hidden)
        self.joined = torch.nn.Linear(hidden + encoder.width, hidden)
        self.output = torch.nn.Linear(hidden, head.width)

    def start(self) -> None:
        """Set the drawn weights so that the first forecasts are near the base."""
        start_near_base(self.output)

    def corrections(self, reading: Reading, actual: torch.Tensor | None) -> torch.Tensor:  # noqa: ARG002
        """Return shape (B, F, P)."""
        hidden, found = self._looked(reading)
        joined = torch.nn.functional.gelu(self.joined(torch.cat([hidden, found.context], dim=-1)))
        made: torch.Tensor = self.output(self.encoder.dropout(joined))
        return made

    def weights(self, reading: Reading) -> torch.Tensor:
        """Return how much each future step looks at each past one, shape (B, F, T), summing to 1 over T.

        The newest step is last, as in the window; steps before a series begins have 0.
        """
        weights = self._looked(reading)[1].weights
        n_steps = weights.shape[-1]
        places = (torch.arange(n_steps) + reading.steps[:, None]) % n_steps
        return weights.gather(-1, places[:, None].expand_as(weights))

    def _looked(self, reading: Reading) -> tuple[torch.Tensor, Attended]:
        """Return the decoder's states (B, F, H), and what they find in the encoder's."""
        encoded = self.encoder(reading.window, reading.steps)
        context = self.context(reading)[:, None].expand(-1, reading.base.shape[1], -1)
        inputs = torch.cat([reading.base[..., None], reading.known, context], dim=-1)
        states, _ = self.layers(inputs.transpose(0, 1), encoded.hx)
        hidden = states.transpose(0, 1)
        return hidden, self.attention(hidden, encoded.states.transpose(0, 1), reading.steps)
