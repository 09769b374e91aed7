import json

import pytest

from tidegate import SequenceTagger
from tidegate.data.journeys import tagged_example
from tidegate.data.tagged import Tagged
from tidegate.report.tasks import tag
from tidegate.report.trained import page, summarise
from tidegate.report.wording import percent
from tidegate.tasks.trials.tagger import tried

RUN = {
    "name": "names",
    "command": "tidegate train tag names.conll",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}


@pytest.fixture(scope="module")
def trial():
    sentences, tags = (part[:100] for part in tagged_example("journeys"))
    given = Tagged([["<b>", *one] for one in sentences], [["O", *one] for one in tags])
    return tried(SequenceTagger(hidden_size=4, embedding=4, characters=0), given, epochs=2)


def test_the_summary_is_plain_and_says_what_came_out(trial):
    summary = json.loads(json.dumps(summarise(tag.told(trial), trial, RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["tags", "examples", "learning", "reproduce"]
    first, *rest = trial.sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]
    assert summary["title"] == "names, tagged"
    told = trial.judgement
    assert summary["verdict"]["tiles"][0]["value"] == percent(told.score(told.answers.said))


def test_mistakes_are_struck_out_and_words_never_taken_for_markup(trial):
    html = page(tag.told(trial), trial, RUN)
    assert "<b>" not in html
    assert "<del>" in html
    assert all(f"Sentence {one.number}<" in html for one in [*trial.right, *trial.wrong])


def test_without_new_words_nothing_is_told_of_them(trial):
    labels = [one["label"] for one in tag.told(trial).tiles]
    assert ("Words never seen" in labels) is (trial.judgement.unseen_accuracy is not None)
