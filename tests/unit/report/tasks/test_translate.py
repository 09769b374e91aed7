import json

import pytest

from tidegate import SequenceTranslator
from tidegate.data.parallel import Parallel
from tidegate.report.tasks import translate
from tidegate.report.trained import page, summarise
from tidegate.tasks.translation.trial import tried

RUN = {
    "name": "gates",
    "command": "tidegate train translate a.tsv",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}
SMALL = {"hidden_size": 4, "embedding": 4, "n_tokens": 60}


@pytest.fixture(scope="module", params=["bleu", "exact"])
def trial(request):
    pairs = Parallel([f"<b> das {k} Tor" for k in range(60)], [f"<i> the {k} gate" for k in range(60)])
    return tried(SequenceTranslator(**SMALL, measure=request.param), pairs, epochs=1)


def test_the_summary_is_plain_and_says_what_came_out(trial):
    told = translate.told(trial)
    summary = json.loads(json.dumps(summarise(told, trial, RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["scores", "examples", "learning", "reproduce"]
    first, *rest = trial.sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]
    assert summary["title"] == "gates, translated"
    values = [one["value"] for one in told.tiles[:2]]
    sign = " %" if trial.judgement.measure == "exact" else ""
    assert values == [f"{trial.judgement.score:.1f}{sign}", f"{trial.judgement.simple_score:.1f}{sign}"]
    third = "Confidence" if sign else "Word for word"
    assert told.tiles[2]["label"] == third


def test_texts_are_never_taken_for_markup(trial):
    html = page(translate.told(trial), trial, RUN)
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;i&gt; the" in html
