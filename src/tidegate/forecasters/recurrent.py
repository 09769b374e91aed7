"""Recurrent forecasters: a recurrent layer over the window, and a decoder that goes on from its final state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch

from tidegate.checks import check_choice, check_fraction, check_whole
from tidegate.errors import DataError, Place
from tidegate.forecasters.network.building import DECODERS, Plan, network
from tidegate.forecasters.network.forecaster import NetworkForecaster, Sizes
from tidegate.forecasters.network.layers import LayerPlan
from tidegate.forecasters.network.rules import layout
from tidegate.forecasters.network.windows import BASES, SHIFTS, Base, Layout, Shift
from tidegate.nn.heads import head as head_called

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.forecasters.network.building import DecoderName
    from tidegate.forecasters.network.layers import Start
    from tidegate.nn.decoders.reading import Network
    from tidegate.nn.heads import HeadName
    from tidegate.panel import Panel
    from tidegate.training.settings import Training

_SEGMENT = 8

Unit = Literal["window", "series"]


class _Recurrent(NetworkForecaster):
    """A recurrent layer over the window, whose state after the newest observation is what every decoder starts from."""

    cell: str

    def __init__(
        self,
        *,
        decoder: DecoderName = "direct",
        head: HeadName = "quantiles",
        hidden_size: int = 64,
        layers: int = 1,
        layer_options: Mapping[str, Any] | None = None,
        start: Start = "orthogonal",
        forget_bias: float | None = None,
        truncate: int | None = None,
        window: int | None = None,
        shift: Shift = "level",
        base: Base = "seasonal-naive",
        unit: Unit | None = None,
        segment: int | None = None,
        series_width: int = 0,
        dropout: float = 0.0,
        own_values: float = 0.0,
        n_members: int | None = None,
        training: Training | None = None,
        seed: int = 0,
        warm_start: bool = False,
    ) -> None:
        super().__init__(n_members=n_members, training=training, seed=seed, warm_start=warm_start)
        self.decoder, self.head, self.hidden_size, self.layers, self.window = decoder, head, hidden_size, layers, window
        self.layer_options, self.start, self.forget_bias, self.truncate = layer_options, start, forget_bias, truncate
        self.shift, self.base, self.unit, self.segment = shift, base, unit, segment
        self.series_width, self.dropout, self.own_values = series_width, dropout, own_values

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        head_called(self.head)
        chosen = {"decoder": DECODERS, "shift": SHIFTS, "base": BASES}
        chosen |= {"unit": get_args(Unit)} if self.unit is not None else {}
        for name, allowed in chosen.items():
            check_choice(name, getattr(self, name), allowed)
        for name, least in (("hidden_size", 1), ("layers", 1), ("series_width", 0)):
            check_whole(name, getattr(self, name), least=least)
        for name in ("window", "segment", "truncate"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), least=1)
        check_fraction("dropout", self.dropout)
        check_fraction("own_values", self.own_values)
        self._layer_plan(self.hidden_size).check()

    def _fit(self, panel: Panel, horizon: int) -> None:
        if self._counts():
            self._check_counts(panel)
        super()._fit(panel, horizon)

    def _check_counts(self, panel: Panel) -> None:
        """Refuse observations that are no counts; what filled a gap may be a fraction."""
        observed = self._as_observed(panel).values
        wrong = np.flatnonzero((observed < 0) | (observed != np.floor(observed)) & ~np.isnan(observed))
        if len(wrong):
            n = int(np.searchsorted(panel.offsets, wrong[0], side="right")) - 1
            raise DataError(
                f"the value {observed[wrong[0]]:g}; counts are whole numbers of at least 0",
                place=Place(series=str(panel.ids[n])),
                repair=f"Correct it, or choose another head than {self.head!r}, such as 'quantiles'.",
            )

    def _counts(self) -> bool:
        return self.head == "negative-binomial"

    def _layout(self, panel: Panel, horizon: int) -> Layout:
        shift: Shift = "none" if self._counts() else self.shift
        unit = self.unit or ("series" if panel.known.names else "window")
        made = layout(panel, horizon, window=self.window, shift=shift, by_series=unit == "series")
        made = made._replace(base=self.base)
        return made._replace(least_unit=1.0) if self._counts() else made

    def parameters_with(self, hidden_size: int) -> int:
        """Return how many parameters one network for the data of the last fit would have with H units instead."""
        self._check_fitted()
        with torch.device("meta"):
            drawn = network(self._made_of(self._sizes, hidden_size), self._sizes, torch.Generator())
        return sum(parameter.numel() for parameter in drawn.parameters())

    def _network(self, sizes: Sizes, generator: torch.Generator) -> Network:
        return network(self._made_of(sizes, self.hidden_size), sizes, generator)

    def _made_of(self, sizes: Sizes, hidden_size: int) -> Plan:
        segment = self.segment or next(iter(self._shape.seasons), _SEGMENT)
        return Plan(
            self._layer_plan(hidden_size),
            self.decoder,
            self.head,
            min(segment, sizes.window_steps),
            self.series_width,
            self.dropout,
            self.own_values,
            self.truncate,
        )

    def _layer_plan(self, hidden_size: int) -> LayerPlan:
        about = (self.layer_options, self.start, self.forget_bias)
        return LayerPlan(self.cell, hidden_size, self.layers, self.dropout, *about)


class RecurrentForecaster(_Recurrent):
    """Any cell of the catalogue over the window, with any decoder.

    Parameters
    ----------
    cell
        "elman", "lstm", "gru", "min_gru", "min_lstm" or "slstm".
    decoder
        How the encoding becomes F steps: "direct", all at once, each with weights of its own; "recurrent", one
        after another, each reading the value before it; "segment", patches of several steps side by side (SegRNN);
        "attention", a second layer over the future that looks back at every state.
    head
        What is told of each step: "quantiles", "point", "normal", "student-t" or, for counts, "negative-binomial".
    hidden_size
        Hidden units H of each layer, at least 1.
    layers
        Recurrent layers on top of each other, at least 1; from the second on each adds to what it reads.
    layer_options
        Options of the cell and of its layers by the names that the layers of `tidegate.nn` give them, such as
        ``{"peepholes": "full", "layer_norm": True}``; of `Stack` these: backend, bias, layer_norm, proj_size,
        recompute, residual. None for none.
    start
        How the recurrent weights begin: "orthogonal"; "identity", of the Elman cell alone, which then has relu unless
        `layer_options` say otherwise (Le, Jaitly & Hinton 2015); "chrono", orthogonal with biases of the gates for
        dependencies of up to a window (Tallec & Ollivier 2018). See `nn.initialisation`.
    forget_bias
        Bias at which the gate that keeps the state begins; None for 1 where there is a forget gate, else 0.
    truncate
        Steps of the layers over the window, counted back from its newest, after which each stretch of as many learns by
        itself: the gradient through time is cut there in training. None for nowhere.
    window
        Past steps T that are read, at least 1, but no more than the longest series has before a horizon; None for a
        rule: see `layout`.
    shift
        What is subtracted from a window: "level", the mean of its last season; "mean", its mean; "last", its newest
        value; "none".
    base
        What the network corrects, and to what its corrections are shrunk: "seasonal-naive"; "shift", what is
        subtracted, for long horizons, at which the noise of single seasons outweighs what they tell.
    unit
        What a window is divided by: "window", its own mean absolute step; "series", the standard deviation of its
        series in training; None for "series" where covariates are known ahead, whose effects have the size that they
        have whatever the window looks like, else "window".
    segment
        Steps of a patch for the segment decoder, at least 1, at most a window; None for the shortest season, or 8
        without one.
    series_width
        Width of an embedding of which series it is, 0 for none; for few long series.
    dropout
        On what each step is made from, and between layers, in [0, 1).
    own_values
        For the recurrent decoder: the part of the values before a step that are the network's own instead of the true
        ones at the end of training, growing from 0 (scheduled sampling), in [0, 1).
    n_members
        Networks with different starts whose median is the forecast; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.
    warm_start
        Whether a further fit goes on from the networks of the one before; see `NetworkForecaster`.
    """

    name = "recurrent"

    def __init__(
        self,
        *,
        cell: str = "gru",
        decoder: DecoderName = "direct",
        head: HeadName = "quantiles",
        hidden_size: int = 64,
        layers: int = 1,
        layer_options: Mapping[str, Any] | None = None,
        start: Start = "orthogonal",
        forget_bias: float | None = None,
        truncate: int | None = None,
        window: int | None = None,
        shift: Shift = "level",
        base: Base = "seasonal-naive",
        unit: Unit | None = None,
        segment: int | None = None,
        series_width: int = 0,
        dropout: float = 0.0,
        own_values: float = 0.0,
        n_members: int | None = None,
        training: Training | None = None,
        seed: int = 0,
        warm_start: bool = False,
    ) -> None:
        self.cell = cell
        super().__init__(
            decoder=decoder, head=head, hidden_size=hidden_size, layers=layers, layer_options=layer_options,
            start=start, forget_bias=forget_bias, truncate=truncate, window=window, shift=shift, base=base, unit=unit,
            segment=segment, series_width=series_width, dropout=dropout, own_values=own_values,
            n_members=n_members, training=training, seed=seed, warm_start=warm_start,
        )  # fmt: skip


class RNN(_Recurrent):
    """Elman network over the window, decoded from its final state.

    Settings are those of `RecurrentForecaster`, but for the cell.

    Source: Elman (1990), Finding structure in time, Cognitive Science 14.
    """

    name = "rnn"
    cell = "elman"


class LSTM(_Recurrent):
    """Long short-term memory over the window, decoded from its final state.

    Settings are those of `RecurrentForecaster`, but for the cell.

    Source: Hochreiter & Schmidhuber (1997), Long short-term memory, Neural Computation 9.
    """

    name = "lstm"
    cell = "lstm"


class GRU(_Recurrent):
    """Gated recurrent units over the window, decoded from their final state.

    Settings are those of `RecurrentForecaster`, but for the cell.

    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP.
    """

    name = "gru"
    cell = "gru"
