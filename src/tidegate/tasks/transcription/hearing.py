"""What a transcriber reads: frames of a spectrogram of recordings, or other sequences as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.errors import DataError
from tidegate.features.spectrogram import QUIETEST, Spectrogram
from tidegate.tasks.places import faulty
from tidegate.tasks.sequences import Sequences, taken

if TYPE_CHECKING:
    from tidegate.tasks.transcription.transcripts import Transcribed


def sequences_of(X: Any, rate: int | None, bands: int, name: str) -> Sequences:
    """Return what a user gave as arrays of steps and channels.

    Parameters
    ----------
    X
        Recordings of shape (T,), or arrays of shape (T,) or (T, I).
    rate
        Samples per second of recordings, which become frames of a spectrogram; None for other sequences.
    bands
        Of the spectrogram.
    name
        What they are called in messages.

    Raises
    ------
    DataError
        If they cannot be used, with the place and the repair.
    """
    given = taken(X, None, name=name)
    if given.kind == "tokens":
        raise DataError(f"{name} holds tokens", repair="Give recordings, or arrays of numbers.")
    if rate is None:
        return given
    n_channels = given.items[0].shape[1]
    if n_channels != 1:
        raise DataError(
            f"{name} holds arrays of {n_channels} channels, but rate is {rate:,}: a recording has one",
            repair="Give samples of shape (T,), or leave rate out.",
        )
    spectrogram = Spectrogram(rate, bands)
    return Sequences("values", [spectrogram.log_mel(item[:, 0]) for item in given.items])


def check_sound(given: Transcribed, name: str) -> None:
    """Refuse recordings of silence in which something was said.

    Raises
    ------
    DataError
        With the recording and its transcript.
    """
    for k, (item, said) in enumerate(zip(given.sequences.items, given.transcripts.items, strict=True)):
        if said and (item == QUIETEST).all():
            raise faulty(
                k,
                name,
                f"is silent throughout, but its transcript says {''.join(said)!r:.40}",
                "Leave it out, or give it an empty transcript.",
            )
