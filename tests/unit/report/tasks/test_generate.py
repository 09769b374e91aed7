import json

import pytest

from tidegate import SequenceGenerator
from tidegate.report.tasks import generate
from tidegate.report.trained import page, summarise
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.generation.examples import corpus_example
from tidegate.tasks.generation.trial import tried

RUN = {
    "name": "tales",
    "command": "tidegate train generate tales.txt",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}


def small(given):
    return tried(SequenceGenerator(hidden_size=4, embedding=4), given, epochs=1)


@pytest.mark.parametrize(
    ("given", "tiles"),
    [(Corpus("once <b> upon\na time, " * 100, None), 4), (Corpus(corpus_example("melodies").sequences[:30], None), 3)],
)
def test_the_summary_is_plain_and_says_what_came_out(given, tiles):
    trial = small(given)
    summary = json.loads(json.dumps(summarise(generate.told(trial), trial, RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["writing", "surprise", "learning", "reproduce"]
    first, *rest = trial.sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]
    assert summary["verdict"]["tiles"][0]["value"] == f"{trial.judgement.score:.3f}"
    assert len(summary["verdict"]["tiles"]) == tiles
    html = page(generate.told(trial), trial, RUN)
    assert "<b>" not in html
    assert "What it writes" in html
