"""Encoders: a window of the past becomes one vector, and on request the states on the way.

Axis letters: T past steps, B batch, I features per step, L layers, H hidden units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from tidegate.nn.dropout import Dropout
    from tidegate.nn.stack import HX, Recurrent


class Encoded(NamedTuple):
    """What an encoder made of a window.

    Attributes
    ----------
    final
        Shape (B, H): the encoding.
    """

    final: torch.Tensor


class Walked(NamedTuple):
    """What recurrent layers made of a window.

    Attributes
    ----------
    final
        Shape (B, H): the encoding, the output after the newest step.
    states
        Shape (T, B, H): the outputs of every step that counts, the oldest first; 0 after the newest.
    hx
        The states with which a decoder goes on.
    """

    final: torch.Tensor
    states: torch.Tensor
    hx: HX


class Encoder(Protocol):
    """The face of every encoder.

    Attributes
    ----------
    width
        Of the encoding, H.
    """

    width: int

    def __call__(self, window: torch.Tensor, steps: torch.Tensor) -> Encoded | Walked:
        """Return the encoding of a window of shape (T, B, I), newest step last, of which the newest `steps` count."""


class RecurrentEncoder(torch.nn.Module):
    """Recurrent layers over the window; the encoding is the hidden state after the newest value.

    Parameters
    ----------
    layers
        Recurrent layers of any cell, forwards in time.
    dropout
        On the encoding.
    truncate
        After how many steps, counted back from the newest, the gradient is cut while training; None for nowhere.
    """

    def __init__(self, layers: Recurrent, dropout: Dropout, *, truncate: int | None = None) -> None:
        super().__init__()
        self.layers, self.dropout, self.truncate = layers, dropout, truncate
        self.width = layers.output_size

    def forward(self, window: torch.Tensor, steps: torch.Tensor) -> Walked:
        """Return the final state (B, H), the outputs (T, B, H) and the states (L, B, H) of a window (T, B, I)."""
        encoded = walked(self.layers, window, steps, truncate=self.truncate)
        return encoded._replace(final=self.dropout(encoded.final))


class LagEncoder(torch.nn.Module):
    """The window itself, laid out as one vector of lags.

    Parameters
    ----------
    n_inputs
        Features per time step, I.
    window_steps
        Length of the window, T.
    """

    def __init__(self, n_inputs: int, window_steps: int) -> None:
        super().__init__()
        self.width = n_inputs * window_steps

    def forward(self, window: torch.Tensor, steps: torch.Tensor) -> Encoded:  # noqa: ARG002 (all lags are there)
        """Return shape (B, T * I) for a window of shape (T, B, I)."""
        return Encoded(window.transpose(0, 1).flatten(1))


def walked(layers: Recurrent, window: torch.Tensor, steps: torch.Tensor, *, truncate: int | None = None) -> Walked:
    """Return what `layers` make of the newest `steps` (B,) of each window (T, B, I): nothing else is looked at.

    The outputs (T, B, H) begin with the first step that counts, and are 0 after the last. While the layers train the
    gradient through time is cut after every `truncate` steps, counted back from the newest, so that the final state
    always learns from that many (truncated backpropagation through time, Williams & Peng 1990); None cuts nowhere. What
    is computed stays the same.
    """
    if truncate is not None and layers.training and truncate < len(window):
        states, hx = _cut(layers, window, steps, truncate)
    else:
        states, hx = _from_the_oldest(layers, window, steps, None)
    return Walked(_newest(layers, states, hx, steps), states, hx)


def _from_the_oldest(
    layers: Recurrent, window: torch.Tensor, steps: torch.Tensor, hx: HX | None
) -> tuple[torch.Tensor, HX]:
    """Run over the newest `steps` of each window from the states `hx`; the outputs begin with the first of them."""
    if bool((steps == len(window)).all()):
        states, after = layers(window, hx)
    else:
        states, after = layers(window.gather(0, _turned(window, len(window) - steps)), hx, lengths=steps)
    return states, after


def _cut(layers: Recurrent, window: torch.Tensor, steps: torch.Tensor, truncate: int) -> tuple[torch.Tensor, HX]:
    """Do the same in stretches of `truncate` steps, between which no gradient flows."""
    n_steps = len(window)
    hx: HX | None = None
    parts = []
    for stop in range(n_steps % truncate or truncate, n_steps, truncate):
        part = window[max(stop - truncate, 0) : stop]
        counted = (steps - (n_steps - stop)).clamp(0, len(part))
        if bool(counted.any()):
            made, after = _from_the_oldest(layers, part, counted, hx)
            hx = after.detach() if isinstance(after, torch.Tensor) else tuple(one.detach() for one in after)
            parts.append(made.gather(0, _turned(made, counted)))
        else:
            parts.append(part.new_zeros(*part.shape[:2], layers.output_size))
    counted = steps.clamp(max=truncate)
    made, after = _from_the_oldest(layers, window[-truncate:], counted, hx)
    states = torch.cat([*parts, made.gather(0, _turned(made, counted))])
    return states.gather(0, _turned(states, n_steps - steps)), after


def _turned(values: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Return the places from which values (T, B, X) are read to begin `shift` (B,) steps later, in a circle."""
    places = (torch.arange(len(values))[:, None] + shift) % len(values)
    return places[..., None].expand_as(values)


def _newest(layers: Recurrent, states: torch.Tensor, hx: HX, steps: torch.Tensor) -> torch.Tensor:
    """Return the output of the newest step of each window, shape (B, H).

    Where the outputs are the hidden states it is read off the last of those: a gradient that comes through the outputs
    is one for every step, nearly all of it zeros to be written and added.
    """
    if layers.stack.standard and not layers.bidirectional:
        return (hx if isinstance(hx, torch.Tensor) else hx[0])[-1]
    return states[steps - 1, torch.arange(len(steps))]
