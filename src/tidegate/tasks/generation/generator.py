"""One-to-many: texts, melodies and other sequences written step by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch

from tidegate.checks import check_whole
from tidegate.errors import SettingError
from tidegate.features.vocabulary import UNITS, Vocabulary
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.generation import asked, rules, writing
from tidegate.tasks.generation.blanks import Filled, ranked
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.inspection import Inspection, inspected
from tidegate.tasks.generation.members import GenerativeMembers
from tidegate.tasks.generation.network import GenerativeNetwork, Lost, Steps
from tidegate.tasks.generation.passages import Surprise, surprises
from tidegate.tasks.generation.read import Read
from tidegate.tasks.generation.sampling import Sampling
from tidegate.tasks.generation.writing import Written
from tidegate.tasks.network import Layers, recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.members import Writer
    from tidegate.tasks.generation.passages import Passages
    from tidegate.training.settings import Training

    Floats = NDArray[np.float64]


class SequenceGenerator(SequenceEstimator[Read]):
    """Writes sequences like those it has read: a recurrent network that says, after each step, what the next one is.

    Sequences are one long text, a list of texts or of lists of tokens, each with a beginning and an end, or a list of
    arrays of shape (T, K). Arrays of 0 and 1 are keys that sound or do not, together given all steps before, or without
    `joint` each by itself; other numbers are normal given all steps before.

    Parameters
    ----------
    cell
        "gru", "lstm", "elman" or any other of `tidegate cells`.
    hidden_size, layers
        Of the recurrent layers.
    embedding
        Width of a token's vector, which is learned; 0 reads a token as one of all (one-hot).
    vectors
        Text file of vectors as GloVe and word2vec have them, that known tokens found there start from, and learn on;
        `embedding` is their width. None for random ones.
    tied
        Whether tokens are scored by the vectors that they are read with.
    unit
        What texts are cut into: "characters", or "words" and punctuation marks, which are read and written in lower
        case.
    vocabulary
        A `Vocabulary`, not fitted, for its limits or file; None knows every token of training, of words those that
        occur twice, so that something is learned of unknown ones.
    truncate
        Steps that are learned from at once; the state is carried on from stretch to stretch, the gradient is not. None
        for 100 steps of one long text, and for whole sequences otherwise.
    dropout
        Fraction of the vector of a token that is read, of the states between layers and of the outputs, in [0, 1).
    variational
        Whether the tokens that are read and the outputs lose the same entries at every step of a sequence.
    joint
        Of keys: whether those of a step are judged and drawn together, from the lowest to the highest, each given those
        below it too, and not each by itself. Together they are learned some three times more slowly.
    n_members
        Networks, each from its own start, whose probabilities of each step are averaged.
    training
        How to train; None for `tasks.fitting.TRAINING`, of keys with a learning rate of 0.006 and a patience of 15. Its
        updates, batches, checks and held-out part come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    tokens_ : tuple of str or None
        By column of `predict_proba`: the mark that sequences begin and end with, unknown tokens, then the known ones.
    n_keys_ : int or None
        Of steps of keys.
    conditions_ : ndarray or None
        Labels that sequences are written for, sorted.
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss, in nats per step; the first is before training.
    n_parameters_ : int
        Numbers learned.

    Source: Graves (2013), Generating sequences with recurrent neural networks, arXiv 1308.0850, sections 2 and 3;
    Boulanger-Lewandowski, Bengio & Vincent (2012), Modeling temporal dependencies in high-dimensional sequences, ICML,
    for keys; Williams & Peng (1990), Neural Computation 2, for truncation; Press & Wolf (2017), EACL, for tied vectors.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {"unit": tuple(UNITS)}
    _LEAST: ClassVar[Mapping[str, int]] = {"hidden_size": 1, "layers": 1, "embedding": 0, "n_members": 1, "seed": 0}
    _SWITCHES: ClassVar[tuple[str, ...]] = ("tied", "variational", "joint")
    _VALIDATION: ClassVar[str] = "a fraction below 1, a pair (X, y) as a tuple, y None without conditions, or None"

    tokens_: tuple[str, ...] | None
    n_keys_: int | None
    conditions_: NDArray[Any] | None
    _network: Writer

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden_size: int = 256,
        layers: int = 1,
        embedding: int = 64,
        vectors: str | Path | None = None,
        tied: bool = False,
        unit: Unit = "characters",
        vocabulary: Vocabulary | None = None,
        truncate: int | None = None,
        dropout: float = 0.2,
        variational: bool = False,
        joint: bool = True,
        n_members: int = 1,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.cell, self.hidden_size, self.layers, self.embedding = cell, hidden_size, layers, embedding
        self.vectors, self.tied, self.unit, self.vocabulary = vectors, tied, unit, vocabulary
        self.truncate, self.dropout, self.variational = truncate, dropout, variational
        self.joint, self.n_members, self.training, self.seed = joint, n_members, training, seed

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | tuple[Any, Any] | None = 0.1,
    ) -> Self:
        """Learn to write sequences like these.

        Parameters
        ----------
        X
            One long text, or N sequences: texts, lists of tokens, or arrays.
        y
            What each is written for: a label, shape (N,), or a vector of numbers, (N, C); None for nothing. It stands
            beside every step.
        epochs
            Times that every step is seen, at most; at least 1. None for what makes 1,500 updates, but 8 to 500.
        batch_size
            Sequences per update, at least 1; one long text is cut into so many neighbouring parts. None for 32, of keys
            for a hundredth of the pieces, from 2 to 32: few pieces are learned from by many updates.
        validation
            What training is stopped by, and learns nothing from: a fraction, of a long text its end, otherwise
            sequences drawn by seed, never all of a label; a pair (X, y), or None or 0 for nothing. Where nothing is
            held out the last epoch is kept.

        Raises
        ------
        DataError
            If sequences or conditions cannot be used, or are longer than memory allows, with place and repair.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        self._check(self._schedule(epochs, batch_size))
        given = Given.of(X, y, self.unit)
        learned, held = self._parted(given, validation, lambda X, y: Given.of(X, y, self.unit, name="validation"))
        if self.tied and given.kind != "tokens":
            raise SettingError("tied scores tokens by their vectors; leave it out for sequences of numbers.")
        data = Read.learn(learned, self._unfitted_vocabulary(), given.kind)
        size = rules.batch_size_of(data.kind, len(learned.numbers)) if batch_size is None else batch_size
        known = (self._parts(data, learned, size), self._parts(data, held, size) if held else None)
        n_updates = len(known[0].order(size, self.seed))
        n_epochs = self._USUAL.epochs(n_updates) if epochs is None else epochs
        mean_length = known[0].n_steps / len(known[0]) if known[0].truncate is None else None
        return self._learn(data, Surprise(mean_length), known, self._schedule(n_epochs, size))

    def generate(
        self,
        n: int = 1,
        *,
        prefix: Any = None,
        condition: Any = None,
        length: int | None = None,
        sampling: Sampling = Sampling(),
        seed: int | None = None,
    ) -> list[Any]:
        """Return `n` new sequences of the kind of training: texts, lists of tokens, or arrays of shape (T, K).

        Parameters
        ----------
        n
            How many, at least 1.
        prefix
            What all of them begin with, a text, a list of tokens or an array; it is returned with them as it is.
        condition
            What they are written for: one label or vector for all, or one for each.
        length
            Steps that are written, at most; None for until it ends, but at most twice the longest of training; where
            nothing ends, 500 tokens of a long text, or the median length of training.
        sampling
            Temperature, and what is drawn from.
        seed
            Of chance; None for the seed of the estimator.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        DataError, SettingError
            If the prefix holds what training did not, or an argument is outside its limits or no `Sampling`.
        """
        made = self.write(n, prefix=prefix, condition=condition, length=length, sampling=sampling, seed=seed)
        return [one.sequence for one in made]

    def write(
        self,
        n: int = 1,
        *,
        prefix: Any = None,
        condition: Any = None,
        length: int | None = None,
        sampling: Sampling = Sampling(),
        seed: int | None = None,
    ) -> list[Written]:
        """Return what `generate` does, each with the surprise at every step that was written. Takes what it takes."""
        self._check_fitted()
        for name, value, least in (("n", n, 1), ("length", length, 1), ("seed", seed, 0)):
            if value is not None or name == "n":
                check_whole(name, value, least=least)
        data = self._data
        if not isinstance(sampling, Sampling):
            raise SettingError(f"sampling is {sampling!r}; it must be a Sampling, such as Sampling(temperature=0.5).")
        sampling.check(tokens=data.kind == "tokens")
        given = asked.begun(data, self.unit, (prefix, condition), n)
        begun = prefix if data.texts and isinstance(prefix, str) else given.sequences.items[0]
        made, surprise = writing.continued(
            self._network,
            np.stack(data.begun(given), axis=1),
            sampling,
            n_steps=length or data.most_steps,
            generator=torch.Generator().manual_seed(int(self.seed if seed is None else seed)),
        )
        ends = [writing.ends(made[:, b]) if data.ends else len(made) for b in range(n)]
        return [
            Written(data.written(begun, made[:end, b], self.unit), surprise[: end + 1, b]) for b, end in enumerate(ends)
        ]

    def predict_proba(self, X: Any, y: Any = None) -> Floats:
        """Return the probability of each token, (N, V), or key, (N, K), after each of these; of values their means.

        Parameters
        ----------
        X
            What has been written so far: N sequences, or one text.
        y
            What they are written for, as in `fit`.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        given = Given.of(X, y, self.unit)
        ahead = [writing.after(self._network, one[:, None])[0] for one in self._data.begun(given)]
        made = self._network.said.told(torch.cat(ahead)).numpy()
        if self._data.kind == "values":
            made = made * self._data.reader.spread + self._data.reader.mean
        return np.asarray(made)

    def surprises(self, X: Any, y: Any = None) -> list[Floats]:
        """Return minus the logarithm of the probability of each step given those before, N arrays of shape (T,), nats.

        Texts and lists of tokens have a step more: that they end there. Values are in units of their spread in
        training.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences are not like those of training.
        """
        self._check_fitted()
        return surprises(self._network, self._data.passages(Given.of(X, y, self.unit)))

    def bits(self, X: Any, y: Any = None) -> float:
        """Return the bits per character, word or step that it takes to say these sequences, less is better.

        Raises what `surprises` does.
        """
        return float(np.concatenate(self.surprises(X, y)).mean()) / math.log(2)

    def perplexity(self, X: Any, y: Any = None) -> float:
        """Return two to the power of `bits`: among how many equally probable tokens it would be as unsure."""
        return float(2 ** self.bits(X, y))

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus `bits`, so that more is better, as searches for settings want it."""
        return -self.bits(X, y)

    def inspect(self, sequence: Any, condition: Any = None) -> Inspection:
        """Return what one sequence did to the network: what surprised it, what it expected, how open each gate was.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequence is empty or not like those of training.
        """
        self._check_fitted()
        items = [asked.item(self._data, self.unit, sequence, name="the sequence")]
        return inspected(self._network, self._data, asked.like(self._data, items, condition))

    def fill(
        self, sequence: Any, candidates: Sequence[str] | None = None, *, condition: Any = None, n: int = 5
    ) -> list[Filled]:
        """Return what most probably stands in the blank ``___`` of a sequence, judged by the probability of the whole.

        Parameters
        ----------
        sequence
            A text, or a list of tokens, with one blank.
        candidates
            What may stand there; None for every known token.
        condition
            What the sequence is written for, as in `generate`.
        n
            How many are returned, at most; at least 1.

        Raises
        ------
        NotFittedError, DataError, SettingError
            If `fit` was not called, there is not one blank, or candidates or arguments cannot be used.
        """
        self._check_fitted()
        check_whole("n", n, least=1)
        tried, given = asked.filled(self._data, self.unit, (sequence, candidates, condition))
        found = surprises(self._network, self._data.passages(given))
        return ranked(tried, np.array([one.sum() for one in found]), n)

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.truncate is not None:
            check_whole("truncate", self.truncate, least=1)
        if not self.embedding and (self.tied or self.vectors is not None):
            raise SettingError("embedding is 0, so tokens have no vectors to tie or to start from; set their width.")

    def _usual(self, data: Read) -> Training:
        return rules.training_of(data.kind)

    def _unfitted_vocabulary(self) -> Vocabulary:
        if self.vocabulary is None and self.unit == "words":
            return Vocabulary(min_count=rules.LEAST_COUNT)
        return super()._unfitted_vocabulary()

    def _parts(self, data: Read, given: Given, batch_size: int) -> Passages:
        """Return sequences as numbers; a long text as neighbouring parts, each at least one stretch long."""
        truncate = rules.STRETCH if self.truncate is None and given.long else self.truncate
        made = data.passages(given, truncate=truncate)
        if given.long and truncate is not None:
            return made.cut(min(batch_size, max(made.n_steps // truncate, 1)))
        return made

    def _together(self, networks: Sequence[GenerativeNetwork]) -> torch.nn.Module:
        return networks[0] if self.n_members == 1 else GenerativeMembers(networks)

    def _drawn(self, data: Read, generator: torch.Generator) -> GenerativeNetwork:
        """Return the network with fresh parameters."""
        return built(lambda: self._network_of(data, generator), generator)

    def _network_of(self, data: Read, generator: torch.Generator) -> GenerativeNetwork:
        lost = Lost(Dropout(self.dropout, generator), variational=self.variational)
        steps = Steps(data.width, self.embedding, lost)
        design = Layers(self.cell, self.hidden_size, self.layers, bidirectional=False, dropout=self.dropout)
        layers = recurrent(design, steps.width, generator)
        return GenerativeNetwork(steps, layers, lost, data.said(joint=self.joint, lost=lost), tied=self.tied)

    def _remembered(self, state: Tree) -> Read:
        return Read.from_state(state)

    def _took(self, data: Read) -> None:
        known = data.reader.vocabulary
        self.n_keys_ = data.reader.n_channels if data.kind == "notes" else None
        self.conditions_ = None if data.conditions is None else data.conditions.classes
        self.tokens_ = None if known is None else ("<end>", *known.tokens_[1:])
