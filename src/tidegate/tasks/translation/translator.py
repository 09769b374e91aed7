"""Many-to-many, unaligned: a sequence of tokens into one of another length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

from tidegate.checks import check_whole
from tidegate.nn.attention import AdditiveAttention, ScaledDotProductAttention
from tidegate.nn.cells import catalogue
from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks import fitting
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.tasks.fitting import Usual
from tidegate.tasks.network import Layers, recurrent, step_input
from tidegate.tasks.translation import search
from tidegate.tasks.translation.alignment import Alignment, aligned
from tidegate.tasks.translation.judging import fitting_measure, measured
from tidegate.tasks.translation.network import Decoder, Encoder, Surprise, TranslationNetwork
from tidegate.tasks.translation.pairs import PairedExamples, Pairs, asked
from tidegate.tasks.translation.sides import Side
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.tasks.reading import Reader
    from tidegate.tasks.translation.judging import Measure
    from tidegate.tasks.translation.network import Encoded
    from tidegate.tasks.translation.search import Hypothesis
    from tidegate.tasks.translation.sides import Unit

Looks = Literal["dot", "additive"]

TRAINING = fitting.TRAINING._replace(learning_rate=0.002, patience=4)
"""How translators are trained by default."""

_LONGER, _MORE = 1.5, 10
"""A target is at most so many times as long as the source's share of training, and so many tokens more."""


class Translation(NamedTuple):
    """A target that was found for a source.

    Attributes
    ----------
    target
        A text, or a list of tokens, as those of training.
    score
        Mean logarithm of the probability of its tokens, at most 0.
    finished
        Whether it ended by itself; False where it was cut off at the longest that is searched for.
    """

    target: Any
    score: float
    finished: bool


class Read(NamedTuple):
    """What a translator learns of the data beside its network.

    Attributes
    ----------
    source, target
        Sequences as numbers.
    longest
        Tokens of the longest target of training.
    ratio
        Tokens of all targets of training to those of all sources.
    measure
        What scores are, by the targets.
    rare
        Which source tokens occur once in training; None after loading.
    """

    source: Side
    target: Side
    longest: int
    ratio: float
    measure: Measure
    rare: NDArray[np.bool_] | None = None

    @property
    def reader(self) -> Reader:
        """What makes numbers of source tokens."""
        return self.source.reader

    def limit(self, n_steps: int) -> int:
        """Return the most tokens of the target of a source of `n_steps` tokens."""
        return max(round(_LONGER * self.longest), round(_LONGER * self.ratio * n_steps)) + _MORE

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        sides = {"source": self.source.state(), "target": self.target.state()}
        return {**sides, "longest": self.longest, "ratio": self.ratio, "measure": self.measure}

    @classmethod
    def from_state(cls, state: Tree) -> Read:
        """Return what gave this `state`."""
        sides = Side.from_state(state["source"]), Side.from_state(state["target"])
        return cls(*sides, state["longest"], state["ratio"], state["measure"])


