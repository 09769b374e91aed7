"""What a recurrent transcriber must beat: pieces cut where it is quiet, and a support vector machine on each.

Axis letters: T frames or steps, I bands or channels.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tidegate.tasks.transcription.edits import of_all
from tidegate.tasks.transcription.hearing import sequences_of
from tidegate.tasks.transcription.transcripts import Transcribed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_POOLS, _FIRMNESS = 8, 100.0
_LOUD, _PAUSES, _SHORTEST = (-20.0, -30.0, -40.0, -50.0), (2, 4, 8, 16), 4
"""Decibels from which on a frame counts as sound; frames of quiet that end a piece; fewest frames of one."""


class Cut(NamedTuple):
    """How sequences are cut into pieces.

    Attributes
    ----------
    loud
        Decibels below the loudest from which on a frame is sound; None cuts into even parts instead.
    pause
        Frames of quiet that end a piece.
    steps
        Of an even part, on average.
    """

    loud: float | None
    pause: int
    steps: float


class PieceByPiece(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Cuts a sequence into pieces, and names each by a support vector machine on its spectrogram, pooled over time.

    Where every transcript has one token, a sequence is one piece. Recordings are otherwise cut where they are quiet,
    for how long and how quiet as gives the most training recordings as many pieces as tokens, which the machine then
    learns from. Other sequences are cut into even parts of the mean length of a token.

    Parameters
    ----------
    rate
        Samples per second of recordings; None for other sequences.
    bands
        Of the spectrogram.
    """

    def __init__(self, *, rate: int | None = None, bands: int = 40) -> None:
        self.rate, self.bands = rate, bands

    def fit(self, X: Any, y: Any) -> Self:
        """Learn where to cut, and to name pieces.

        Raises
        ------
        DataError
            If sequences or transcripts cannot be used.
        """
        given = Transcribed.of(sequences_of(X, self.rate, self.bands, "X"), y)
        frames, transcripts = given.sequences.items, given.transcripts
        self.form_ = transcripts.form
        self.cut_ = self._chosen(frames, transcripts.items)
        cut = zip((_pieces(one, self.cut_) for one in frames), transcripts.items, strict=True)
        told = [pair for pieces, said in cut if len(pieces) == len(said) for pair in zip(pieces, said, strict=True)]
        known = [token for _, token in told] or [given.transcripts.every[0]]
        pooled = np.stack([_pooled(piece) for piece, _ in told] or [_pooled(frames[0])])
        self.learned_ = len(set(known)) > 1
        rule = SVC(C=_FIRMNESS) if self.learned_ else DummyClassifier()
        scaled = [StandardScaler()] if self.rate is None else []  # bands are all in decibels
        self.model_ = make_pipeline(*scaled, rule).fit(pooled, known)
        return self

    def predict(self, X: Any) -> list[Any]:
        """Return what is said in each sequence, texts or lists of tokens."""
        frames = sequences_of(X, self.rate, self.bands, "X").items
        pieces = [_pieces(one, self.cut_) for one in frames]
        pooled = [_pooled(piece) for own in pieces for piece in own]
        named = self.model_.predict(np.stack(pooled)).tolist() if pooled else []
        ends = np.cumsum([0, *map(len, pieces)]).tolist()
        said = [named[begin:end] for begin, end in pairwise(ends)]
        return ["".join(one) for one in said] if self.form_ == "text" else said

    def score(self, X: Any, y: Any) -> float:
        """Return 1 minus the token error rate, at most 1."""
        wanted = Transcribed.of(sequences_of(X, self.rate, self.bands, "X"), y).transcripts.items
        return 1.0 - of_all(wanted, [list(one) for one in self.predict(X)]).rate

    @property
    def called(self) -> str:
        """What it is called in a sentence, once fitted."""
        if not self.learned_:
            return "one token for every piece, since no pieces could be told apart"
        if not self.cut_.steps:
            return "a support vector machine on pooled frames"
        where = "where it is quiet" if self.cut_.loud is not None else "into even parts"
        return f"a support vector machine on pieces cut {where}"

    def _chosen(self, frames: list[Floats], transcripts: list[list[str]]) -> Cut:
        """Return the cut that fits most transcripts."""
        sizes = np.array([len(one) for one in transcripts])
        if (sizes == 1).all():
            return Cut(None, 0, 0.0)
        even = sum(map(len, frames)) / sizes.sum()
        if self.rate is None:
            return Cut(None, 0, even)
        cuts = [Cut(loud, pause, even) for loud, pause in product(_LOUD, _PAUSES)]
        fits = [sum(len(_pieces(one, cut)) == n for one, n in zip(frames, sizes, strict=True)) for cut in cuts]
        return cuts[int(np.argmax(fits))]


def _pieces(frames: Floats, cut: Cut) -> list[Floats]:
    """Return the parts of a sequence that say a token each, of shape (T, I)."""
    if cut.loud is None:
        return np.array_split(frames, max(round(len(frames) / cut.steps), 1)) if cut.steps else [frames]
    sounds = np.flatnonzero(frames.max(axis=1) >= cut.loud)
    runs = np.split(sounds, np.flatnonzero(np.diff(sounds) > cut.pause) + 1)
    return [frames[run[0] : run[-1] + 1] for run in runs if len(run) >= _SHORTEST]


def _pooled(frames: Floats) -> Floats:
    """Return the mean of each band over each eighth of the time, and the logarithm of how long it was."""
    edges = np.linspace(0, len(frames), _POOLS + 1)
    parts = [frames[int(a) : max(int(np.ceil(b)), int(a) + 1)].mean(axis=0) for a, b in pairwise(edges)]
    return np.concatenate([*parts, [np.log(len(frames))]])
