import json

import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.data.labelled import Labelled
from tidegate.report.tasks import classify
from tidegate.report.trained import circumstances, page, summarise, tile
from tidegate.tasks.trials.classifier import tried
from tidegate.training.settings import Training

RUN = {
    "name": "questions",
    "command": "tidegate train classify questions.tsv",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
    "notes": ["One note."],
}
QUICK = {"hidden_size": 4, "embedding": 4, "n_pieces": 20}


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    labels = np.tile(["yes", "no"], 40)
    texts = [[*rng.choice(["so", "it", "<b>goes</b>"], 4), label] for label in labels]
    waves = [rng.normal(size=(9, 5)) for _ in labels]
    many = np.repeat([f"kind {k}" for k in range(12)], 5)
    numbers = [rng.normal(size=(4, 1)) for _ in many]
    return {
        name: tried(SequenceClassifier(**QUICK), Labelled(*data), epochs=2, batch_size=8)
        for name, data in {"texts": (texts, labels), "waves": (waves, labels), "many": (numbers, many)}.items()
    }


@pytest.mark.parametrize("which", ["texts", "waves", "many"])
def test_the_summary_is_plain_and_says_what_came_out(trials, which):
    summary = json.loads(json.dumps(summarise(classify.told(trials[which]), trials[which], RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == ["classes", "examples", "learning", "reproduce"]
    first, *rest = trials[which].judgement.sentences()
    assert summary["verdict"]["statement"] == first
    assert summary["verdict"]["sentences"] == [*rest, "One note."]


def test_words_are_shaded_by_what_they_did_and_never_taken_for_markup(trials):
    html = page(classify.told(trials["texts"]), trials["texts"], RUN)
    assert "<b>goes" not in html
    assert "&lt;b&gt;goes" in html
    assert 'class="tokens"' in html
    assert "--share:" in html
    examples = [*trials["texts"].right, *trials["texts"].wrong]
    assert all(f"Sequence {one.number}." in html for one in examples)


def test_a_tile_has_three_parts():
    assert tile("Right", "80 %", "of all") == {"label": "Right", "value": "80 %", "note": "of all"}


def test_gates_are_folded_under_the_first_example_of_each_side(trials):
    html = page(classify.told(trials["texts"]), trials["texts"], RUN)
    n_sides = bool(trials["texts"].right) + bool(trials["texts"].wrong)
    assert html.count("How open each gate was at each word") == n_sides


def test_settings_are_told_as_they_are_typed_and_of_training_what_is_not_usual(trials):
    trial = trials["texts"]
    facts = summarise(classify.told(trial), trial, RUN)["sections"][-1]["blocks"][1]
    assert dict(facts["pairs"])["Learned from"] == "64 sequences"
    settings = dict(facts["pairs"])["Settings"].split(", ")
    assert {"hidden_size=4", "bidirectional=true"} <= set(settings)
    model = SequenceClassifier(training=Training(learning_rate=0.01))
    model.n_parameters_, model.n_learned_, model.n_held_out_ = 1, 900, 100
    pairs = dict(circumstances(model, RUN)["blocks"][1]["pairs"])
    assert pairs["Learned from"] == "900 sequences; 100 more stop training"
    settings = pairs["Settings"].split(", ")
    assert [one for one in settings if one.startswith("training")] == ["training.learning_rate=0.01"]
