"""Many-to-one: one label for each sequence."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin

from tidegate.features.vocabulary import UNITS, Vocabulary
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.fitting import Schedule
from tidegate.tasks.labels import Known, Labelling, check_known, classes_of, weights_of
from tidegate.tasks.network import Convolution, Design, Pooling, network
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.network import SequenceNetwork

    Floats = NDArray[np.float64]


class SequenceClassifier(ClassifierMixin, SequenceEstimator[Labelling]):  # type: ignore[misc]  # no type stubs
    """Says which of C classes a sequence belongs to: a recurrent network, its states pooled over time, one output.

    Sequences are texts, lists of tokens, or arrays of numbers of shape (T,) or (T, I), of any lengths. Vocabulary and
    scales are learned in `fit` from what is not held out, and from nothing else.

    Parameters
    ----------
    cell
        "gru", "lstm", "elman" or any other of `tidegate cells`.
    hidden_size, layers, bidirectional
        Of the recurrent layers.
    pooling
        What stands for the sequence: "last", the state in which each direction ends, "mean" or "max" over time, or
        "mean-max", both.
    embedding
        Width of a token's vector, which is learned.
    vectors
        Text file of vectors as GloVe and word2vec have them, that known tokens found there start from, and learn on;
        `embedding` is their width. None for random ones.
    unit
        What texts are cut into: "words" or "characters".
    vocabulary
        A `Vocabulary`, not fitted, for its limits or file; None knows every token of training.
    dropout
        Fraction of what a step reads, of the states between layers and of the pooled state, in [0, 1).
    convolution
        "beside" puts a branch of three convolutions over time beside the recurrent one (LSTM-FCN), "alone" in its
        place.
    balanced
        Whether each class counts as much as every other, instead of each sequence.
    training
        How to train; None for `tasks.fitting.TRAINING`. Its updates, batches, checks and held-out part come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
        The labels, sorted.
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss; the first is before training.
    n_parameters_ : int
        Numbers learned.

    Source: Karim, Majumdar, Darabi & Chen (2018), LSTM fully convolutional networks for time series classification,
    IEEE Access 6, for the convolutional branch.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "pooling": ("last", "mean", "max", "mean-max"),
        "convolution": ("none", "beside", "alone"),
        "unit": tuple(UNITS),
    }
    _LEAST: ClassVar[Mapping[str, int]] = {"hidden_size": 1, "layers": 1, "embedding": 1, "seed": 0}

    classes_: NDArray[Any]

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: Pooling = "mean-max",
        embedding: int = 100,
        vectors: str | Path | None = None,
        unit: Unit = "words",
        vocabulary: Vocabulary | None = None,
        dropout: float = 0.3,
        convolution: Convolution = "none",
        balanced: bool = False,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.pooling, self.embedding, self.vectors = pooling, embedding, vectors
        self.unit, self.vocabulary = unit, vocabulary
        self.dropout, self.convolution, self.balanced = dropout, convolution, balanced
        self.training, self.seed = training, seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int = 20,
        batch_size: int = 32,
        validation: float | tuple[Any, Any] | None = 0.1,
    ) -> Self:
        """Learn from labelled sequences.

        Parameters
        ----------
        X
            N sequences: texts, lists of tokens, or arrays.
        y
            Their labels, shape (N,): numbers or text.
        epochs
            Times that every sequence is seen, at most; at least 1.
        batch_size
            Sequences per update, at least 1.
        validation
            What training is stopped by, and learns nothing from: a fraction of each class, rounded and drawn by seed,
            a pair (X, y), or None or 0 for nothing. Where nothing is held out, as from classes of less than
            1 / (2 fraction) sequences, the last epoch is kept.

        Raises
        ------
        DataError
            If sequences or labels cannot be used, with the place and the repair.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        schedule = Schedule(epochs, batch_size, self.seed)
        self._check(schedule)
        given = Known.of(taken(X, self.unit), y)
        classes = classes_of(given.labels)
        learned, held = self._parted(given, validation, lambda X, y: self._validation(X, y, classes))
        reader = Reader.learn(learned.sequences, Vocabulary() if self.vocabulary is None else copy(self.vocabulary))
        known = (learned.examples(reader, classes), held.examples(reader, classes) if held else None)
        weights = weights_of(learned.labels, classes) if self.balanced else None
        losses = torch.nn.CrossEntropyLoss(weight=weights, reduction="none")
        return self._learn(Labelling(reader, classes), losses, known, schedule)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (N, C), in the order of `classes_`; rows sum to 1.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        items = self._data.reader.read(taken(X, self.unit))
        made = fitting.told(self._network, items, lambda outputs: outputs.double().softmax(dim=1))
        return np.asarray(torch.stack(made).numpy())

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable label of each sequence, shape (N,)."""
        most = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most])

    def _validation(self, X: Any, y: Any, classes: NDArray[Any]) -> Known:
        """Return sequences that a user named to judge by."""
        made = Known.of(taken(X, self.unit, name="validation"), y)
        check_known(made.labels, classes, "validation")
        return made

    def _drawn(self, data: Labelling, generator: torch.Generator) -> SequenceNetwork:
        """Return the network with fresh parameters."""
        design = Design(
            self.cell, self.hidden_size, self.layers, self.bidirectional, self.pooling, self.embedding, self.dropout,
            self.convolution,
        )  # fmt: skip
        sizes = {"n_tokens": data.reader.n_tokens, "n_channels": data.reader.n_channels}
        return built(lambda: network(design, **sizes, n_outputs=len(data.classes), generator=generator), generator)

    def _remembered(self, state: Tree) -> Labelling:
        return Labelling.from_state(state)

    def _took(self, data: Labelling) -> None:
        self.classes_ = data.classes
