import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.data.labelled import Labelled
from tidegate.report.tasks import classify
from tidegate.report.wording import percent
from tidegate.tasks.trials.classifier import tried

QUICK = {"hidden_size": 4, "embedding": 4, "n_pieces": 20}


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    labels = np.tile(["yes", "no"], 40)
    texts = [[*rng.choice(["so", "it", "goes"], 4), label] for label in labels]
    waves = [rng.normal(size=(9, 5)) for _ in labels]
    many = np.repeat([f"kind {k}" for k in range(12)], 5)
    numbers = [rng.normal(size=(4, 1)) for _ in many]
    return {
        name: tried(SequenceClassifier(**QUICK), Labelled(*data), epochs=2, batch_size=8)
        for name, data in {"texts": (texts, labels), "waves": (waves, labels), "many": (numbers, many)}.items()
    }


def test_what_is_read_first(trials):
    told = classify.told(trials["texts"])
    assert told.done == "classified"
    assert [one["value"] for one in told.tiles[:2]] == [
        percent(trials["texts"].judgement.accuracy), percent(trials["texts"].judgement.simple_accuracy)
    ]  # fmt: skip


def test_many_classes_have_their_mistakes_listed(trials):
    sections = {one["name"]: one for one in classify.told(trials["many"]).sections}
    kinds = [block["kind"] for block in sections["classes"]["blocks"]]
    assert kinds == ["table", "bullets"]
    few = {one["name"]: one for one in classify.told(trials["texts"]).sections}
    assert [block["kind"] for block in few["classes"]["blocks"]] == ["table", "table"]


def test_recordings_show_at_most_three_channels(trials):
    sections = {one["name"]: one for one in classify.told(trials["waves"]).sections}
    grids = [block for block in sections["examples"]["blocks"] if block["kind"] == "grid"]
    assert len(grids[0]["figures"][0]["data"]["lines"]) == 3
    assert "the first 3 of 5 channels" in grids[0]["figures"][0]["caption"]
