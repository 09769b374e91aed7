"""Many-to-one: one label for each sequence."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from tidegate.errors import NotFittedError, SettingError
from tidegate.features.vocabulary import UNITS, Vocabulary
from tidegate.nn.cells import catalogue
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting, storage
from tidegate.tasks.fitting import Schedule
from tidegate.tasks.labels import Known, check_known, classes_of, weights_of
from tidegate.tasks.learning import Examples
from tidegate.tasks.network import Convolution, Design, Pooling, network
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.training.loop import Losses
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.network import SequenceNetwork

    Floats = NDArray[np.float64]

_CHOICES: dict[str, tuple[str, ...]] = {
    "pooling": ("last", "mean", "max", "mean-max"),
    "convolution": ("none", "beside", "alone"),
    "unit": tuple(UNITS),
}
_LEAST = {"hidden_size": 1, "layers": 1, "embedding": 1, "seed": 0}


class SequenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
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

    classes_: NDArray[Any]
    history_: dict[str, list[float]]
    n_parameters_: int

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: Pooling = "mean-max",
        embedding: int = 100,
        unit: Unit = "words",
        vocabulary: Vocabulary | None = None,
        dropout: float = 0.3,
        convolution: Convolution = "none",
        balanced: bool = False,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.pooling, self.embedding, self.unit, self.vocabulary = pooling, embedding, unit, vocabulary
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
        learned, held = self._parted(given, classes, validation)
        reader = Reader.learn(learned.sequences, Vocabulary() if self.vocabulary is None else copy(self.vocabulary))
        generator = torch.Generator().manual_seed(self.seed)
        made = self._drawn(reader, len(classes), generator)
        known = (learned.examples(reader, classes), held.examples(reader, classes) if held else None)
        weights = weights_of(learned.labels, classes) if self.balanced else None
        course = fitting.fitted(
            made,
            torch.nn.CrossEntropyLoss(weight=weights, reduction="none"),
            known,
            schedule,
            training=self.training,
            run=(fitting.digest(self.get_params(deep=False), schedule, known), generator),
            threads=torch.get_num_threads(),
        )
        self._take(reader, classes, made, course)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (N, C), in the order of `classes_`; rows sum to 1.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        if not hasattr(self, "_network"):
            raise NotFittedError("This classifier has learned nothing yet: call fit first.")
        items = self._reader.read(taken(X, self.unit))
        examples = Examples(items, torch.zeros(len(items), dtype=torch.long), np.arange(len(items)))
        made = fitting.told(self._network, examples, lambda outputs: outputs.double().softmax(dim=1))
        return np.asarray(made.numpy())

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable label of each sequence, shape (N,)."""
        most = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most])

    def save(self, folder: str | Path) -> None:
        """Write the fitted classifier to a folder that must not exist yet; `tidegate.load` reads it.

        Raises
        ------
        NotFittedError, StorageError
            If there is nothing to save, or it cannot be written.
        """
        if not hasattr(self, "_network"):
            raise NotFittedError("This classifier has learned nothing yet: call fit first.")
        storage.save(self, folder)

    def _check(self, schedule: Schedule) -> None:
        fitting.check(schedule)
        catalogue.kind(self.cell)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(choices)}.")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingError(f"{name} is {value!r}; it must be a whole number, at least {least}.")
        if not 0 <= self.dropout < 1:
            raise SettingError(f"dropout is {self.dropout!r}; it must be at least 0 and below 1.")

    def _parted(
        self, given: Known, classes: NDArray[Any], validation: float | tuple[Any, Any] | None
    ) -> tuple[Known, Known | None]:
        """Return what to learn from and what to judge by, if anything."""
        if isinstance(validation, tuple):
            other = Known.of(taken(validation[0], self.unit, name="validation"), validation[1])
            check_known(other.labels, classes, "validation")
            return given, other
        if not validation:
            return given, None
        if not 0 < validation < 1:
            raise SettingError(f"validation is {validation!r}; it must be a fraction below 1, a pair (X, y), or None.")
        return given.parted(validation, self.seed)

    def _drawn(self, reader: Reader, n_classes: int, generator: torch.Generator) -> SequenceNetwork:
        """Return the network with fresh parameters."""
        design = Design(
            self.cell, self.hidden_size, self.layers, self.bidirectional, self.pooling, self.embedding, self.dropout,
            self.convolution,
        )  # fmt: skip
        tokens = reader.kind == "tokens"
        sizes = {"n_tokens": reader.width if tokens else 0, "n_channels": 0 if tokens else reader.width}
        return built(lambda: network(design, **sizes, n_outputs=n_classes, generator=generator), generator)

    def _take(self, reader: Reader, classes: NDArray[Any], made: SequenceNetwork, course: Losses) -> None:
        """Become what was learned, all at once: a fit that failed leaves what was before."""
        self._reader, self.classes_, self._network, self.losses_ = reader, classes, made, course
        self.history_ = fitting.history(course)
        self.n_parameters_ = sum(one.numel() for one in made.parameters())

    def _state(self) -> Tree:
        """Return everything learned as a tree of arrays, numbers and text."""
        return {
            "reader": self._reader.state(),
            "classes": self.classes_ if self.classes_.dtype.kind in "biuf" else self.classes_.astype(object),
            "network": {name: value.numpy() for name, value in self._network.state_dict().items()},
            "losses": self.losses_._asdict(),
        }

    def _restore(self, state: Tree) -> None:
        """Take back what `_state` returned."""
        reader, classes = Reader.from_state(state["reader"]), state["classes"]
        classes = classes.astype(str) if classes.dtype == object else classes
        made = self._drawn(reader, len(classes), torch.Generator())
        made.load_state_dict({name: torch.from_numpy(value) for name, value in state["network"].items()})
        self._take(reader, classes, made.eval(), Losses.from_state(state["losses"]))