class SequenceTranslator(SequenceEstimator[Read]):
    """Says a sequence in other words: an encoder reads the source, a decoder with attention says the target.

    Sources and targets are texts, or lists of tokens, of any lengths: sentences of two languages, texts and summaries,
    questions and answers, numbers in words and in digits. Sources may be arrays of numbers too, of shape (T, I), or
    films, (T, height, width), which are captioned so. Pieces, vocabularies and scales are learned in `fit` from what is
    not held out, and from nothing else.

    Parameters
    ----------
    unit
        What texts are cut into: "pieces", frequent parts of words, learned; "words"; "characters". Lists of tokens stay
        as they are.
    n_tokens
        Most tokens that are known of either side, two special ones among them, at least 4.
    lowercase
        Whether texts are put in lower case; then targets are said in lower case too.
    cell
        "gru", "lstm", "elman" or any other of `tidegate cells`.
    hidden_size, layers, bidirectional
        Of the encoder; the decoder has two layers of that size, one beneath the attention and one above.
    embedding
        Width of a token's vector, at least 1.
    attention
        "dot" (scaled product) or "additive".
    dropout
        Fraction of vectors, states and readouts, in [0, 1).
    smoothing
        Share of probability that training wants for all tokens alike, in [0, 1).
    measure
        What `score` is: "bleu"; "exact", the share that is right as a whole; "auto": "exact" where half of the targets
        of training have fewer than four words, too few for BLEU.
    training
        How to train; None for `tasks.translation.translator.TRAINING`. Updates, batches, checks and the held-out part
        come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss, in nats per token of a mean target, smoothed; the first
        is before training.
    measure_ : str
        What `score` is: "bleu" or "exact".
    n_parameters_ : int
        Numbers learned.

    Source: Bahdanau, Cho & Bengio (2015), Neural machine translation by jointly learning to align and translate, ICLR;
    Luong, Pham & Manning (2015), Effective approaches to attention-based neural machine translation, EMNLP, whose
    attention asks with the decoder's newest state, as here.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "unit": ("pieces", "words", "characters"),
        "attention": ("dot", "additive"),
        "measure": ("auto", "bleu", "exact"),
    }
    _LEAST: ClassVar[Mapping[str, int]] = {"n_tokens": 4, "hidden_size": 1, "layers": 1, "embedding": 1, "seed": 0}
    _FRACTIONS: ClassVar[tuple[str, ...]] = ("dropout", "smoothing")
    _SWITCHES: ClassVar[tuple[str, ...]] = ("bidirectional", "lowercase")
    _USUAL = Usual(batch_size=64, n_updates=4_000, fewest=10, most=200)

    vectors = None
    vocabulary = None
    measure_: Measure
    _network: TranslationNetwork

    def __init__(
        self,
        *,
        unit: Unit = "pieces",
        n_tokens: int = 5_000,
        lowercase: bool = False,
        cell: str = "gru",
        hidden_size: int = 256,
        layers: int = 1,
        bidirectional: bool = True,
        embedding: int = 256,
        attention: Looks = "dot",
        dropout: float = 0.3,
        smoothing: float = 0.1,
        measure: Literal["auto", "bleu", "exact"] = "auto",
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.unit, self.n_tokens, self.lowercase = unit, n_tokens, lowercase
        self.cell, self.hidden_size, self.layers, self.bidirectional = cell, hidden_size, layers, bidirectional
        self.embedding, self.attention, self.dropout = embedding, attention, dropout
        self.smoothing, self.measure, self.training, self.seed = smoothing, measure, training, seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | tuple[Any, Any] | None = 0.1,
    ) -> Self:
        """Learn from sources and their targets; the same source may have several.

        Parameters
        ----------
        X
            N sources: texts, lists of tokens, or arrays of numbers.
        y
            N targets: texts, or lists of tokens.
        epochs
            Times that every pair is seen, at most; at least 1. None makes about 4,000 updates, in 10 to 200 epochs.
        batch_size
            Pairs per update, at least 1; None for 64.
        validation
            What training is stopped by, and learns nothing from: a fraction of the sources, rounded and drawn by seed,
            a pair (X, y), or None or 0 for nothing; then the last epoch is kept.

        Raises
        ------
        DataError
            If sources or targets cannot be used, with the place and the repair.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        self._check(self._schedule(epochs, batch_size))
        given = Pairs.of(X, y)
        named = ("X of validation", "y of validation")
        learned, held = self._parted(given, validation, lambda X, y: Pairs.of(X, y, names=named))
        data, known = self._read(learned)
        judged = self._examples(held, data) if held else None
        losses = Surprise(known.mean_length, self.smoothing)
        return self._learn(data, losses, (known, judged), self._schedule(epochs, batch_size, len(learned.sources)))

    def predict(self, X: Any, *, beam: int = 5) -> list[Any]:
        """Return the best target that the search finds for each source, N texts or lists of tokens.

        Parameters
        ----------
        X
            N sources.
        beam
            Hypotheses that are kept at each step, at least 1, which takes the best token each time.

        Raises
        ------
        NotFittedError, DataError, SettingError
            If `fit` was not called, the sources are not like those of training, or `beam` is outside its limits.
        """
        return [found[0].target for found in self.decode(X, beam=beam)]

    def decode(self, X: Any, *, beam: int = 5) -> list[list[Translation]]:
        """Return what the search finds for each source, the best first: at most `beam` targets with their scores.

        Arguments and errors as of `predict`.
        """
        self._check_fitted()
        check_whole("beam", beam, least=1)
        items = self._data.source.read(asked(X, name="X"))
        return [[self._translation(one) for one in found] for found in self._found(items, beam)]

    def score(self, X: Any, y: Any) -> float:
        """Return how good what is said of all sources is, in percent: `measure_`, BLEU as of `scoring.bleu`.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or sources or targets cannot be used.
        """
        self._check_fitted()
        given = Pairs.of(X, y)
        return measured(self.predict(given.sources), given.targets, self.measure_, lowercase=self.lowercase)

    def inspect(self, source: str | list[str]) -> Alignment:
        """Return what is said of a source, and which of its tokens each token that is said looked at.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the source is not like those of training.
        """
        self._check_fitted()
        item = self._data.source.read(asked([source], name="X"))[0]
        best = self._found([item], 5)[0][0]
        tokens = self._data.source.cut([source])[0]
        return aligned(self._network, item, best, (tokens, self._data.target))

    def _found(self, items: Sequence[NDArray[Any]], beam: int) -> list[list[Hypothesis]]:
        """Return what the search finds for sources as numbers."""
        network = self._network
        network.eval()

        def way(encoded: Encoded) -> list[list[Hypothesis]]:
            limits = [self._data.limit(int(n)) for n in encoded.lengths]
            return search.best(network.decoder, encoded, limits, beam)

        return fitting.told(network.encoder, items, way)

    def _translation(self, one: Hypothesis) -> Translation:
        return Translation(self._data.target.written(one.numbers), one.score, one.finished)

    def _read(self, given: Pairs) -> tuple[Read, PairedExamples]:
        """Return what is learned of training pairs, and the pairs as numbers."""
        source, target = (
            Side.learn(items, self.unit, self.n_tokens, lowercase=self.lowercase)
            for items in (given.sources, given.targets)
        )
        asked, wanted = source.read(given.sources), target.read(given.targets, name="y")
        n_asked, n_wanted = (sum(map(len, items)) for items in (asked, wanted))
        rare = source.rare(given.sources)
        measure = fitting_measure(given.targets) if self.measure == "auto" else self.measure
        data = Read(source, target, max(map(len, wanted)), n_wanted / n_asked, measure, rare)
        return data, PairedExamples(asked, wanted, given.numbers)

    def _examples(self, given: Pairs, data: Read) -> PairedExamples:
        wanted = data.target.read(given.targets, name="y of validation")
        return PairedExamples(data.source.read(given.sources, name="X of validation"), wanted, given.numbers)

    def _drawn(self, data: Read, generator: torch.Generator) -> TranslationNetwork:
        """Return the network with fresh parameters."""
        return built(lambda: self._network_of(data, generator), generator)

    def _network_of(self, data: Read, generator: torch.Generator) -> TranslationNetwork:
        dropout = Dropout(self.dropout, generator)
        steps = step_input(data.source.reader, self.embedding, dropout, rare=data.rare)
        design = Layers(self.cell, self.hidden_size, self.layers, self.bidirectional, self.dropout)
        encoder = Encoder(steps, recurrent(design, steps.width, generator), dropout)
        width = encoder.layers.output_size
        kind = ScaledDotProductAttention if self.attention == "dot" else AdditiveAttention
        decoder = Decoder(
            (len(data.target.tokens), self.embedding),
            self.hidden_size,
            cell=catalogue.kind(self.cell)(),
            attention=kind(self.hidden_size, width, self.hidden_size),
            source_size=width,
            dropout=dropout,
        )
        return TranslationNetwork(encoder, decoder)

    def _remembered(self, state: Tree) -> Read:
        return Read.from_state(state)

    def _took(self, data: Read) -> None:
        self.measure_ = data.measure
