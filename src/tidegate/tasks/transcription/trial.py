"""A transcriber tried out: part of the data set aside, a simple model beside it, and what it heard when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.errors import DataError, SettingError
from tidegate.tasks.places import counted_as
from tidegate.tasks.transcription.hearing import sequences_of
from tidegate.tasks.transcription.judging import Judgement
from tidegate.tasks.transcription.simple import PieceByPiece
from tidegate.tasks.trial import SET_ASIDE, in_turns, left, shared, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.recordings import Recordings
    from tidegate.tasks.transcription.heard import Heard, Spikes
    from tidegate.tasks.transcription.transcriber import SequenceTranscriber

    Floats = NDArray[np.float64]


class Example(NamedTuple):
    """One test sequence, listened to closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    wanted, simple_said
        What it says, and what the simple model says.
    heard
        What the transcriber says, how surely, and when.
    spikes
        What its network says as time goes.
    frames
        What it reads, shape (T, I): of a recording decibels, -80 to 0, by frames of 10 ms and bands, low ones first.
    """

    number: int
    wanted: str
    simple_said: str
    heard: Heard
    spikes: Spikes
    frames: Floats


@dataclass(frozen=True)
class Trial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sequences.
    numbers
        Places of the test sequences in the file that they are from, counted from 0, shape (N,).
    heard
        The most probable transcript of each.
    simple_seconds, seconds
        To fit the simple model, and the transcriber.
    right, wrong
        Test sequences it was surest of by the token, and was right or wrong on.
    notes
        What one should know of the data.
    """

    model: SequenceTranscriber
    judgement: Judgement
    numbers: NDArray[np.int64]
    heard: list[Heard]
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    notes: list[str]

    def frame(self) -> pd.DataFrame:
        """Return one row for each test sequence: what it says, what was said, how surely, what simply, and errors."""
        told = self.judgement
        return pd.DataFrame({
            "sequence": self.numbers,
            "transcript": ["".join(one) for one in told.wanted],
            "said": [one.said for one in self.heard],
            "probability": np.exp([one.log_probability for one in self.heard]),
            "simple": ["".join(one) for one in told.simple_said],
            "errors": told.each[:, 0],
            "simple_errors": told.each[:, 1],
        })  # fmt: skip

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        return self.judgement.sentences()

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        return {**self.judgement.to_dict(), "parameters": self.model.n_parameters_, "history": self.model.history_}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the transcriber and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceTranscriber,
    given: Recordings,
    test: Recordings | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> Trial:
    """Fit a transcriber, and judge it beside a simple model on sequences that neither has seen.

    Parameters
    ----------
    model
        Not fitted yet; its `rate` is that of the recordings.
    given
        Recordings with their transcripts.
    test
        What to judge by; None for a fifth of `given`, drawn by the model's seed, which is not learned from.
    epochs, batch_size
        As for `SequenceTranscriber.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `SequenceTranscriber.fit`; or if nothing can be set aside, transcripts are missing, or rates differ.
    """
    _check(model, given, "the data")
    learned, judged, numbers, notes = _parted(given, test, model)
    started = time.perf_counter()
    with counted_as(left(len(given.sequences), numbers, test)):
        model.fit(learned.sequences, learned.transcripts, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    heard = [found[0] for found in model.decode(judged.sequences, n_best=1)]
    started = time.perf_counter()
    simple = PieceByPiece(rate=model.rate, bands=model.bands).fit(learned.sequences, learned.transcripts)
    simple_seconds = time.perf_counter() - started
    simple_said = simple.predict(judged.sequences)
    wanted = judged.transcripts or []
    told = Judgement(
        f"the {model.cell} network", simple.called, [list(one) for one in wanted],
        [list(one.said) for one in heard], [list(one) for one in simple_said],
    )  # fmt: skip
    sureness = np.array([one.log_probability / max(len(one.said), 1) for one in heard])
    order = np.argsort(-sureness, kind="stable")
    right, wrong = (
        [
            Example(int(numbers[k]), wanted[k], simple_said[k], heard[k], *_seen(model, judged.sequences[k]))
            for k in in_turns(order[told.right[order] == is_right].tolist(), wanted)
        ]
        for is_right in (True, False)
    )
    return Trial(model, told, numbers, heard, simple_seconds, seconds, right, wrong, notes)


def _seen(model: SequenceTranscriber, sequence: Floats) -> tuple[Spikes, Floats]:
    """Return what the network says of a sequence as time goes, and what it reads."""
    (frames,) = sequences_of([sequence], model.rate, model.bands, "X").items
    return model.inspect([sequence])[0], frames


def _check(model: SequenceTranscriber, given: Recordings, name: str) -> None:
    """Refuse recordings without transcripts, and those of another rate than the model's."""
    if given.transcripts is None:
        raise DataError(f"{name} hold no transcripts", repair="Give a .tsv table of files and what they say.")
    if not any(given.transcripts):
        raise DataError(f"every transcript of {name} is empty", repair="Give what was said.")
    if given.rate != model.rate:
        raise SettingError(
            f"rate is {model.rate}, but {name} hold {given.rate} samples per second; give that, or read them with "
            f"read_recordings(path, rate={model.rate})."
        )


def _parted(
    given: Recordings, test: Recordings | None, model: SequenceTranscriber
) -> tuple[Recordings, Recordings, NDArray[np.int64], list[str]]:
    """Return what to learn from, what to judge by, its places in its file, and what to say of it."""
    if test is not None:
        _check(model, test, "the test")
        both = shared(given.sequences, test.sequences)
        return given, test, np.arange(len(test.sequences)), [*given.notes, *test.notes, *both]
    n_sequences = len(given.sequences)
    n_aside = round(SET_ASIDE * n_sequences)
    if not n_aside:
        raise too_few("recordings to set a fifth aside")
    order = np.random.default_rng(model.seed).permutation(n_sequences)
    kept, aside = np.sort(order[n_aside:]), np.sort(order[:n_aside])
    learned, judged = _taken(given, kept), _taken(given, aside)
    return learned, judged, aside, [*given.notes, *shared(learned.sequences, judged.sequences)]


def _taken(given: Recordings, chosen: NDArray[np.int64]) -> Recordings:
    said = given.transcripts or []
    return given._replace(
        sequences=[given.sequences[k] for k in chosen], transcripts=[said[k] for k in chosen], notes=[]
    )
