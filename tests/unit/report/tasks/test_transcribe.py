import json

import numpy as np
import pytest

from tidegate import SequenceTranscriber
from tidegate.data.recordings import Recordings
from tidegate.report.tasks import transcribe
from tidegate.report.trained import page, summarise
from tidegate.report.wording import percent
from tidegate.tasks.transcription.trial import tried

RUN = {
    "name": "calls",
    "command": "tidegate train transcribe calls",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(0)
    said = ["<", "<i>"] * 20
    waves = [np.sin(np.arange(900 * len(one))) + rng.normal(0, 0.1, 900 * len(one)) for one in said]
    model = SequenceTranscriber(rate=8_000, bands=12, hidden_size=4, layers=1, dropout=0.0)
    return tried(model, Recordings(waves, said, 8_000, []), epochs=2)


def test_the_summary_is_plain_and_says_what_came_out(trial):
    summary = json.loads(json.dumps(summarise(transcribe.told(trial), trial, RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["tokens", "examples", "learning", "reproduce"]
    first, *rest = trial.sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]
    assert summary["title"] == "calls, transcribed"
    told = trial.judgement
    values = [one["value"] for one in summary["verdict"]["tiles"]]
    assert values[:3] == [percent(told.edits.rate), percent(told.simple_edits.rate), percent(told.right.mean())]


def test_mistakes_are_marked_and_tokens_never_taken_for_markup(trial):
    assert trial.wrong
    html = page(transcribe.told(trial), trial, RUN)
    assert "<i>" not in html.split("<script", 1)[0]
    assert "left out</small>" in html
    assert all(f"Sequence {one.number} (" in html for one in [*trial.right, *trial.wrong])
