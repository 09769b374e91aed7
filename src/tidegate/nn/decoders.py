"""Decoders: the encoding of the past and what is known of each future step become a forecast per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Activation = Literal["gelu", "tanh"]
_ACTIVATIONS: dict[Activation, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": torch.nn.functional.gelu,
    "tanh": torch.tanh,
}


class DirectDecoder(torch.nn.Module):
    """All steps at once from one encoding: y_k = v . f(A e + B x_k) + w . x_k + (u_k . e + c_k).

    Every step sees the same encoding e, hence the newest observation. One hidden layer is shared by the steps, x_k
    telling it which step it is; the linear part w weighs the references among the x_k; the last term, one linear map
    per step, is left out with ``per_step=False``.

    Parameters
    ----------
    n_encoding
        Width of the encoding, E.
    n_known
        Features of a future step, D.
    hidden_size
        Units of the hidden layer.
    horizon
        Future steps, F.
    activation
        f: "gelu" or "tanh".
    per_step
        Whether each step has a linear map of its own.
    """

    def __init__(
        self, n_encoding: int, n_known: int, *, hidden_size: int, horizon: int, activation: Activation, per_step: bool
    ) -> None:
        super().__init__()
        self.from_encoding = torch.nn.Linear(n_encoding, hidden_size)
        self.from_known = torch.nn.Linear(n_known, hidden_size, bias=False)
        self.output = torch.nn.Linear(hidden_size, 1)
        self.direct = torch.nn.Linear(n_known, 1, bias=False)
        self.steps = torch.nn.Linear(n_encoding, horizon) if per_step else None
        self.activation = _ACTIVATIONS[activation]

    def forward(self, encoding: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """Return shape (B, F) for an encoding of shape (B, E) and known features of shape (B, F, D)."""
        hidden = self.activation(self.from_encoding(encoding)[:, None] + self.from_known(known))
        made: torch.Tensor = (self.output(hidden) + self.direct(known))[..., 0]
        return made if self.steps is None else made + self.steps(encoding)


class EncoderDecoder(torch.nn.Module):
    """An encoder and a decoder in a row, with attributes of the series beside the encoding.

    Parameters
    ----------
    encoder
        (T, B, I) -> (B, E - C).
    decoder
        (B, E), (B, F, D) -> (B, F).
    """

    def __init__(self, encoder: torch.nn.Module, decoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, window: torch.Tensor, context: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """Return shape (B, F).

        Parameters
        ----------
        window
            Shape (T, B, I), newest step last.
        context
            Shape (B, C): what holds for the whole series or origin.
        known
            Shape (B, F, D): what is known of each future step.
        """
        made: torch.Tensor = self.decoder(torch.cat([self.encoder(window), context], dim=1), known)
        return made
