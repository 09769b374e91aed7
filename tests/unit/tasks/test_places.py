import re

import numpy as np
import pytest

from tidegate import (
    SequenceClassifier,
    SequenceGenerator,
    SequenceTagger,
    SequenceTranscriber,
    SequenceTranslator,
)
from tidegate.data.labelled import Labelled
from tidegate.data.parallel import Parallel
from tidegate.data.recordings import Recordings
from tidegate.data.tagged import Tagged
from tidegate.errors import DataError
from tidegate.tasks.generation import trial as generation
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.places import counted_as, faulty, place
from tidegate.tasks.transcription import trial as transcription
from tidegate.tasks.translation import trial as translation
from tidegate.tasks.trials import classifier, tagger

N = 50
TOKENS = [["tide"] * (3 + k) for k in range(N)]
TEXTS = [" ".join(one) for one in TOKENS]
WAVES = [np.sin(np.arange(80 * (3 + k))) for k in range(N)]
TRIALS = {
    "classifier": (classifier, SequenceClassifier(), Labelled(TOKENS, np.arange(N) % 2)),
    "tagger": (tagger, SequenceTagger(), Tagged(TOKENS, [["a", *"b" * (2 + k)] for k in range(N)])),
    "translator": (
        translation,
        SequenceTranslator(unit="words"),
        Parallel(TEXTS, TEXTS),
    ),
    "generator": (generation, SequenceGenerator(unit="words"), Corpus(TEXTS, None)),
}


def test_sequences_are_called_by_their_own_numbers_inside_the_body_alone():
    with counted_as(np.array([4, 7])):
        assert (place(1), str(faulty(np.int64(0), "y is odd", "Leave it out."))) == (
            7,
            "row 4: sequence 4 of y is odd. Leave it out.",
        )
    assert place(1) == 1


@pytest.mark.parametrize("name", TRIALS)
def test_what_cannot_be_learned_from_is_named_by_its_place_in_the_data(name, monkeypatch):
    """A fifth is set aside first, so that the places among what is left are others."""
    trial, model, given = TRIALS[name]
    monkeypatch.setattr("tidegate.tasks.limits.MOST_KEPT", 1)
    with pytest.raises(DataError) as error:
        trial.tried(model, given, None, epochs=1, batch_size=1)
    row, steps = map(int, re.search(r"sequence (\d+) has (\d+) steps", str(error.value)).groups())
    assert row == error.value.place.row
    assert steps - len(TOKENS[row]) in (0, name == "generator")


@pytest.mark.parametrize("k", [35, 45])
def test_a_recording_too_short_for_its_transcript_is_named_by_its_place(k):
    given = Recordings(WAVES, [*["a"] * k, "abcdefgh" * 20, *["a"] * (N - k - 1)], 8000, [])
    with pytest.raises(DataError) as error:
        transcription.tried(SequenceTranscriber(rate=8000), given, None, epochs=1, batch_size=1)
    assert error.value.place.row == k
