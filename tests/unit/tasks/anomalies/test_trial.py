import json

import numpy as np
import pytest

from tidegate import AnomalyDetector, read_recorded
from tidegate.data.recorded import Recording
from tidegate.errors import DataError, SettingError
from tidegate.tasks.anomalies.trial import parted, spoken, tried

QUICK = {"hidden_size": 6, "window": 24, "false_alarms": 0.01}


@pytest.fixture(scope="module")
def recording(waves):
    values, labels = waves(1_200, 0), np.zeros(1_200, dtype=bool)
    for start in (700, 800, 900, 1_000, 1_100):
        values[start : start + 5] += 2.0
        labels[start : start + 5] = True
    return Recording(values, ("a", "b"), labels=labels)


@pytest.fixture(scope="module")
def trial(recording):
    return tried(AnomalyDetector(**QUICK), [recording], epochs=4, batch_size=16)


def test_half_is_learned_from_and_the_rest_watched(trial):
    assert trial.n_steps == 600
    assert trial.judgement.n_events == 5
    assert trial.judgement.rows[0]["event recall"] == 1.0
    assert [row["detector"] for row in trial.judgement.rows] == [
        "the gru forecaster", "PCA residuals", "a moving z-score"
    ]  # fmt: skip


def test_it_says_the_verdict_first(trial):
    sentences = trial.sentences()
    assert sentences[0] == trial.judgement.sentences()[0]
    assert sentences[1].startswith(f"The gru forecaster raises {len(trial.alarms)} alarms in 600 steps (")
    assert any("The threshold is to let 1 in 100 normal steps through as a false alarm" in one for one in sentences)


def test_what_came_out_is_plain_and_whole(trial):
    told = json.loads(json.dumps(trial.to_dict()))
    assert told["steps"] == 600
    assert len(told["alarms"]) == len(trial.alarms)
    frame = trial.frame()
    assert list(frame) == ["recording", "time", "score", "alarm", "label"]
    assert frame["alarm"].sum() == (frame["score"] > trial.model.threshold_.value).sum()
    assert trial.clocks()["fit_seconds"] > 0


def test_the_oddest_alarms_are_examples(trial):
    assert all(trial.meets(one) for one in trial.right)
    assert not any(trial.meets(one) for one in trial.wrong)
    assert [one.score for one in trial.right] == sorted((one.score for one in trial.right), reverse=True)
    assert len(trial.right) == 4


def test_without_labels_nothing_is_judged(recording):
    bare = recording._replace(labels=None)
    found = tried(AnomalyDetector(**QUICK), [bare.part(0, 600)], [bare.part(600, 1_200)], epochs=1)
    assert found.judgement is None
    assert found.meets(found.alarms[0]) is None
    assert "Nothing says which steps are odd" in found.sentences()[-1]
    assert found.wrong == []


def test_labels_that_cannot_judge_are_said(recording):
    for labels, said in ((0, "No step of the part watched is labelled odd"), (1, "Every step of the part watched is")):
        watched = recording.part(600, 1_200)._replace(labels=np.full(600, bool(labels)))
        found = tried(AnomalyDetector(**QUICK), [recording.part(0, 600)], [watched], epochs=1)
        assert found.judgement is None
        assert found.sentences()[-1].startswith(said)
        assert "--normal or --watch" in found.sentences()[-1]


def test_missing_readings_are_said(recording):
    given = recording._replace(values=recording.values.copy(), times=np.arange(1_200) * 60)
    given.values[49, 0] = np.nan
    first = "Missing reading: 1 of a (the first at time 2940). It is read as the last one seen, and says nothing of its"
    assert f"{first} step." in tried(AnomalyDetector(**QUICK), [given], epochs=1).notes
    given.values[700:702, 1] = np.nan
    notes = tried(AnomalyDetector(**QUICK), [given], epochs=1).notes
    assert any(note.startswith("Missing readings: 2 of b, 1 of a (the first at time 2940). Each is") for note in notes)


def test_what_never_varies_says_nothing_of_how_sure_the_threshold_is():
    still = Recording(np.ones((600, 2)), ("a", "b"))
    sentences = tried(AnomalyDetector(**QUICK), [still], epochs=1).sentences()
    assert "The threshold is to let 1 in 100 normal steps through as a false alarm, 1 %." in sentences


def test_odd_steps_that_were_learned_from_are_named(recording):
    found = tried(AnomalyDetector(**QUICK), [recording], [recording.part(600, 1_200)], epochs=1)
    assert found.notes[0].startswith("25 of the 1,200 steps that were learned from are labelled odd")


def test_what_is_watched_has_the_channels_of_training(recording):
    with pytest.raises(DataError, match="has 1 channel; training had 2"):
        tried(AnomalyDetector(**QUICK), [recording], [Recording(np.zeros((90, 1)), ("a",))])


def test_silence_and_uneven_steps_are_named(recording):
    times = np.arange(600) * 60
    times[400:] += 300
    values = recording.values[600:1_200].copy()
    values[100:150] = np.nan
    watched = recording.part(600, 1_200)._replace(values=values, times=times, name="b")
    notes = tried(AnomalyDetector(**QUICK), [recording.part(0, 600)], [watched], epochs=1).notes
    assert "50 of the 600 steps watched hold no reading: they never raise an alarm." in notes
    assert "Steps are not evenly spaced (first recording b, before 24300), and are read as if they were." in notes
    assert not any("reading" in one or "evenly" in one for one in tried(
        AnomalyDetector(**QUICK), [recording.part(0, 600)], [recording.part(600, 1_200)], epochs=1
    ).notes)  # fmt: skip


def test_parts_are_checked(recording):
    older, newer = parted([recording], 0.75)
    assert (len(older[0].values), len(newer[0].values)) == (900, 300)
    with pytest.raises(SettingError, match=r"normal is 1\.5"):
        parted([recording], 1.5)
    with pytest.raises(SettingError, match="normal is 0; it must be a number above 0 and below 1"):
        parted([recording], 0)


@pytest.mark.parametrize("apart", [False, True])
def test_recordings_without_names_are_told_apart_by_their_places(recording, apart):
    pair = [recording, recording._replace(labels=np.zeros(1_200, dtype=bool))]
    given = [one.part(0, 600) for one in pair] if apart else pair
    found = tried(AnomalyDetector(**QUICK), given, pair if apart else None, epochs=1)
    assert [one.recording.name for one in found.watched] == ["0", "1"]
    assert {found.meets(one) for one in found.alarms if one.recording == "0"} >= {True}
    assert {found.meets(one) for one in found.alarms if one.recording == "1"} == {False}


def test_detectors_have_names():
    assert spoken(AnomalyDetector(method="reconstruct", cell="lstm")) == "The lstm autoencoder"


@pytest.mark.parametrize(("name", "card", "epochs"), [("payments", "card", 8), ("logins", None, 40)])
def test_fraud_and_intrusion_are_found(name, card, epochs):
    from tidegate.data.watched import watched_example

    given = read_recorded(watched_example(name), id=card, time="time", labels="odd")
    found = tried(AnomalyDetector(hidden_size=16, window=48), given, epochs=epochs)
    assert found.judgement.rows[0]["event recall"] == 1.0
    assert found.judgement.rows[0]["false alarms"] < 0.01 * found.n_steps
