"""Readings of random numbers, and small networks with random weights of every decoder and kind of layer."""

from __future__ import annotations

import pytest
import torch

from tidegate.nn.cells import catalogue
from tidegate.nn.decoders.attentive import AttentiveNetwork
from tidegate.nn.decoders.autoregressive import AutoregressiveNetwork
from tidegate.nn.decoders.direct import DirectDecoder, DirectNetwork
from tidegate.nn.decoders.reading import Reading, SeriesContext
from tidegate.nn.decoders.segment import PatchEncoder, SegmentNetwork
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import RecurrentEncoder
from tidegate.nn.heads import head
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent

WINDOW, ORIGINS, AHEAD, PATCH, HIDDEN = 7, 4, 5, 3, 6
INPUTS, CONTEXT, KNOWN, SERIES, WIDTH = 3, 2, 2, 9, 3
FEATURES = 24  # of a patch: so many that relu never hides them all


class Making:
    """Makes networks of one kind of layer.

    Parameters
    ----------
    cell
        Name of the cell.
    stack
        How many layers, and how.
    """

    def __init__(self, cell="gru", **stack):
        self.cell, self.stack = cell, stack

    def layers(self, n_inputs):
        return Recurrent(catalogue.kind(self.cell)(), n_inputs, HIDDEN, stack=Stack(**self.stack))

    def network(self, decoder, told="point", *, fraction=0.0, embedded=False, horizon=AHEAD):
        """Return the network in float64, every parameter drawn from a normal distribution."""
        torch.manual_seed(11)
        dropout, kind = Dropout(fraction, torch.Generator().manual_seed(5)), head(told)
        context = SeriesContext(CONTEXT, SERIES, WIDTH) if embedded else SeriesContext(CONTEXT)
        if decoder == "segment":
            encoder = PatchEncoder(INPUTS, PATCH, self.layers(FEATURES))
            made = SegmentNetwork(encoder, context, n_known=KNOWN, horizon=horizon, head=kind, dropout=dropout)
        else:
            encoder = RecurrentEncoder(self.layers(INPUTS), dropout)
            made = getattr(self, f"_{decoder}")(encoder, context, kind, horizon)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.normal_(0, 0.5)
        return made.double().eval()

    def _direct(self, encoder, context, kind, horizon):
        both = encoder.width + context.width
        shape = {"hidden_size": 8, "horizon": horizon, "width": kind.width, "dropout": encoder.dropout}
        return DirectNetwork(encoder, context, DirectDecoder(both, KNOWN, **shape), head=kind)

    def _autoregressive(self, encoder, context, kind, horizon):
        layers, generator = self.layers(2 + KNOWN + context.width), torch.Generator().manual_seed(8)
        return AutoregressiveNetwork(encoder, context, layers, head=kind, generator=generator)

    def _attentive(self, encoder, context, kind, horizon):
        return AttentiveNetwork(encoder, context, self.layers(1 + KNOWN + context.width), head=kind)


LAYERS = {
    "gru": Making(),
    "lstm with two states": Making("lstm"),
    "slstm with four states": Making("slstm"),
    "min-gru without recurrent weights": Making("min_gru"),
    "two elman layers": Making("elman", num_layers=2),
    "three residual lstm layers": Making("lstm", num_layers=3, residual=True),
    "two residual normalised gru layers": Making("gru", num_layers=2, residual=True, layer_norm=True),
}


@pytest.fixture(params=LAYERS)
def making(request):
    """Makes networks of every kind of layer."""
    return LAYERS[request.param]


@pytest.fixture
def plain():
    """Makes networks of one layer of gated recurrent units, where the kind of layer does not matter."""
    return Making()


@pytest.fixture
def read():
    """Return what makes readings."""

    def reading(*, steps=(WINDOW,) * ORIGINS, window_steps=WINDOW, horizon=AHEAD, seed=1):
        generator = torch.Generator().manual_seed(seed)

        def drawn(*shape):
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        n = len(steps)
        return Reading(
            window=drawn(window_steps, n, INPUTS),
            context=drawn(n, CONTEXT),
            known=drawn(n, horizon, KNOWN),
            base=drawn(n, horizon),
            series=torch.randint(1, SERIES + 1, (n,), generator=generator),
            steps=torch.tensor(steps),
            unit=0.5 + drawn(n, 1).abs(),
        )

    return reading


@pytest.fixture
def unseen():
    """Return what finds the future steps that some origin's newest value does not change, as places."""

    def found(network, reading):
        raised = reading.window.clone()
        raised[-1, :, 0] += 1
        moved = (network(reading._replace(window=raised)) - network(reading))[..., 0]
        return (moved.abs() < 1e-9).any(0).nonzero()[:, 0].tolist()

    return found
