"""Many-to-many, unaligned: what was said in a recording, without being told when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from tidegate.checks import check_whole
from tidegate.errors import DataError
from tidegate.features.spectrogram import HOP_SECONDS
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.labels import loaded_labels, saved_labels
from tidegate.tasks.learning import Examples
from tidegate.tasks.network import recurrent
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.tasks.transcription import decoding
from tidegate.tasks.transcription.augmentation import Augmentation, Changes
from tidegate.tasks.transcription.edits import Edits, of_all
from tidegate.tasks.transcription.heard import Heard, Spikes
from tidegate.tasks.transcription.hearing import check_sound, sequences_of
from tidegate.tasks.transcription.network import Front, Surprise, TranscribingNetwork, each, steps_of
from tidegate.tasks.transcription.transcripts import Form, Transcribed, check_room, check_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Vocabulary
    from tidegate.training.settings import Training

    Floats = NDArray[np.float64]


class Learned(NamedTuple):
    """What a transcriber learns of the data beside its network.

    Attributes
    ----------
    reader
        Values as numbers.
    tokens
        All that occur in training, sorted, shape (K,).
    form
        Of transcripts.
    """

    reader: Reader
    tokens: NDArray[Any]
    form: Form

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        return {"reader": self.reader.state(), "tokens": saved_labels(self.tokens), "form": self.form}


class SequenceTranscriber(SequenceEstimator[Learned]):
    """Writes down what was said in a sequence, learned from transcripts alone: recurrent layers, trained by CTC.

    Sequences are recordings (samples, shape (T,), with a `rate`) or arrays of numbers of shape (T,) or (T, I), such as
    the strokes of a pen, of any lengths. Transcripts are texts, whose characters are the tokens, or lists of tokens, in
    the order in which they were said; nobody needs to say when. Scales are learned in `fit` from what is not held out,
    and from nothing else.

    Parameters
    ----------
    cell
        "gru", "lstm", "elman" or any other of `tidegate cells`.
    hidden_size, layers, bidirectional
        Of the recurrent layers.
    rate
        Samples per second, where sequences are recordings: the network reads frames of 10 milliseconds of their log-mel
        spectrogram. None for other sequences, read as they are.
    bands
        Of that spectrogram.
    stacked
        Frames, or steps, side by side as one step of the network. A transcript cannot have more tokens than there are
        steps of the network.
    convolution
        Channels of a convolution over 5 frames ahead of the recurrent layers; 0 for none.
    dropout
        Fraction of the states between layers and of the outputs, in [0, 1).
    speed
        In training, a sequence lasts 1 - speed to 1 + speed times as long, in [0, 1).
    noise
        In training, standard deviation of what is added to each value, in those of its channel, in [0, 1).
    masked_steps
        In training, in each five times as many frames one stretch of at most so many is hidden; 0 for none.
    masked_channels
        In training, largest share of the channels or bands, side by side, that is hidden, in [0, 1).
    training
        How to train; None for `tasks.fitting.TRAINING`. Its updates, batches, checks and held-out part come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    tokens_ : ndarray of shape (K,)
        All that occur in training, sorted.
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss, in nats per token of a mean transcript; the first is
        before training.
    n_parameters_ : int
        Numbers learned.

    Source: Graves, Fernández, Gomez & Schmidhuber (2006), Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks, ICML.
    """

    _LEAST: ClassVar[Mapping[str, int]] = {
        "hidden_size": 1, "layers": 1, "bands": 1, "stacked": 1, "convolution": 0, "masked_steps": 0, "seed": 0,
    }  # fmt: skip
    _FRACTIONS: ClassVar[tuple[str, ...]] = ("dropout", "speed", "noise", "masked_channels")
    vocabulary: Vocabulary | None = None
    vectors: str | Path | None = None

    tokens_: NDArray[Any]

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden_size: int = 128,
        layers: int = 2,
        bidirectional: bool = True,
        rate: int | None = None,
        bands: int = 40,
        stacked: int = 2,
        convolution: int = 0,
        dropout: float = 0.3,
        speed: float = 0.2,
        noise: float = 0.2,
        masked_steps: int = 8,
        masked_channels: float = 0.2,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.rate, self.bands, self.stacked, self.convolution = rate, bands, stacked, convolution
        self.dropout, self.speed, self.noise = dropout, speed, noise
        self.masked_steps, self.masked_channels = masked_steps, masked_channels
        self.training, self.seed = training, seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | tuple[Any, Any] | None = 0.1,
    ) -> Self:
        """Learn from sequences and their transcripts.

        Parameters
        ----------
        X
            N recordings, or arrays.
        y
            What was said in each: N texts, or N lists of tokens.
        epochs
            Times that every sequence is seen, at most; at least 1. None for what makes 1,500 updates, but 8 to 500.
        batch_size
            Sequences per update, at least 1; None for 32.
        validation
            What training is stopped by, and learns nothing from: a fraction of the sequences, rounded and drawn by
            seed, never all in which something was said; a pair (X, y), or None or 0 for nothing; then the last epoch is
            kept.

        Raises
        ------
        DataError
            If sequences or transcripts cannot be used, with the place and the repair: among them transcripts longer
            than their sequences allow, and a silent recording in which something was said.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        self._check(self._schedule(epochs, batch_size))
        given = self._given(X, y, "X", "y")
        tokens = np.unique(given.transcripts.every)
        learned, held = self._parted(given, validation, lambda X, y: self._validation(X, y, given, tokens))
        data = Learned(Reader.learn(learned.sequences, self._unfitted_vocabulary()), tokens, given.transcripts.form)
        mean_length = len(learned.transcripts.every) / len(learned.transcripts.items)
        known = (self._examples(learned, data), self._examples(held, data) if held else None)
        return self._learn(data, Surprise(mean_length), known, self._schedule(epochs, batch_size, len(learned.numbers)))

    def predict(self, X: Any, *, beam: int = 1) -> list[Any]:
        """Return what was said in each sequence, N texts or lists of tokens.

        Parameters
        ----------
        X
            Sequences like those of training.
        beam
            1 for the transcript of the most probable alignment; more for the most probable of as many transcripts, all
            alignments of each summed.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        check_whole("beam", beam, least=1)
        told = self._told(X)
        if beam == 1:
            return [self._written(decoding.greedy(one)) for one in told]
        return [self._written(decoding.beam(one, beam)[0].tokens) for one in told]

    def decode(self, X: Any, *, beam: int = 8, n_best: int = 3) -> list[list[Heard]]:
        """Return the most probable transcripts of each sequence, best first, with when each token was said.

        Parameters
        ----------
        X
            Sequences like those of training.
        beam
            Transcripts that are followed at once, at least 1.
        n_best
            How many are told of each, at most; at least 1.

        Raises
        ------
        NotFittedError, DataError
            As `predict`.
        """
        self._check_fitted()
        for name, value in (("beam", beam), ("n_best", n_best)):
            check_whole(name, value, least=1)
        return [[self._heard(one, found) for found in decoding.beam(one, beam)[:n_best]] for one in self._told(X)]

    def inspect(self, X: Any) -> list[Spikes]:
        """Return how probable each token is as time goes: spikes where it is sure, nothing new in between.

        Raises
        ------
        NotFittedError, DataError
            As `predict`.
        """
        self._check_fitted()
        names = np.concatenate([[""], self.tokens_])
        return [Spikes(names, self._lasting(np.arange(len(one))), one.exp().numpy()) for one in self._told(X)]

    def errors(self, X: Any, y: Any, *, beam: int = 1) -> Edits:
        """Return how many tokens were replaced, left out and put in over all sequences, and how many were said.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or sequences or transcripts cannot be used.
        """
        self._check_fitted()
        wanted = Transcribed.of(taken(X, None), y).transcripts
        _check_form(wanted.form, self._data.form, "y")
        return of_all(wanted.items, [list(one) for one in self.predict(X, beam=beam)])

    def score(self, X: Any, y: Any) -> float:
        """Return 1 minus the token error rate, at most 1, below 0 where more is wrong than was said.

        Raises
        ------
        NotFittedError, DataError
            As `errors`.
        """
        return 1.0 - self.errors(X, y).rate

    def _lasting(self, steps: NDArray[np.int64]) -> Floats:
        """Return how long so many steps of the network last: in seconds of a recording, or in steps of a sequence."""
        return np.asarray(steps * self.stacked * (HOP_SECONDS if self.rate else 1.0), dtype=np.float64)

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.rate is not None:
            check_whole("rate", self.rate, least=1)

    def _given(self, X: Any, y: Any, name: str, wanted: str) -> Transcribed:
        """Return sequences and transcripts that fit each other."""
        given = Transcribed.of(sequences_of(X, self.rate, self.bands, name), y, name=wanted)
        n_steps = [steps_of(len(item), self.stacked) for item in given.sequences.items]
        check_room(given, n_steps, self.stacked, wanted)
        if self.rate is not None:
            check_sound(given, name)
        return given

    def _validation(self, X: Any, y: Any, given: Transcribed, tokens: NDArray[Any]) -> Transcribed:
        """Return sequences that a user named to judge by."""
        made = self._given(X, y, "validation", "validation")
        check_tokens(made.transcripts, tokens, "validation")
        _check_form(made.transcripts.form, given.transcripts.form, "validation")
        return made

    def _told(self, X: Any) -> list[torch.Tensor]:
        """Return the log-probability of nothing new and of each token at each step, N of shape (S, 1 + K)."""
        items = self._data.reader.read(sequences_of(X, self.rate, self.bands, "X"))
        return fitting.told(self._network, items, each)

    def _written(self, tokens: tuple[int, ...]) -> Any:
        said = self.tokens_[np.array(tokens, dtype=np.int64) - 1].tolist()
        return "".join(said) if self._data.form == "text" else said

    def _heard(self, scores: torch.Tensor, found: decoding.Found) -> Heard:
        spans = self._lasting(decoding.aligned(scores.numpy(), found.tokens))
        return Heard(self._written(found.tokens), found.log_probability, spans)

    def _examples(self, given: Transcribed, data: Learned) -> Examples:
        return Examples(data.reader.read(given.sequences), given.places(data.tokens), given.numbers)

    def _drawn(self, data: Learned, generator: torch.Generator) -> TranscribingNetwork:
        """Return the network with fresh parameters."""
        return built(lambda: self._network_of(data, generator), generator)

    def _network_of(self, data: Learned, generator: torch.Generator) -> TranscribingNetwork:
        changes = Changes(self.speed, self.noise, self.masked_steps, self.masked_channels)
        front = Front(data.reader.n_channels, self.convolution, self.stacked)
        layers = recurrent(self, front.width, generator)
        dropout = Dropout(self.dropout, generator)
        return TranscribingNetwork(Augmentation(changes, generator), front, layers, dropout, n_tokens=len(data.tokens))

    def _remembered(self, state: Tree) -> Learned:
        return Learned(Reader.from_state(state["reader"]), loaded_labels(state["tokens"]), state["form"])

    def _took(self, data: Learned) -> None:
        self.tokens_ = data.tokens


def _check_form(form: str, learned: str, name: str) -> None:
    """Refuse texts where training had lists of tokens, and the reverse."""
    if form != learned:
        raise DataError(f"{name} holds transcripts as {form}, training as {learned}", repair="Give both in one form.")
