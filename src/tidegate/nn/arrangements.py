"""The textbook's arrangements of a recurrent layer, by how many steps go in and come out.

===========================  ==========================================================================
one to one                   a vector in, a vector out: `OneToOne`
one to many                  a vector starts a sequence: `OneToMany`
many to one                  a sequence in, a vector out: `ManyToOne`
many to many, equal length   an output for every step: `ManyToMany`
many to many, other length   an encoder, then a decoder, with or without attention: `SequenceToSequence`
===========================  ==========================================================================

Each is composed of parts built elsewhere: recurrent layers of ours with ``batch_first=True``, and an output module that
maps the hidden state of a step to what is wanted of it, such as ``torch.nn.Linear(H, O)``. What makes a sequence has
two ways to do so: called, it is fed the true sequence (teacher forcing, for training); ``generate`` feeds it its own
outputs, through a `feedback` that maps an output to the next input, such as an embedding of the likeliest symbol.

Axis letters: B batch, T time steps, F steps made, I inputs, H hidden units, O outputs, S width of a source state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.errors import SettingError
from tidegate.nn.arguments import state_widths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.nn.attention import Attention
    from tidegate.nn.stack import HX, Recurrent

    Feedback = Callable[[torch.Tensor], torch.Tensor]


class OneToOne(torch.nn.Module):
    """y = output(h), where h is the hidden state one step after zero: a feed-forward network.

    Parameters
    ----------
    layer
        Reads I features.
    output
        (B, H) -> (B, O).

    Raises
    ------
    SettingError
        When `layer` is not ``batch_first``.
    """

    def __init__(self, layer: Recurrent, output: torch.nn.Module) -> None:
        super().__init__()
        _check_layer(layer)
        self.layer, self.output = layer, output

    def forward(self, vector: torch.Tensor) -> torch.Tensor:
        """Return shape (B, O) for a vector of shape (B, I)."""
        hidden, _ = self.layer(vector[:, None])
        made: torch.Tensor = self.output(hidden[:, 0])
        return made


class OneToMany(torch.nn.Module):
    """y_t = output(h_t), where the vector is the first input and each later input is the feedback of y_{t-1}.

    Parameters
    ----------
    layer
        Reads I features, forwards in time.
    output
        (B, H) -> (B, O), on any number of leading axes.
    feedback
        (B, O) -> (B, I).

    Raises
    ------
    SettingError
        When `layer` is not ``batch_first`` or reads from the end.
    """

    def __init__(self, layer: Recurrent, output: torch.nn.Module, feedback: Feedback) -> None:
        super().__init__()
        _check_layer(layer)
        _check_forwards(layer)
        self.layer, self.output, self.feedback = layer, output, feedback

    def forward(self, vector: torch.Tensor, following: torch.Tensor) -> torch.Tensor:
        """Return shape (B, F, O), fed the true sequence.

        Parameters
        ----------
        vector
            Shape (B, I): the first input.
        following
            Shape (B, F - 1, I): the inputs of all later steps, which ``generate`` would take from its outputs.
        """
        hidden, _ = self.layer(torch.cat([vector[:, None], following], dim=1))
        made: torch.Tensor = self.output(hidden)
        return made

    def generate(self, vector: torch.Tensor, n_steps: int) -> torch.Tensor:
        """Return shape (B, F, O) for a vector of shape (B, I) and F = `n_steps`, fed its own outputs."""
        _check_count(n_steps)
        made: list[torch.Tensor] = []
        state = None
        for _ in range(n_steps):
            hidden, state = self.layer((self.feedback(made[-1]) if made else vector)[:, None], state)
            made.append(self.output(hidden[:, 0]))
        return torch.stack(made, dim=1)


class ManyToOne(torch.nn.Module):
    """y = output(h), where h is the hidden state after the last step of the walk, of each direction.

    Parameters
    ----------
    layer
        Reads I features; with two directions, merged by "concat".
    output
        (B, H) -> (B, O); with two directions (B, 2 H) -> (B, O).

    Raises
    ------
    SettingError
        When `layer` is not ``batch_first`` or adds its directions up, which ends at both ends of time.
    """

    def __init__(self, layer: Recurrent, output: torch.nn.Module) -> None:
        super().__init__()
        _check_layer(layer)
        if layer.bidirectional and layer.stack.merge != "concat":
            raise SettingError(
                f"merge is {layer.stack.merge!r}: the sum no longer holds the last state of each direction. "
                "Use merge='concat'"
            )
        self.layer, self.output = layer, output

    def forward(self, inputs: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None) -> torch.Tensor:
        """Return shape (B, O) for inputs of shape (B, T, I) with `lengths` (B,), or None for T everywhere."""
        _check_batched(inputs)
        hidden, _ = self.layer(inputs, lengths=lengths)
        ends = torch.full((len(hidden),), hidden.shape[1]) if lengths is None else torch.as_tensor(lengths)
        rows = torch.arange(len(hidden), device=hidden.device)
        first, last = hidden[:, 0], hidden[rows, (ends.to(hidden.device) - 1).clamp(min=0)]
        if self.layer.bidirectional:
            middle = hidden.shape[-1] // 2
            summary = torch.cat([last[:, :middle], first[:, middle:]], dim=1)
        else:
            summary = first if self.layer.stack.reverse else last
        made: torch.Tensor = self.output(summary)
        return made


class ManyToMany(torch.nn.Module):
    """y_t = output(h_t) for every step t.

    Parameters
    ----------
    layer
        Reads I features; with two directions every output sees the whole sequence.
    output
        (B, T, H) -> (B, T, O).

    Raises
    ------
    SettingError
        When `layer` is not ``batch_first``.
    """

    def __init__(self, layer: Recurrent, output: torch.nn.Module) -> None:
        super().__init__()
        _check_layer(layer)
        self.layer, self.output = layer, output

    def forward(self, inputs: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None) -> torch.Tensor:
        """Return shape (B, T, O), 0 beyond `lengths` (B,), for inputs of shape (B, T, I)."""
        _check_batched(inputs)
        hidden, _ = self.layer(inputs, lengths=lengths)
        made: torch.Tensor = self.output(hidden)
        if lengths is None:
            return made
        valid = torch.arange(made.shape[1], device=made.device) < torch.as_tensor(lengths, device=made.device)[:, None]
        return torch.where(valid[..., None], made, 0)


class Decoded(NamedTuple):
    """What a decoder made.

    Parameters
    ----------
    outputs
        Shape (B, F, O).
    weights
        Shape (B, F, T): how much each step looked at each source state; None without attention.
    """

    outputs: torch.Tensor
    weights: torch.Tensor | None


class _Encoded(NamedTuple):
    """Source states (B, T, S), their lengths (B,) or None, and the state with which the decoder begins."""

    source: torch.Tensor
    lengths: torch.Tensor | Sequence[int] | None
    state: HX


class SequenceToSequence(torch.nn.Module):
    """An encoder reads the source; a decoder begins with its final state and makes a sequence of another length.

    Without attention the final state is all that the decoder knows of the source (Sutskever, Vinyals & Le 2014,
    Sequence to sequence learning with neural networks, NeurIPS 27). With attention each step has a context c_t of its
    own, found with the decoder's last hidden state h_{t-1} as the query (Bahdanau, Cho & Bengio 2015, section 3.1):
    h_t = decoder([x_t, c_t], h_{t-1}) and y_t = output([h_t, c_t]).

    Parameters
    ----------
    encoder
        Reads I features. With two directions its final states are joined, so that the decoder is twice as wide.
    decoder
        Forwards in time; as many layers of the same kind of cell. Reads the fed-back features, with attention S more.
    output
        (B, H) -> (B, O), with attention (B, H + S) -> (B, O); on any number of leading axes.
    feedback
        (B, O) -> the decoder's next features.
    attention
        Weighs the encoder's outputs, which are S wide; None for none.

    Raises
    ------
    SettingError
        When a layer is not ``batch_first``, the decoder reads from the end, or the encoder does not end with a state
        that the decoder could begin with.
    """

    def __init__(
        self,
        encoder: Recurrent,
        decoder: Recurrent,
        output: torch.nn.Module,
        *,
        feedback: Feedback,
        attention: Attention | None = None,
    ) -> None:
        super().__init__()
        for layer in (encoder, decoder):
            _check_layer(layer)
        _check_forwards(decoder)
        _check_handover(encoder, decoder)
        self.encoder, self.decoder, self.output = encoder, decoder, output
        self.feedback, self.attention = feedback, attention

    def forward(
        self, source: torch.Tensor, fed: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None
    ) -> Decoded:
        """Return the outputs of a decoder that is fed the true sequence.

        Parameters
        ----------
        source
            Shape (B, T, I).
        fed
            Shape (B, F, features): the decoder's inputs, the true sequence one step late behind a start.
        lengths
            Shape (B,): steps of each source; None for T everywhere.
        """
        encoded = self._encoded(source, lengths)
        if self.attention is None:
            hidden, _ = self.decoder(fed, encoded.state)
            return Decoded(self.output(hidden), None)
        return self._stepped(encoded, lambda made: fed[:, len(made)], fed.shape[1])

    def generate(
        self,
        source: torch.Tensor,
        start: torch.Tensor,
        n_steps: int,
        *,
        lengths: torch.Tensor | Sequence[int] | None = None,
    ) -> Decoded:
        """Return the outputs of a decoder that is fed its own.

        Parameters
        ----------
        source
            Shape (B, T, I).
        start
            Shape (B, features): the decoder's first input.
        n_steps
            Steps to make, F.
        lengths
            Shape (B,): steps of each source; None for T everywhere.
        """
        _check_count(n_steps)
        encoded = self._encoded(source, lengths)
        return self._stepped(encoded, lambda made: self.feedback(made[-1]) if made else start, n_steps)

    def _encoded(self, source: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None) -> _Encoded:
        _check_batched(source)
        states, final = self.encoder(source, lengths=lengths)
        parts = final if isinstance(final, tuple) else (final,)
        if self.encoder.bidirectional:  # (L*2, B, H) -> (L, B, 2 H)
            parts = tuple(part.unflatten(0, (-1, 2)).transpose(1, 2).flatten(2) for part in parts)
        return _Encoded(states, lengths, parts if len(parts) > 1 else parts[0])

    def _stepped(
        self, encoded: _Encoded, next_input: Callable[[list[torch.Tensor]], torch.Tensor], n_steps: int
    ) -> Decoded:
        """Make one output after the other; `next_input` has those made so far."""
        made: list[torch.Tensor] = []
        weights: list[torch.Tensor] = []
        state = encoded.state
        for _ in range(n_steps):
            features = next_input(made)
            if self.attention is None:
                hidden, state = self.decoder(features[:, None], state)
                made.append(self.output(hidden[:, 0]))
            else:
                query = (state[0] if isinstance(state, tuple) else state)[-1]
                found = self.attention(query, encoded.source, encoded.lengths)
                hidden, state = self.decoder(torch.cat([features, found.context], dim=1)[:, None], state)
                made.append(self.output(torch.cat([hidden[:, 0], found.context], dim=1)))
                weights.append(found.weights)
        return Decoded(torch.stack(made, dim=1), torch.stack(weights, dim=1) if weights else None)


def _check_batched(inputs: torch.Tensor) -> None:
    if inputs.dim() != 3:
        raise ValueError(f"inputs have {inputs.dim()} axes; (B, T, I) is needed. One sequence: inputs[None]")


def _check_layer(layer: Recurrent) -> None:
    if not layer.batch_first:
        raise SettingError("batch_first is False: arrangements read (B, T, I). Build the layer with batch_first=True")


def _check_forwards(layer: Recurrent) -> None:
    for name, backwards in (("bidirectional", layer.bidirectional), ("reverse", layer.stack.reverse)):
        if backwards:
            raise SettingError(f"{name} is True: a layer that makes a sequence cannot read it from its end")


def _check_handover(encoder: Recurrent, decoder: Recurrent) -> None:
    directions = 2 if encoder.bidirectional else 1
    given = (encoder.num_layers, encoder.cell.states, tuple(directions * width for width in state_widths(encoder)))
    taken = (decoder.num_layers, decoder.cell.states, state_widths(decoder))
    for name, gives, takes in zip(("layers", "states", "widths"), given, taken, strict=True):
        if gives != takes:
            raise SettingError(
                f"the encoder ends with {name} {gives}, the decoder begins with {takes}; make them equal"
            )


def _check_count(n_steps: int) -> None:
    if not isinstance(n_steps, int) or n_steps < 1:
        raise ValueError(f"n_steps is {n_steps}; it must be a whole number, at least 1")
