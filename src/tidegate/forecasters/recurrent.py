"""Recurrent forecasters: RNN, LSTM and GRU over the window, all steps decoded from the final state."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tidegate.forecasters.network.forecaster import NetworkForecaster, Sizes, check_fraction, check_whole
from tidegate.nn.decoders import DirectDecoder, EncoderDecoder
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import RecurrentEncoder

if TYPE_CHECKING:
    import torch

    from tidegate.nn.layers import Kind
    from tidegate.training.settings import Training

_SHORTEST, _LONGEST = 24, 48


class _Recurrent(NetworkForecaster):
    """A recurrent layer over the window; every step is decoded from its state after the newest observation."""

    cell: ClassVar[Kind]

    def __init__(
        self,
        *,
        hidden_size: int = 32,
        layers: int = 1,
        window: int | None = None,
        dropout: float = 0.0,
        n_members: int | None = None,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(n_members=n_members, training=training, seed=seed)
        self.hidden_size, self.layers, self.window, self.dropout = hidden_size, layers, window, dropout

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        check_whole("hidden_size", self.hidden_size, least=1)
        check_whole("layers", self.layers, least=1)
        check_fraction("dropout", self.dropout)
        if self.window is not None:
            check_whole("window", self.window, least=1)

    def _reach(self, seasons: tuple[int, ...]) -> int:
        if self.window is not None:
            return self.window
        cycles = [season for season in seasons if season > 1]
        return min(max(2 * min(cycles, default=1), _SHORTEST), _LONGEST)

    def _network(self, sizes: Sizes, generator: torch.Generator) -> torch.nn.Module:
        dropout = Dropout(self.dropout, generator)
        encoder = RecurrentEncoder(
            self.cell, sizes.n_inputs, hidden_size=self.hidden_size, n_layers=self.layers, dropout=dropout
        )
        decoder = DirectDecoder(
            encoder.width + sizes.n_context,
            sizes.n_known,
            hidden_size=self.hidden_size,
            horizon=sizes.horizon,
            activation="gelu",
            per_step=True,
        )
        return EncoderDecoder(encoder, decoder)


class RNN(_Recurrent):
    """Elman network: y_k = reference_k + unit * decoder(h_T, x_k), h_T the state after the newest observation.

    Parameters
    ----------
    hidden_size
        Hidden units H of each layer, at least 1.
    layers
        Recurrent layers on top of each other, at least 1.
    window
        Past steps T that are read, at least 1; None for two of the shortest seasons, from 24 to 48.
    dropout
        Between layers and on the final state, in [0, 1).
    n_members
        Networks with different starts whose forecasts are averaged; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.

    Source: Elman (1990), Finding structure in time, Cognitive Science 14.
    """

    name = "rnn"
    cell = "rnn"


class LSTM(_Recurrent):
    """LSTM network: y_k = reference_k + unit * decoder(h_T, x_k), h_T the state after the newest observation.

    Parameters
    ----------
    hidden_size
        Hidden units H of each layer, at least 1.
    layers
        Recurrent layers on top of each other, at least 1.
    window
        Past steps T that are read, at least 1; None for two of the shortest seasons, from 24 to 48.
    dropout
        Between layers and on the final state, in [0, 1).
    n_members
        Networks with different starts whose forecasts are averaged; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.

    Source: Hochreiter & Schmidhuber (1997), Long short-term memory, Neural Computation 9.
    """

    name = "lstm"
    cell = "lstm"


class GRU(_Recurrent):
    """GRU network: y_k = reference_k + unit * decoder(h_T, x_k), h_T the state after the newest observation.

    Parameters
    ----------
    hidden_size
        Hidden units H of each layer, at least 1.
    layers
        Recurrent layers on top of each other, at least 1.
    window
        Past steps T that are read, at least 1; None for two of the shortest seasons, from 24 to 48.
    dropout
        Between layers and on the final state, in [0, 1).
    n_members
        Networks with different starts whose forecasts are averaged; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.

    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP.
    """

    name = "gru"
    cell = "gru"
