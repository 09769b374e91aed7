"""Patches of several steps: a short recurrence over the past, and all patches of the future at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.decoders.reading import Network, Reading, SeriesContext, start_near_base
from tidegate.nn.encoder import Walked, walked

if TYPE_CHECKING:
    from tidegate.nn.dropout import Dropout
    from tidegate.nn.heads import Head
    from tidegate.nn.stack import Recurrent


class PatchEncoder(torch.nn.Module):
    """Patches of w steps become one vector each, f(P x + p) with f = relu, and recurrent layers walk over them.

    Parameters
    ----------
    n_inputs
        Features per time step, I.
    patch_steps
        Steps of a patch, w; a window or a series that is no multiple of it is filled up with zeros at its old end.
    layers
        Recurrent layers that read as many features as they keep hidden units.
    truncate
        After how many patches the gradient is cut while training, as in `walked`; None for nowhere.
    """

    def __init__(self, n_inputs: int, patch_steps: int, layers: Recurrent, *, truncate: int | None = None) -> None:
        super().__init__()
        self.patch_steps, self.layers, self.truncate = patch_steps, layers, truncate
        self.of_patch = torch.nn.Linear(patch_steps * n_inputs, layers.input_size)
        self.width = layers.output_size

    def forward(self, window: torch.Tensor, steps: torch.Tensor) -> Walked:
        """Return the final state (B, H), outputs (T / w, B, H) and states (L, B, H) of a window (T, B, I)."""
        n_steps = len(window)
        if bool((steps < n_steps).any()):
            begun = torch.arange(n_steps)[:, None] >= n_steps - steps
            window = torch.where(begun[..., None], window, 0)
        full = torch.nn.functional.pad(window, (0, 0, 0, 0, -n_steps % self.patch_steps, 0))
        patches = full.reshape(-1, self.patch_steps, *window.shape[1:]).transpose(1, 2).flatten(2)
        seen = torch.relu(self.of_patch(patches))
        return walked(self.layers, seen, -(-steps // self.patch_steps), truncate=self.truncate)


class SegmentNetwork(Network):
    """Segments of w steps, decoded side by side: made_j = S layers(q_j, h) + s, j = 1..F / w, h the encoder's states.

    q_j = p_j + C e + K x_j: an embedding of the segment's position, and linear maps of the context, in which an
    embedding of the series (the channel) may be, and of what is known of the segment's steps. The encoder's own layers
    decode, one step for each segment. The last segment is cut where the horizon is no multiple of w.

    Source: Lin et al. (2023), SegRNN: Segment recurrent neural network for long-term time series forecasting,
    arXiv:2308.11200, parallel multi-step forecasting; there q_j joins both embeddings instead of adding them.

    Parameters
    ----------
    encoder
        Of the same segments.
    context
        Reads what holds for the origin.
    n_known
        Features of a future step, D.
    horizon
        Future steps, F.
    head
        Of P numbers per step.
    dropout
        On what the layers make of each segment.
    """

    def __init__(
        self,
        encoder: PatchEncoder,
        context: SeriesContext,
        *,
        n_known: int,
        horizon: int,
        head: Head,
        dropout: Dropout,
    ) -> None:
        super().__init__(head)
        self.encoder, self.context, self.dropout = encoder, context, dropout
        self.horizon = horizon
        steps, features = encoder.patch_steps, encoder.layers.input_size
        self.positions = torch.nn.Embedding(-(-horizon // steps), features)
        self.of_context = torch.nn.Linear(context.width, features, bias=False)
        self.of_known = torch.nn.Linear(steps * n_known, features, bias=False)
        self.output = torch.nn.Linear(encoder.width, steps * head.width)

    def start(self) -> None:
        """Set the drawn weights so that the first forecasts are near the base."""
        start_near_base(self.output)

    def corrections(self, reading: Reading, actual: torch.Tensor | None) -> torch.Tensor:  # noqa: ARG002
        """Return shape (B, F, P)."""
        hx = self.encoder(reading.window, reading.steps).hx
        steps, n_segments = self.encoder.patch_steps, len(self.positions.weight)
        known = torch.nn.functional.pad(reading.known, (0, 0, 0, n_segments * steps - self.horizon))
        asked = self.of_known(known.reshape(len(known), n_segments, -1))
        asked = asked + self.positions.weight + self.of_context(self.context(reading))[:, None]
        first = tuple(_each(part, n_segments) for part in hx) if isinstance(hx, tuple) else _each(hx, n_segments)
        states, _ = self.encoder.layers(asked.flatten(0, 1)[None], first)
        made: torch.Tensor = self.output(self.dropout(states[0]))
        return made.reshape(len(known), n_segments * steps, -1)[:, : self.horizon]


def _each(state: torch.Tensor, n_segments: int) -> torch.Tensor:
    """Return states (L, B, H) once for each segment, (L, B * segments, H), those of an origin side by side."""
    return state.repeat_interleave(n_segments, dim=1)
