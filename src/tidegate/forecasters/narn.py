"""NARN, the non-linear autoregressive network: d lags, one hidden layer; with exogenous inputs it is a NARX network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.checks import check_whole
from tidegate.features.lags import default_lags
from tidegate.forecasters.network.forecaster import NetworkForecaster, Sizes
from tidegate.forecasters.network.rules import layout
from tidegate.nn.decoders.direct import DirectDecoder, DirectNetwork
from tidegate.nn.decoders.reading import SeriesContext
from tidegate.nn.encoder import LagEncoder
from tidegate.nn.heads import head

if TYPE_CHECKING:
    import torch

    from tidegate.forecasters.network.windows import Layout
    from tidegate.nn.decoders.reading import Network
    from tidegate.panel import Panel
    from tidegate.training.settings import Training


class NARN(NetworkForecaster):
    """Non-linear autoregression: y_k = b_k + s (v_k . tanh(A z + a) + u . tanh(E z + e + B x_k) + w . x_k), k = 1..F.

    z holds the newest d values less their mean and divided by s, the standard deviation of their series, and, if the
    data have any, the past and known covariates at the same steps (NARX); x_k what is known of the step k ahead; b_k is
    the seasonal naive forecast. All steps come directly from the observed lags, none from another's forecast.

    Parameters
    ----------
    lags
        d, how many of the newest steps are read, at least 1, but no more than the longest series has before a horizon;
        None for one more than the season, at most 24, or 8 without a season.
    hidden_size
        Units of the hidden layer, at least 1.
    n_members
        Networks with different starts whose median is the forecast; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.
    warm_start
        Whether a further fit goes on from the networks of the one before; see `NetworkForecaster`.

    Source: Leontaritis & Billings (1985), Input-output parametric models for non-linear systems, International Journal
    of Control 41; as a network: Lin, Horne, Tino & Giles (1996), IEEE Transactions on Neural Networks 7.
    """

    name = "narn"

    def __init__(
        self,
        *,
        lags: int | None = None,
        hidden_size: int = 32,
        n_members: int | None = None,
        training: Training | None = None,
        seed: int = 0,
        warm_start: bool = False,
    ) -> None:
        super().__init__(n_members=n_members, training=training, seed=seed, warm_start=warm_start)
        self.lags, self.hidden_size = lags, hidden_size

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        check_whole("hidden_size", self.hidden_size, least=1)
        if self.lags is not None:
            check_whole("lags", self.lags, least=1)

    def _layout(self, panel: Panel, horizon: int) -> Layout:
        wanted = self.lags if self.lags is not None else len(default_lags(panel.seasons))
        return layout(panel, horizon, window=wanted, shift="mean", by_series=True)

    def _network(self, sizes: Sizes, generator: torch.Generator) -> Network:  # noqa: ARG002 (nothing is dropped)
        encoder, context, told = (
            LagEncoder(sizes.n_inputs, sizes.window_steps),
            SeriesContext(sizes.n_context),
            head("quantiles"),
        )
        decoder = DirectDecoder(
            encoder.width + context.width,
            sizes.n_known,
            hidden_size=self.hidden_size,
            horizon=sizes.horizon,
            width=told.width,
            activation="tanh",
        )
        return DirectNetwork(encoder, context, decoder, head=told)
