from dataclasses import replace

import numpy as np
import pytest

from tidegate import AnomalyDetector
from tidegate.data.recorded import Recording
from tidegate.report.sections import alarms
from tidegate.tasks.anomalies.trial import Watched, tried

QUICK = {"hidden_size": 4, "window": 16, "false_alarms": 0.01}


@pytest.fixture(scope="module")
def trial():
    values = np.random.default_rng(0).normal(size=(3_000, 2))
    values[2_000:2_005, 1] += 25
    labels = np.zeros(3_000, dtype=bool)
    labels[2_000:2_005] = True
    return tried(AnomalyDetector(**QUICK), [Recording(values, ("flow", "heat"), labels=labels)], epochs=1)


@pytest.fixture(scope="module")
def calm():
    return tried(AnomalyDetector(**QUICK), [Recording(np.zeros((400, 1)), ("flow",))], epochs=1)


def test_scores_are_drawn_with_their_peaks_the_threshold_and_the_labels(trial):
    figure, table, beside = alarms.section(trial)["blocks"]
    score, label = figure["data"]["lines"]
    threshold = trial.model.threshold_.value
    assert figure["data"]["rules"] == [{"y": threshold, "role": "winner"}]
    assert len(score["x"]) == 700
    assert max(score["y"]) == pytest.approx(4 * threshold, rel=1e-3), "what is far above is cut off, and said to be"
    assert "Higher ones are cut off." in figure["caption"]
    assert label["x"] == [500, 505]
    assert len(table["rows"]) == min(len(trial.alarms), 60)
    assert table["rows"][0][3]["text"].startswith("heat")
    assert [row[0]["text"] for row in beside["rows"]] == ["the gru forecaster", "PCA residuals", "a moving z-score"]


def test_labelled_events_without_an_alarm_are_listed(trial):
    recording, scores = trial.watched[0]
    labels = recording.labels.copy()
    labels[:3] = True
    times = np.datetime64("2026-01-01", "ns").astype(np.int64) + np.arange(len(scores)) * 3_600 * 10**9
    watched = Watched(recording._replace(labels=labels, times=times, dated=True), scores)
    missed = alarms.section(replace(trial, watched=[watched]))["blocks"][2]
    assert missed["caption"] == "Labelled events without an alarm"
    cells = [[cell["text"] for cell in row] for row in missed["rows"]]
    assert cells == [["2026-01-01 00:00:00", "0", "3", f"{scores[:3].max():,.1f}"]]
    assert [column["title"] for column in missed["columns"]] == ["Start", "Step", "Steps", "Highest score"]


def test_a_closer_look_shows_the_channel_to_blame(trial):
    blocks = alarms.examples(trial)["blocks"]
    figures = [one for one in blocks if one["kind"] == "figure"]
    first = figures[0]
    assert first["data"]["y"] == "heat"
    assert first["data"]["rules"][0]["x"] in range(495, 503)
    assert max(first["data"]["lines"][0]["y"]) > 20
    assert "step 50" in first["title"] or "step 2,0" in first["title"]


def test_without_alarms_nothing_is_listed(calm):
    assert [one["kind"] for one in alarms.section(calm)["blocks"]] == ["figure"]
    assert alarms.examples(calm)["blocks"][-1]["sentences"] == ["There is no alarm to look at."]


def test_what_a_score_says_depends_on_how_signals_are_joined(calm):
    assert "the oddest of the signals" in alarms.section(calm)["lead"]
    mean = tried(AnomalyDetector(joined="mean", **QUICK), [Recording(np.zeros((400, 1)), ("flow",))], epochs=1)
    assert "oddest" not in alarms.section(mean)["lead"]
