import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.features.spectrogram import Spectrogram
from tidegate.tasks.transcription.hearing import check_sound, sequences_of
from tidegate.tasks.transcription.transcripts import Transcribed


def test_recordings_become_frames_and_other_sequences_stay():
    waves = [np.random.default_rng(0).normal(size=n) for n in (500, 900)]
    made = sequences_of(waves, 8_000, 24, "X")
    for wave, item in zip(waves, made.items, strict=True):
        np.testing.assert_array_equal(item, Spectrogram(8_000, 24).log_mel(wave))
    strokes = [np.ones((4, 3)), np.ones((2, 3))]
    assert [one.shape for one in sequences_of(strokes, None, 24, "X").items] == [(4, 3), (2, 3)]


def test_what_cannot_be_heard():
    with pytest.raises(DataError, match=r"X holds tokens. Give recordings, or arrays of numbers"):
        sequences_of([["a", "b"]], None, 24, "X")
    with pytest.raises(DataError, match=r"X holds arrays of 2 channels, but rate is 8,000: a recording has one"):
        sequences_of([np.ones((9, 2))], 8_000, 24, "X")
    with pytest.raises(DataError, match=r"sequence 1 of X is empty"):
        sequences_of([np.ones(9), np.ones(0)], 8_000, 24, "X")
    with pytest.raises(DataError, match=r"sequence 0 of X holds nan at step 1"):
        sequences_of([np.array([1, np.nan])], 8_000, 24, "X")


def test_silence_says_nothing():
    waves = [np.zeros(900), np.random.default_rng(0).normal(size=900)]
    check_sound(Transcribed.of(sequences_of(waves, 8_000, 24, "X"), ["", "4"]), "X")
    with pytest.raises(
        DataError, match=r"row 0: sequence 0 of X is silent throughout, but its transcript says '42'. Leave it out, or"
    ):
        check_sound(Transcribed.of(sequences_of(waves, 8_000, 24, "X"), ["42", "4"]), "X")
