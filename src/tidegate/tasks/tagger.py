"""Many-to-many, aligned: one tag for each step of a sequence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

import numpy as np
import torch

from tidegate.checks import check_least
from tidegate.errors import DataError
from tidegate.features.vocabulary import Vocabulary
from tidegate.nn.crf import Moves
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting, handicap, tagging
from tidegate.tasks.contributions import contributions
from tidegate.tasks.entities import forbidden
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.inspection import Inspection, opened
from tidegate.tasks.labels import classes_of
from tidegate.tasks.learning import Examples
from tidegate.tasks.members import apart, together
from tidegate.tasks.network import Layers, StepInput, recurrent
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import Sequences, taken
from tidegate.tasks.spelling import Spelling
from tidegate.tasks.tag_data import Read
from tidegate.tasks.tagging import Spelled, TaggingNetwork, WordInput
from tidegate.tasks.tags import Tagged, accuracy, broken, check_order
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.nn.crf import Chain

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Output = Literal["crf", "softmax"]
Scheme = Literal["auto", "bio", "none"]


class SequenceTagger(SequenceEstimator[Read]):
    """Says which tag each step of a sequence has: recurrent layers in both directions, and a chain of tags.

    Sequences are lists of tokens, or arrays of numbers of shape (T,) or (T, I), of any lengths. Vocabulary, characters
    and scales are learned in `fit` from what is not held out, and from nothing else.

    Parameters
    ----------
    cell
        "lstm", "gru", "elman" or any other of `tidegate cells`.
    hidden_size, layers, bidirectional
        Of the recurrent layers.
    embedding
        Width of a word's vector, which is learned.
    vectors
        Text file of vectors as GloVe and word2vec have them, that known tokens found there start from, and learn on;
        `embedding` is their width. None for random ones.
    characters
        Units of each direction of a second network that reads words letter by letter; 0 for none.
    lowercase
        Whether words have one vector whatever their case; their characters keep it.
    output
        "crf": the tags of a sequence are probable as a whole; "softmax": each by itself.
    scheme
        "bio": I-X follows B-X and I-X alone, in what is said and in what is learned from; "none": anything may follow
        anything; "auto": "bio" where all tags are O, B-X or I-X and nothing in training breaks the rule.
    dropout
        Fraction of what a step reads, of the states between layers and of the outputs, in [0, 1).
    forgetting
        While learning, a word that training holds n times is taken for an unknown one with the chance forgetting /
        (forgetting + n), so that spelling and neighbours must do; at least 0. None: half of the times where n is 1.
    handicap
        How much the score of O is lowered in `predict`, in nats, so that more entities are found: at least 0, or
        "auto": what finds those that are held out best, by F1, of 0 to 2; 0 where they are fewer than 50.
    n_members
        Networks whose scores of tags are averaged, each from its own start.
    vocabulary
        A `Vocabulary`, not fitted, for its limits or file; None knows every token of training.
    training
        How to train; None for `tasks.fitting.TRAINING`. Its updates, batches, checks and held-out part come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
        The tags, sorted.
    handicap_ : float
        How much the score of O is lowered where tags are said, in nats.
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss, in nats per step of a mean sequence; the first is before
        training.
    n_parameters_ : int
        Numbers learned.

    Source: Lample, Ballesteros, Subramanian, Kawakami & Dyer (2016), Neural architectures for named entity recognition,
    NAACL; Lafferty, McCallum & Pereira (2001), Conditional random fields, ICML.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "output": ("crf", "softmax"),
        "scheme": ("auto", "bio", "none"),
    }
    _LEAST: ClassVar[Mapping[str, int]] = {
        "hidden_size": 1, "layers": 1, "embedding": 1, "characters": 0, "n_members": 1, "seed": 0,
    }  # fmt: skip
    _SWITCHES: ClassVar[tuple[str, ...]] = ("bidirectional", "lowercase")

    classes_: NDArray[Any]

    def __init__(
        self,
        *,
        cell: str = "lstm",
        hidden_size: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        embedding: int = 100,
        vectors: str | Path | None = None,
        characters: int = 64,
        lowercase: bool = True,
        output: Output = "crf",
        scheme: Scheme = "auto",
        dropout: float = 0.5,
        forgetting: float | None = None,
        handicap: float | Literal["auto"] = "auto",
        n_members: int = 1,
        vocabulary: Vocabulary | None = None,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.embedding, self.vectors, self.characters, self.lowercase = embedding, vectors, characters, lowercase
        self.output, self.scheme, self.dropout, self.n_members = output, scheme, dropout, n_members
        self.forgetting, self.handicap = forgetting, handicap
        self.vocabulary, self.training, self.seed = vocabulary, training, seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | tuple[Any, Any] | Literal["auto"] | None = "auto",
    ) -> Self:
        """Learn from tagged sequences.

        Parameters
        ----------
        X
            N sequences: lists of tokens, or arrays.
        y
            Their tags, N lists of the same lengths: text, or whole numbers.
        epochs
            Times that every sequence is seen, at most; at least 1. None for what makes 1,500 updates, but 8 to 500.
        batch_size
            Sequences per update, at least 1; None for 32.
        validation
            What training is stopped by, and learns nothing from: a fraction of the sequences, rounded and drawn by
            seed, a pair (X, y), or None or 0 for nothing; "auto" for a tenth of 500 sequences or more, and nothing of
            fewer. Where nothing is held out, the last epoch is kept.

        Raises
        ------
        DataError
            If sequences or tags cannot be used, with the place and the repair.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        self._check(self._schedule(epochs, batch_size))
        given = Tagged.of(taken(X, None), y)
        classes = classes_of(given.every, "tags")
        never = self._never(given, classes)
        learned, held = self._parted(given, validation, lambda X, y: self._validation(X, y, classes, never))
        schedule = self._schedule(epochs, batch_size, len(learned.tags))
        data = self._read(learned.sequences, classes, never)
        losses = tagging.Surprise(len(learned.every) / len(learned.tags), self.output == "crf")
        known = (self._examples(learned, data), self._examples(held, data) if held else None)
        return self._learn(data, losses, known, schedule, settled=partial(self._settled, held=known[1]))

    def predict(self, X: Any) -> list[list[Any]]:
        """Return the tags of each sequence that are most probable as a whole, N lists of its length.

        With O held back by the handicap, which `predict_proba` knows nothing of.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        made = self._told(taken(X, None), self._most_probable)
        return [self.classes_[one].tolist() for one in made]

    def predict_proba(self, X: Any) -> list[Floats]:
        """Return the probability of each tag at each step, N arrays of shape (T, C), in the order of `classes_`.

        The tags of all other steps are summed over; what the scheme forbids has no part in the sums.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        return self._told(taken(X, None), tagging.probabilities)

    def inspect(self, sequence: Any) -> Inspection:
        """Return what one sequence did to the network: which steps each tag owes to, and how open each gate was.

        A token is hidden as an unknown one without letters, a value as the mean of its channel, in at most 60
        stretches; of more than 400 tokens, neighbours are hidden together. Contributions are falls of the log-odds of
        each tag that is said, its probability as from `predict_proba`. Of several networks the gates are of the first.

        Raises
        ------
        NotFittedError, DataError
            As `predict`.
        """
        self._check_fitted()
        given = taken([sequence], None)
        neutral = self._data.reader.mean if given.kind == "values" else ""
        (said,) = self._told(given, self._most_probable)
        found = contributions(
            given.items[0], neutral, lambda all_: self._told(Sequences(given.kind, all_), tagging.probabilities), said
        )
        network = cast("TaggingNetwork", apart(self._network)[0])
        layers = opened(network.steps, network.layers, self._items(given, self._data)[0])
        return Inspection(given.items[0], self.classes_[said].tolist(), found, layers)

    def score(self, X: Any, y: Any) -> float:
        """Return the fraction of all steps whose tag is right, in [0, 1].

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or sequences or tags cannot be used.
        """
        self._check_fitted()
        return accuracy(Tagged.of(taken(X, None), y), self.predict(X))

    def _told(self, given: Sequences, way: Callable[[Chain], Iterable[torch.Tensor]]) -> list[NDArray[Any]]:
        """Return what is told of each sequence, in `way`."""
        return [one.numpy() for one in fitting.told(self._network, self._items(given, self._data), way)]

    def _most_probable(self, chain: Chain) -> Sequence[torch.Tensor]:
        """Return the tags to say of each sequence, B of shape (T,)."""
        if self.handicap_:
            outside = int(np.searchsorted(self.classes_, handicap.OUTSIDE))
            chain = handicap.held_back(chain.double(), outside, self.handicap_)
        return tagging.most_probable(chain)

    def _settled(self, data: Read, networks: Sequence[torch.nn.Module], held: Examples | None) -> Read:
        """Return what was learned, with how much O is held back, which the networks' tags of `held` choose."""
        if self.handicap != "auto":
            return data._replace(handicap=float(self.handicap) if handicap.OUTSIDE in data.classes else 0.0)
        if held is None:
            return data
        return data._replace(handicap=handicap.chosen(self._together(networks), held, data.classes))

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.forgetting is not None:
            check_least("forgetting", self.forgetting)
        if self.handicap != "auto":
            check_least("handicap", self.handicap)

    def _never(self, given: Tagged, classes: NDArray[Any]) -> Mask | None:
        """Return what may not follow, by the scheme and by what training holds."""
        made = forbidden(classes.tolist()) if self.scheme != "none" and classes.dtype.kind == "U" else None
        if made is None and self.scheme == "bio":
            raise DataError(
                f"the tags {', '.join(map(str, classes.tolist()[:5]))} are not all O, B-X or I-X",
                repair="Give such tags, or choose scheme='auto' or 'none'.",
            )
        if made is None or (self.scheme == "auto" and broken(given, classes, made) is not None):
            return None
        check_order(given, classes, made, "y")
        return made

    def _validation(self, X: Any, y: Any, classes: NDArray[Any], never: Mask | None) -> Tagged:
        """Return sequences that a user named to judge by."""
        made = Tagged.of(taken(X, None, name="validation"), y, name="validation").following(classes, "validation")
        if never is not None:
            check_order(made, classes, never, "validation")
        return made

    def _read(self, sequences: Sequences, classes: NDArray[Any], never: Mask | None) -> Read:
        """Return what is learned of training sequences."""
        reader = Reader.learn(self._words(sequences), self._unfitted_vocabulary())
        if sequences.kind == "values":
            return Read(reader, None, classes, never)
        spelling = Spelling.learn(sequences.items) if self.characters else None
        words = self._words(sequences)
        rare = reader.rare(words) if self.forgetting is None else reader.forgotten(words, self.forgetting)
        return Read(reader, spelling, classes, never, rare)

    def _words(self, sequences: Sequences) -> Sequences:
        """Return sequences as words are looked up."""
        if sequences.kind == "values" or not self.lowercase:
            return sequences
        return Sequences("tokens", [[token.lower() for token in item] for item in sequences.items])

    def _items(self, sequences: Sequences, data: Read) -> list[NDArray[Any]]:
        """Return sequences as numbers: values (T, I), or words with their characters (T, 1 + M)."""
        made = data.reader.read(self._words(sequences))
        if sequences.kind == "values":
            return made
        if data.spelling is None:
            return [words[:, None] for words in made]
        spelled = data.spelling.read(sequences.items)
        return [np.concatenate([words[:, None], letters], axis=1) for words, letters in zip(made, spelled, strict=True)]

    def _examples(self, given: Tagged, data: Read) -> Examples:
        return Examples(self._items(given.sequences, data), given.places(data.classes), given.numbers)

    def _drawn(self, data: Read, generator: torch.Generator) -> TaggingNetwork:
        """Return the network with fresh parameters."""
        return built(lambda: self._network_of(data, generator), generator)

    def _network_of(self, data: Read, generator: torch.Generator) -> TaggingNetwork:
        dropout = Dropout(self.dropout, generator)
        reads: WordInput | StepInput = StepInput(0, data.reader.n_channels, dropout)
        if data.reader.n_tokens:
            spelled = None
            if data.spelling is not None:
                letters = Layers(self.cell, self.characters, layers=1, bidirectional=True, dropout=0.0)
                spelled = Spelled(len(data.spelling.characters), recurrent(letters, self.characters, generator))
            reads = WordInput((data.reader.n_tokens, self.embedding), spelled, data.rare, dropout)
        moves = Moves(len(data.classes), learned=self.output == "crf", forbidden=data.never)
        return TaggingNetwork(reads, recurrent(self, reads.width, generator), dropout, moves)

    def _together(self, networks: Sequence[torch.nn.Module]) -> torch.nn.Module:
        return together(networks, tagging.mean_scores)

    def _remembered(self, state: Tree) -> Read:
        return Read.from_state(state)

    def _took(self, data: Read) -> None:
        self.classes_, self.handicap_ = data.classes, data.handicap
