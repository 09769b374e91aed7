"""Many-to-one: one label for each sequence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

import numpy as np
import torch
from sklearn.base import ClassifierMixin

from tidegate.checks import check_choice, check_fraction
from tidegate.features.vocabulary import UNITS, UNKNOWN, Vocabulary
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting
from tidegate.tasks.branches import Pooling, RecurrentBranch
from tidegate.tasks.contributions import contributions
from tidegate.tasks.counted import FEWEST, Counted, best_share, mixed
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.inspection import Inspection, opened
from tidegate.tasks.labelling import Labelling
from tidegate.tasks.labels import Known, classes_of, examples_of, following, hits, weights_of
from tidegate.tasks.members import apart, probabilities
from tidegate.tasks.network import Convolution, Design, Encoding, SequenceNetwork, network
from tidegate.tasks.occurrences import Occurrences
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.sequences import Sequences

    Floats = NDArray[np.float64]
    Part = tuple[Known, Known | None]


class SequenceClassifier(ClassifierMixin, SequenceEstimator[Labelling]):  # type: ignore[misc]  # no type stubs
    """Says which of C classes a sequence belongs to: a recurrent network, its states pooled over time, one output.

    Sequences are texts, lists of tokens, or arrays of numbers of any lengths: of shape (T,), of I channels (T, I), or
    films, (T, height, width), of which convolutions make a vector of each frame first. Vocabulary and scales are
    learned in `fit` from what is not held out, and from nothing else; of several networks, each of which has another
    part held out, from what any of them learns from.

    Parameters
    ----------
    cell
        "gru", "lstm", "elman" or any other of `tidegate cells`.
    hidden_size, layers, bidirectional
        Of the recurrent layers.
    memory
        Steps, about as many as the sequences have, over which gates start out to keep the state: each unit over its own
        number of them (`nn.initialisation.chrono`). For hundreds of steps and "last" pooling; below 2 for the usual
        start.
    pooling
        What stands for the sequence: "last", the state in which each direction ends, "mean" or "max" over time, or
        "mean-max", both.
    embedding
        Width of a token's or frame's vector, which is learned.
    vectors
        Text file of vectors as GloVe and word2vec have them, that known tokens found there start from, and learn on;
        `embedding` is their width. None for random ones.
    n_pieces
        How many numbers the runs of 3 to 5 characters in a token are hashed to. Their vectors are added to that of the
        token, so that a word that was never seen still has one; 0 for none. Where texts are cut into characters there
        are none.
    unit
        What texts are cut into: "words" and punctuation marks, all in lower case, or "characters" as they are.
    vocabulary
        A `Vocabulary`, not fitted, for its limits or file; None knows every token of training.
    dropout
        Fraction of what a step reads, of the states between layers and of the pooled state, in [0, 1).
    convolution
        "beside" puts a branch of three convolutions over time beside the recurrent one (LSTM-FCN), "alone" in its
        place: then `cell`, `hidden_size`, `layers`, `bidirectional`, `memory` and `pooling` do nothing.
    channels
        Of the first and the last of these convolutions; that between them has twice as many.
    n_members
        Networks whose probabilities are averaged, each from its own start.
    counted
        Share, in [0, 1), that a linear rule has in the probabilities, beside the networks; 0 for none. For texts it is
        logistic regression on counted words, pairs of words and pieces (`tasks.simple.linear_on_words`), for numbers
        ridge regression on how often each of about 10,000 short patterns occurs (`tasks.occurrences`). "auto" takes
        what makes the log loss of what is held out least, or a half where that is fewer than 50.
    balanced
        Whether each class counts as much as every other, instead of each sequence, for the networks; the linear rule
        beside them learns of each sequence.
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
    counted_ : float
        The share that counted words have.

    Source: Karim, Majumdar, Darabi & Chen (2018), LSTM fully convolutional networks for time series classification,
    IEEE Access 6, for the convolutional branch; Dempster, Schmidt & Webb (2021), MiniRocket, KDD, for counted patterns;
    Bojanowski, Grave, Joulin & Mikolov (2017), Enriching word vectors with subword information, TACL 5, for the pieces
    of words; Donahue et al. (2015), Long-term recurrent convolutional networks for visual recognition and description,
    CVPR, for films.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "pooling": ("last", "mean", "max", "mean-max"),
        "convolution": ("none", "beside", "alone"),
        "unit": tuple(UNITS),
    }
    _LEAST: ClassVar[Mapping[str, int]] = {
        "hidden_size": 1, "layers": 1, "embedding": 1, "n_pieces": 0, "n_members": 1, "memory": 0, "channels": 1,
        "seed": 0,
    }  # fmt: skip
    _FRACTIONS: ClassVar[tuple[str, ...]] = ("dropout",)
    _SWITCHES: ClassVar[tuple[str, ...]] = ("bidirectional", "balanced")

    classes_: NDArray[Any]
    counted_: float

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = True,
        memory: int = 0,
        pooling: Pooling = "mean-max",
        embedding: int = 100,
        vectors: str | Path | None = None,
        n_pieces: int = 20_000,
        unit: Unit = "words",
        vocabulary: Vocabulary | None = None,
        dropout: float = 0.5,
        convolution: Convolution = "none",
        channels: int = 128,
        n_members: int = 1,
        counted: float | Literal["auto"] = 0.0,
        balanced: bool = False,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.memory, self.channels = memory, channels
        self.pooling, self.embedding, self.vectors, self.n_pieces = pooling, embedding, vectors, n_pieces
        self.unit, self.vocabulary, self.dropout = unit, vocabulary, dropout
        self.convolution, self.n_members, self.balanced = convolution, n_members, balanced
        self.counted, self.training, self.seed = counted, training, seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | tuple[Any, Any] | Literal["auto"] | None = "auto",
    ) -> Self:
        """Learn from labelled sequences.

        Parameters
        ----------
        X
            N sequences: texts, lists of tokens, or arrays.
        y
            Their labels, shape (N,): numbers or text.
        epochs
            Times that every sequence is seen, at most; at least 1. None for what makes 1,500 updates, but 8 to 500.
        batch_size
            Sequences per update, at least 1; None for 32.
        validation
            What training is stopped by, and learns nothing from: a fraction of each class, rounded and drawn by seed,
            a pair (X, y), or None or 0 for nothing; "auto" for a tenth of 500 sequences or more, and nothing of fewer,
            of which each is worth more to learn from. For each of several networks another fraction is drawn, so that
            all is learned from by most. Where nothing is held out, as from classes of less than
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
        self._check(self._schedule(epochs, batch_size))
        given = Known.of(taken(X, self.unit, frames=True), y)
        classes = classes_of(given.labels)
        parts = self._parts(given, validation, lambda X, y: self._validation(X, y, classes))
        schedule = self._schedule(epochs, batch_size, len(parts[0][0].labels))
        learned = given.take(np.unique(np.concatenate([one.numbers for one, _ in parts])))
        reader = self._reader(learned.sequences)
        known = examples_of(given, parts, reader, classes)
        weights = weights_of(learned.labels, classes) if self.balanced else None
        losses = torch.nn.CrossEntropyLoss(weight=weights, reduction="none")
        data = Labelling(reader, classes, reader.rare(learned.sequences), self._counted(learned, classes, reader))
        settled = partial(self._shared, parts=parts)
        return self._learn(data, losses, known[0], schedule, others=known[1:], settled=settled)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (N, C), in the order of `classes_`; rows sum to 1.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        return self._told(taken(X, self.unit, frames=True))

    def transform(self, X: Any) -> Floats:
        """Return what the networks found in each sequence before they chose a class, shape (N, W): as features.

        W is the pooled states of the recurrent branch and what the convolutions found, of several networks one after
        another. A pipeline may go on with them.

        Raises
        ------
        NotFittedError, DataError
            As `predict_proba`.
        """
        self._check_fitted()
        items = self._data.reader.read(taken(X, self.unit, frames=True))
        found = [fitting.told(Encoding(cast("SequenceNetwork", made)), items, list) for made in apart(self._network)]
        return np.concatenate([torch.stack(one).double().numpy() for one in found], axis=1)

    def networks_proba(self, X: Any) -> Floats:
        """Return the probability of each class by the networks alone, without counted words, shape (N, C).

        Raises
        ------
        NotFittedError, DataError
            As `predict_proba`.
        """
        self._check_fitted()
        return probabilities(self._network, self._data.reader.read(taken(X, self.unit, frames=True)))

    def contributions(self, X: Any) -> list[Floats]:
        """Return, for each sequence, how much the log-odds of what is said of it fall without each step, shape (T,).

        A token is hidden as an unknown one, a value as the mean of its channel, in at most 60 stretches; of more than
        400 tokens, neighbours are hidden together. A fall by 0.69 halves the odds.

        Raises
        ------
        NotFittedError, DataError
            As `predict_proba`.

        Source: Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV, section 4.2.
        """
        self._check_fitted()
        given = taken(X, self.unit, frames=True)
        neutral = self._data.reader.mean if given.kind == "values" else UNKNOWN
        return [contributions(one, neutral, lambda all_: self._told(given._replace(items=all_))) for one in given.items]

    def inspect(self, sequence: Any) -> Inspection:
        """Return what one sequence did to the network: which steps mattered, and how open each gate was at each.

        Of several networks the gates are those of the first.

        Raises
        ------
        NotFittedError, DataError
            As `predict_proba`.
        """
        self._check_fitted()
        given = taken([sequence], self.unit, frames=True)
        (item,) = self._data.reader.read(given)
        made = cast("SequenceNetwork", apart(self._network)[0])
        branch = made.branches[0]
        layers = opened(made.steps, branch.layers, item) if isinstance(branch, RecurrentBranch) else ()
        (said,) = self.predict([sequence]).tolist()
        seen = given.items[0]
        steps = seen if given.frame is None else seen.reshape(len(seen), *given.frame)
        return Inspection(steps, said, self.contributions([sequence])[0], layers)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable label of each sequence, shape (N,)."""
        most = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the fraction of sequences whose label is right, in [0, 1], each counted by its weight if it has one.

        Raises
        ------
        NotFittedError, DataError
            As `predict_proba`, or if labels cannot be used.
        """
        said = self.predict(X)
        given = Known.of(taken(X, self.unit, frames=True), y)
        return float(np.average(hits(given.labels, said), weights=sample_weight))

    def _told(self, sequences: Sequences) -> Floats:
        """Return the probability of each class, shape (N, C)."""
        items = self._data.reader.read(sequences)
        made, counted = probabilities(self._network, items), self._data.counted
        return made if counted is None else mixed(made, _ruled(counted, sequences, items), counted.share)

    def _parts(self, given: Known, validation: object, read: Callable[[Any, Any], Known]) -> list[Part]:
        """Return what each network learns from and is judged by, or one for all of them if that is the same."""
        one = self._parted(given, validation, read)
        if one[1] is None or isinstance(validation, tuple):
            return [one]
        return [one, *(self._parted(given, validation, read, seed=seed) for seed in self._seeds()[1:])]

    def _counted(self, learned: Known, classes: NDArray[Any], reader: Reader) -> Counted | Occurrences | None:
        """Return the linear rule on counted words or patterns beside the networks, if it has a share."""
        if not self.counted:
            return None
        made = self._rule(learned, classes, reader)
        return made if self.counted == "auto" else made._replace(share=float(self.counted))

    def _rule(self, learned: Known, classes: NDArray[Any], reader: Reader) -> Counted | Occurrences:
        """Return the linear rule on counted words, or on counted patterns of numbers."""
        targets = np.searchsorted(classes, learned.labels)
        if learned.sequences.kind == "values":
            return Occurrences.learn(reader.read(learned.sequences), targets, self.seed)
        return Counted.learn(learned.sequences.items, targets, self.unit)

    def _shared(self, data: Labelling, networks: Sequence[torch.nn.Module], parts: list[Part]) -> Labelling:
        """Return what was learned, with the share of what is counted chosen by what is held out, if that was asked."""
        counted = data.counted
        if counted is None or self.counted != "auto":
            return data
        held = [part.numbers for _, part in parts if part is not None]
        if not held or len(np.unique(np.concatenate(held))) < FEWEST:
            return data
        each = [self._together(networks)] if len(parts) == 1 else networks
        held_out = []
        for made, (learned, others) in zip(each, parts, strict=True):
            if others is not None:
                rule = counted if len(parts) == 1 else self._rule(learned, data.classes, data.reader)
                items = data.reader.read(others.sequences)
                own = probabilities(made, items), _ruled(rule, others.sequences, items)
                held_out.append((*own, np.searchsorted(data.classes, others.labels)))
        share = best_share(*(np.concatenate(one) for one in zip(*held_out, strict=True)))
        return data._replace(counted=counted._replace(share=share))

    def _reader(self, sequences: Sequences) -> Reader:
        """Return how sequences become numbers, learned from these."""
        n_pieces = 0 if self.unit == "characters" else self.n_pieces
        return Reader.learn(sequences, self._unfitted_vocabulary(), n_pieces=n_pieces)

    def _validation(self, X: Any, y: Any, classes: NDArray[Any]) -> Known:
        """Return sequences that a user named to judge by."""
        made = Known.of(taken(X, self.unit, name="validation", frames=True), y)
        return made._replace(labels=following(made.labels, classes, "validation"))

    def _drawn(self, data: Labelling, generator: torch.Generator) -> SequenceNetwork:
        """Return the network with fresh parameters."""
        design = Design(
            self.cell, self.hidden_size, self.layers, self.bidirectional, self.pooling, self.embedding, self.dropout,
            self.convolution, self.memory, self.channels,
        )  # fmt: skip
        n_outputs = len(data.classes)
        return built(
            lambda: network(design, data.reader, n_outputs=n_outputs, generator=generator, rare=data.rare), generator
        )

    def _remembered(self, state: Tree) -> Labelling:
        return Labelling.from_state(state)

    def _took(self, data: Labelling) -> None:
        self.classes_ = data.classes
        self.counted_ = 0.0 if data.counted is None else data.counted.share

    def _check_settings(self) -> None:
        super()._check_settings()
        if isinstance(self.counted, str):
            check_choice("counted", self.counted, ("auto",))
        else:
            check_fraction("counted", self.counted)


def _ruled(rule: Counted | Occurrences, sequences: Sequences, items: list[NDArray[Any]]) -> Floats:
    """Return what a linear rule makes of sequences, which are `items` as numbers, shape (N, C)."""
    if isinstance(rule, Occurrences):
        return rule.probabilities(items)
    return rule.probabilities(sequences.items)
