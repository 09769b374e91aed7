"""NARN, the non-linear autoregressive network: d lags, one hidden layer; with exogenous inputs it is a NARX network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.features.lags import default_lags
from tidegate.forecasters.network.forecaster import NetworkForecaster, Sizes, check_whole
from tidegate.nn.decoders import DirectDecoder, EncoderDecoder
from tidegate.nn.encoder import LagEncoder

if TYPE_CHECKING:
    import torch

    from tidegate.training.settings import Training


class NARN(NetworkForecaster):
    """Non-linear autoregression: y_k = reference_k + unit * (v . tanh(A z + B x_k + b) + w . x_k), k = 1..F.

    z holds the newest d values and, if the data have any, the past and known covariates at the same steps (NARX); x_k
    what is known of the step k ahead. All steps come directly from the observed lags, none from another's forecast.

    Parameters
    ----------
    lags
        d, how many of the newest steps are read, at least 1; None for one more than the season, at most 24, or 8
        without a season.
    hidden_size
        Units of the hidden layer, at least 1.
    n_members
        Networks with different starts whose forecasts are averaged; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.

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
    ) -> None:
        super().__init__(n_members=n_members, training=training, seed=seed)
        self.lags, self.hidden_size = lags, hidden_size

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        check_whole("hidden_size", self.hidden_size, least=1)
        if self.lags is not None:
            check_whole("lags", self.lags, least=1)

    def _reach(self, seasons: tuple[int, ...]) -> int:
        return self.lags if self.lags is not None else len(default_lags(seasons))

    def _network(self, sizes: Sizes, generator: torch.Generator) -> torch.nn.Module:  # noqa: ARG002 (nothing is dropped)
        encoder = LagEncoder(sizes.n_inputs, sizes.window_steps)
        decoder = DirectDecoder(
            encoder.width + sizes.n_context,
            sizes.n_known,
            hidden_size=self.hidden_size,
            horizon=sizes.horizon,
            activation="tanh",
            per_step=False,
        )
        return EncoderDecoder(encoder, decoder)
