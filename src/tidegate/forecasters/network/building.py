"""From settings to a network: an encoder of any cell, one of the decoders, a head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch

from tidegate.nn.decoders.attentive import AttentiveNetwork
from tidegate.nn.decoders.autoregressive import AutoregressiveNetwork
from tidegate.nn.decoders.direct import DirectDecoder, DirectNetwork
from tidegate.nn.decoders.reading import SeriesContext
from tidegate.nn.decoders.segment import PatchEncoder, SegmentNetwork
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import RecurrentEncoder
from tidegate.nn.heads import head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.forecasters.network.forecaster import Sizes
    from tidegate.forecasters.network.layers import LayerPlan
    from tidegate.nn.decoders.reading import Network
    from tidegate.nn.heads import Head, HeadName
    from tidegate.nn.stack import Recurrent

DecoderName = Literal["direct", "recurrent", "segment", "attention"]
DECODERS: tuple[DecoderName, ...] = get_args(DecoderName)


class Plan(NamedTuple):
    """What a recurrent network is made of.

    Attributes
    ----------
    layers
        The recurrent layers, of encoder and decoder alike.
    decoder, head
        By name.
    segment
        Steps of a patch, for the segment decoder.
    series_width
        Width of the embedding of the series, 0 for none.
    dropout
        On what each step is made from.
    own_values
        For the recurrent decoder: the part of the values before a step that are its own at the end of training.
    truncate
        After how many steps of the layers over the window the gradient is cut in training; None for nowhere.
    """

    layers: LayerPlan
    decoder: DecoderName
    head: HeadName
    segment: int
    series_width: int
    dropout: float
    own_values: float = 0.0
    truncate: int | None = None


class _Parts(NamedTuple):
    """What every decoder is made of."""

    plan: Plan
    sizes: Sizes
    context: SeriesContext
    head: Head
    dropout: Dropout
    generator: torch.Generator

    def layers(self, n_inputs: int) -> Recurrent:
        """Return the plan's layers, for I features."""
        every = self.plan.segment if self.plan.decoder == "segment" else 1
        return self.plan.layers.made(n_inputs, -(-self.sizes.window_steps // every), self.generator)

    def encoder(self) -> RecurrentEncoder:
        """Return the plan's layers over the window."""
        return RecurrentEncoder(self.layers(self.sizes.n_inputs), self.dropout, truncate=self.plan.truncate)


def network(plan: Plan, sizes: Sizes, generator: torch.Generator) -> Network:
    """Return the network of `plan`, its parameters not yet drawn.

    Parameters
    ----------
    plan
        What it is made of.
    sizes
        What it has to fit.
    generator
        Source of its dropout.
    """
    context = SeriesContext(sizes.n_context, sizes.n_series if plan.series_width else 0, plan.series_width)
    dropout = Dropout(plan.dropout, generator)
    return _MAKERS[plan.decoder](_Parts(plan, sizes, context, head(plan.head), dropout, generator))


def _direct(parts: _Parts) -> Network:
    encoder = parts.encoder()
    decoder = DirectDecoder(
        encoder.width + parts.context.width,
        parts.sizes.n_known,
        hidden_size=2 * parts.plan.layers.hidden_size,
        horizon=parts.sizes.horizon,
        width=parts.head.width,
        dropout=parts.dropout,
    )
    return DirectNetwork(encoder, parts.context, decoder, head=parts.head)


def _autoregressive(parts: _Parts) -> Network:
    layers = parts.layers(2 + parts.sizes.n_known + parts.context.width)
    return AutoregressiveNetwork(
        parts.encoder(),
        parts.context,
        layers,
        head=parts.head,
        generator=parts.generator,
        most_own=parts.plan.own_values,
    )


def _segment(parts: _Parts) -> Network:
    plan = parts.plan
    layers = parts.layers(plan.layers.hidden_size)
    encoder = PatchEncoder(parts.sizes.n_inputs, plan.segment, layers, truncate=plan.truncate)
    return SegmentNetwork(
        encoder,
        parts.context,
        n_known=parts.sizes.n_known,
        horizon=parts.sizes.horizon,
        head=parts.head,
        dropout=parts.dropout,
    )


def _attention(parts: _Parts) -> Network:
    layers = parts.layers(1 + parts.sizes.n_known + parts.context.width)
    return AttentiveNetwork(parts.encoder(), parts.context, layers, head=parts.head)


_MAKERS: Mapping[DecoderName, Callable[[_Parts], Network]] = {
    "direct": _direct,
    "recurrent": _autoregressive,
    "segment": _segment,
    "attention": _attention,
}
