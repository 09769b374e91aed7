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
from tidegate.tasks.places import Origin, counted_as, faulty, located, place
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
        assert (place(1), str(faulty(np.int64(0), "y", "is odd", "Leave it out."))) == (
            7,
            "row 4: sequence 4 of y is odd. Leave it out.",
        )
    assert place(1) == 1


def test_sequences_are_called_by_their_lines_inside_the_body_alone():
    with located(Origin("a.tsv", lambda: [2, 3, 5]), Origin("b.npz")), counted_as(np.array([2, 0])):
        found = faulty(0, "X", "is empty", "Fill it.")
        assert (found.place.row, str(found)) == (5, "row 5: line 5 of a.tsv is empty. Fill it.")
        found = faulty(1, "the targets of the test", "is empty", "Fill it.")
        assert (found.place.row, found.problem) == (0, "sequence 0 of b.npz is empty")
        assert faulty(1, "", "is long", "Cut it.").problem == "line 2 of a.tsv is long"
    assert faulty(0, "X", "is empty", "").problem == "sequence 0 of X is empty"


def test_what_has_no_name_is_from_the_data_only_while_these_are_learned_from():
    with located(Origin("a.tsv", lambda: [2, 3, 5])):
        assert faulty(1, "", "is long", "").problem == "sequence 1 is long"


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
