"""All steps at once from the final state: no step waits for another, and every one sees the newest observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from tidegate.nn.decoders.reading import Network, Reading, SeriesContext, start_near_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.nn.dropout import Dropout
    from tidegate.nn.encoder import Encoder
    from tidegate.nn.heads import Head

Activation = Literal["gelu", "tanh"]
_ACTIVATIONS: dict[Activation, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": torch.nn.functional.gelu,
    "tanh": torch.tanh,
}


class DirectDecoder(torch.nn.Module):
    """All steps from one encoding: y_k = V_k f(A e + a) + v_k + U f(G e + g + B x_k) + W x_k, k = 1..F.

    Every step has weights V_k of its own on one hidden layer, and all share a second one that also reads x_k, what is
    known of the step. W weighs the references among the x_k; it starts at 0, and V and U near it.

    Source: both halves are the direct strategies that Taieb & Atiya (2016), A bias and variance analysis for
    multistep-ahead time series forecasting, IEEE Transactions on Neural Networks and Learning Systems 27(1), compare:
    weights of each step's own, and shared ones.

    Parameters
    ----------
    n_encoding
        Width of the encoding e, E.
    n_known
        Features of a future step x_k, D.
    hidden_size
        Units of each hidden layer.
    horizon
        Future steps, F.
    width
        Numbers per step, P.
    activation
        f: "gelu" or "tanh".
    dropout
        On the hidden layers; None for none.
    """

    def __init__(
        self,
        n_encoding: int,
        n_known: int,
        *,
        hidden_size: int,
        horizon: int,
        width: int = 1,
        activation: Activation = "gelu",
        dropout: Dropout | None = None,
    ) -> None:
        super().__init__()
        self.horizon, self.width = horizon, width
        self.hidden = torch.nn.Linear(n_encoding, hidden_size)
        self.steps = torch.nn.Linear(hidden_size, horizon * width)
        self.shared = torch.nn.Linear(n_encoding, hidden_size)
        self.of_known = torch.nn.Linear(n_known, hidden_size, bias=False)
        self.output = torch.nn.Linear(hidden_size, width, bias=False)
        self.direct = torch.nn.Linear(n_known, width, bias=False)
        self.activation = _ACTIVATIONS[activation]
        self.dropout = dropout or torch.nn.Identity()

    @torch.no_grad()
    def start(self) -> None:
        """Set the drawn weights so that the first forecasts are near 0."""
        self.direct.weight.zero_()
        for layer in (self.output, self.steps):
            start_near_base(layer)

    def forward(self, encoding: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """Return shape (B, F, P) for an encoding of shape (B, E) and known features of shape (B, F, D)."""
        own = self.steps(self.dropout(self.activation(self.hidden(encoding)))).unflatten(1, (self.horizon, self.width))
        # The weights stand as (D, H): beside so few columns the gradient of the other layout takes five times as long.
        of_known = known @ self.of_known.weight.t().contiguous()
        shared = self.activation(self.shared(encoding)[:, None] + of_known)
        made: torch.Tensor = own + self.output(self.dropout(shared)) + self.direct(known)
        return made


class DirectNetwork(Network):
    """An encoder and a direct decoder in a row, the context beside the encoding.

    Parameters
    ----------
    encoder
        Reads the window.
    context
        Reads what holds for the origin.
    decoder
        Of encodings as wide as both together.
    head
        Of as many numbers per step.
    """

    def __init__(self, encoder: Encoder, context: SeriesContext, decoder: DirectDecoder, *, head: Head) -> None:
        super().__init__(head)
        self.encoder, self.context, self.decoder = encoder, context, decoder

    def corrections(self, reading: Reading, actual: torch.Tensor | None) -> torch.Tensor:  # noqa: ARG002
        """Return shape (B, F, P)."""
        encoding = torch.cat([self.encoder(reading.window, reading.steps).final, self.context(reading)], dim=1)
        made: torch.Tensor = self.decoder(encoding, reading.known)
        return made
