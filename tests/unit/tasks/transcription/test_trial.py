import json

import numpy as np
import pytest

from tidegate import SequenceTranscriber
from tidegate.data.recordings import Recordings
from tidegate.errors import DataError, SettingError
from tidegate.tasks.transcription.trial import tried
from tidegate.training.settings import Training

FAST = Training(learning_rate=0.02, patience=30, held_out_fraction=0.0)
QUICK = {
    "rate": 8_000,
    "bands": 16,
    "hidden_size": 16,
    "layers": 1,
    "dropout": 0.0,
    "masked_steps": 2,
    "training": FAST,
}


@pytest.fixture(scope="module")
def given(tones):
    def made(n, seed=0, notes=()):
        X, y = tones(n, seed)
        return Recordings(X, y, 8_000, list(notes))

    return made


@pytest.fixture(scope="module")
def trial(given):
    return tried(
        SequenceTranscriber(**QUICK), given(50, notes=["2 of 50 recordings are silent."]), epochs=4, batch_size=8
    )


def test_a_fifth_is_set_aside_and_judged(trial, given):
    whole = given(50)
    assert len(trial.numbers) == 10
    assert ["".join(one) for one in trial.judgement.wanted] == [whole.transcripts[k] for k in trial.numbers]
    assert trial.judgement.simple_edits.rate < 0.2
    assert trial.notes == ["2 of 50 recordings are silent."]
    assert trial.sentences() == trial.judgement.sentences()
    assert trial.clocks()["fit_seconds"] > 0 < trial.clocks()["simple_fit_seconds"]


def test_a_row_for_each_test_sequence(trial):
    frame = trial.frame()
    assert frame["sequence"].tolist() == trial.numbers.tolist()
    assert frame["errors"].sum() == trial.judgement.edits.total
    assert frame["simple_errors"].sum() == trial.judgement.simple_edits.total
    assert frame["probability"].between(0, 1).all()
    assert ((frame["said"] == frame["transcript"]) == (frame["errors"] == 0)).all()


def test_examples_are_of_their_kind_and_surest_first(trial):
    assert all(one.heard.said == one.wanted for one in trial.right)
    assert all(one.heard.said != one.wanted for one in trial.wrong)
    assert len(trial.right) + len(trial.wrong) > 0
    assert len(trial.right) <= 4 >= len(trial.wrong)
    for side in (trial.right, trial.wrong):
        sure = [one.heard.log_probability / max(len(one.heard.said), 1) for one in side]
        assert len({one.wanted for one in side}) < len(side) or sure == sorted(sure, reverse=True)
        assert all(one.spikes.probability.shape[1] == 4 for one in side)
        assert all(one.frames.shape == (len(one.frames), 16) for one in side)
        assert all(-(-len(one.frames) // 2) == len(one.spikes.begins) for one in side)


def test_it_is_plain_numbers_and_text_without_clocks(trial):
    told = trial.to_dict()
    json.dumps(told)
    assert told["parameters"] == trial.model.n_parameters_
    assert not [name for name in told if "seconds" in name]


def test_a_test_of_its_own(given):
    test = given(8, seed=1, notes=["1 of 8 recordings were resampled."])
    trial = tried(SequenceTranscriber(**QUICK), given(20), test, epochs=1, batch_size=8)
    assert trial.numbers.tolist() == list(range(8))
    assert trial.notes == test.notes
    np.testing.assert_array_equal(["".join(one) for one in trial.judgement.wanted], test.transcripts)


def test_what_cannot_be_tried(given):
    model = SequenceTranscriber(**QUICK)
    with pytest.raises(DataError, match="there are too few recordings to set a fifth aside"):
        tried(model, given(2))
    with pytest.raises(DataError, match="the test hold no transcripts"):
        tried(model, given(9), given(3)._replace(transcripts=None))
    with pytest.raises(DataError, match="every transcript of the test is empty"):
        tried(model, given(9), given(3)._replace(transcripts=["", "", ""]))
    with pytest.raises(
        SettingError, match="rate is 8000, but the data hold 16000 samples per second; give that, or read"
    ):
        tried(model, given(9)._replace(rate=16_000))


def test_what_was_learned_from_too_is_said(given):
    whole = given(20)
    test = whole._replace(sequences=whole.sequences[:3], transcripts=whole.transcripts[:3])
    trial = tried(SequenceTranscriber(**QUICK), whole, test, epochs=1, batch_size=8)
    (note,) = trial.notes
    assert note.startswith("3 of 3 test sequences are among those learned from too")
