import json

import numpy as np
import pytest

from tidegate import AnomalyDetector
from tidegate.data.recorded import Recording
from tidegate.report.detected import page, summarise
from tidegate.tasks.anomalies.trial import tried

RUN = {
    "name": "pump",
    "command": "tidegate detect pump.csv",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}
QUICK = {"hidden_size": 4, "window": 16, "false_alarms": 0.01}


@pytest.fixture(scope="module")
def trials():
    values = np.random.default_rng(0).normal(size=(600, 2))
    values[400:405, 0] += 15
    labels = np.zeros(600, dtype=bool)
    labels[400:405] = True
    known = Recording(values, ("<b>flow</b>", "heat"), labels=labels)
    calm = Recording(np.zeros((400, 1)), ("flow",))
    return {
        "known": tried(AnomalyDetector(**QUICK), [known], epochs=1),
        "unknown": tried(AnomalyDetector(**QUICK), [known._replace(labels=None)], epochs=1),
        "calm": tried(AnomalyDetector(**QUICK), [calm], epochs=1),
    }


@pytest.mark.parametrize("which", ["known", "unknown", "calm"])
def test_the_summary_is_plain_and_says_what_came_out(trials, which):
    summary = json.loads(json.dumps(summarise(trials[which], RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["alarms", "examples", "learning", "reproduce"]
    first, *rest = trials[which].sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]
    assert len(summary["verdict"]["tiles"]) == (4 if which == "known" else 2)
    assert summary["verdict"]["tiles"][0]["value"] == f"{len(trials[which].alarms):,}"


def test_names_of_channels_are_never_taken_for_markup(trials):
    html = page(trials["known"], RUN)
    assert "<b>flow" not in html
    assert "&lt;b&gt;flow" in html
    assert "Mean Huber loss" in html
