"""`tidegate train generate` and `tidegate run`: texts and melodies learned, judged, saved, and gone on with."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

QUICK = "--epochs 2 --set hidden_size=8 --set embedding=8 --quiet"


@pytest.fixture
def tale(here):
    """One long text of two kinds of lines."""
    Path("tale.txt").write_text("the sea is wide\nthe king was old\n" * 60)
    return "tale.txt"


def test_a_text_is_learned_judged_saved_and_gone_on_with(tidegate, tale):
    done = tidegate(f"train generate {tale} --output made --batch-size 4 --seed 3 {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "bits per character" in done.stdout
    assert "5-gram model of characters" in " ".join(done.stdout.split())
    assert "tidegate run made INPUT" in done.stdout
    scores = json.loads(Path("made/scores.json").read_text())
    assert scores["steps"] == pd.read_csv("made/predictions.csv")["steps"].sum() == 198
    run = json.loads(Path("made/run.json").read_text())
    assert (run["seed"], run["settings"]["task"]) == (3, "generate")
    html = Path("made/report.html").read_text()
    assert all(title in html for title in ("What it writes", "What surprised it", "How it learned"))
    Path("new.txt").write_text("the sea\n\n")
    used = tidegate("run made new.txt --length 20 --temperature 0.5 --top-k 5 --top-p 0.9 --seed 1")
    assert used.exit_code == 0, used.stderr
    first, second, rest = used.stdout.split("\n---\n")
    assert first.startswith("the sea")
    assert (len(first), len(second), rest) == (27, 20, "")
    assert tidegate("run made new.txt --length 20 --seed 2").stdout != used.stdout


def test_a_text_a_line_goes_on_to_its_end_as_documents(tidegate, tale, spawned):
    assert tidegate(f"train generate {tale} --by line --output made {QUICK}").exit_code == 0
    assert len(pd.read_csv("made/predictions.csv")) == 12
    with Path("new.txt").open("w+") as stream:
        stream.write("the k\n")
        stream.seek(0)
        done = spawned("run made --json --count 3", stdin=stream)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["prefix"] == "the k"
    assert len(found["written"]) == 3
    assert all(one["text"].startswith("the k") and one["bits"] > 0 for one in found["written"])


def test_labels_are_written_for(tidegate, here):
    Path("a.tsv").write_text("sea\tit ebbs\nriver\tit runs\n" * 20)
    assert tidegate(f"train generate a.tsv --test a.tsv --output made {QUICK}").exit_code == 0
    assert len(pd.read_csv("made/predictions.csv")) == 40
    Path("new.txt").write_text("it\n")
    assert tidegate("run made new.txt --condition sea").stdout.startswith("it")
    done = tidegate("run made new.txt")
    assert done.exit_code == 2
    assert "--condition is missing; it must be one of 'river', 'sea'" in " ".join(done.stderr.split())


def test_melodies_are_learned_and_gone_on_with_from_a_file_and_from_words(tidegate, here):
    done = tidegate("train generate --example melodies --output made --json --epochs 1 --set hidden_size=8 --quiet")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["measure"] == "nats"
    np.savez("new.npz", X=np.eye(24)[None, :2])
    assert tidegate("run made new.npz --length 1").stdout.startswith("0 1 ")
    Path("new.txt").write_text("0+4+7 -\n")
    (line,) = tidegate("run made new.txt --length 2 --json").stdout.splitlines()
    assert json.loads(line)["written"][0]["keys"][:2] == [[0, 4, 7], []]
    done = tidegate("run made new.txt --top-k 2")
    assert done.exit_code == 2
    assert "top_k ranks tokens" in done.stderr


def test_keys_by_themselves_and_the_mean_of_two_networks(tidegate, here):
    line = "train generate --example melodies --output made --json --epochs 1 --set hidden_size=4 --quiet"
    done = tidegate(f"{line} --set joint=False --set n_members=2")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["model"] == "2-member gru"
    assert found["simple"] == "logistic regression on the last steps"
    assert any("2-member gru network" in one for one in found["sentences"])
    Path("new.txt").write_text("0+4+7\n")
    assert tidegate("run made new.txt --length 2").stdout.startswith("0+4+7 ")


def test_the_default_example_and_the_same_bits(tidegate, here):
    for name in ("first", "second"):
        line = f"train generate --example --set unit=words --output {name} --epochs 1 --set hidden_size=4 --quiet"
        assert tidegate(line).exit_code == 0
    for file in ("predictions.csv", "scores.json", "model/weights.safetensors"):
        assert Path("first", file).read_bytes() == Path("second", file).read_bytes()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train generate", "Name a file to learn from, or give --example"),
        ("train generate nothere.txt", "there is no file 'nothere.txt'"),
        ("train generate empty.txt", "empty.txt holds no text. Give at least one word."),
        ("train generate junk.txt", "line 1 of junk.txt holds bytes that are no text"),
        ("train generate junk.npz", "junk.npz is no NPZ file"),
        ("train generate picture.png", "picture.png ends in .png"),
        ("train generate short.txt", "there are too few characters to set the last tenth of the text aside"),
        ("train generate rows.tsv --by line", "--by says what a sequence of a .txt is"),
        ("train generate tale.txt --by page", "Invalid value for '--by'"),
        ("train generate --example poems", "There is no example 'poems'; there are origins, melodies."),
        ("train generate tale.txt --set unit=letters", "unit is 'letters'; it must be one of"),
        ("train generate tale.txt --set layer=2", "has no setting 'layer'. Did you mean 'layers'?"),
        ("train generate values.npz", "steps of values have no simple model here"),
        ("train generate tale.txt --test rows.tsv", "the test holds many sequences, the data one long text"),
        ("train classify rows.tsv --by line", "--by is for generate; leave it out for classify."),
    ],
)
def test_what_cannot_be_learned_is_refused_and_leaves_nothing(tidegate, tale, typed, said):
    Path("empty.txt").write_text("\n \n")
    Path("junk.txt").write_bytes(bytes(range(256)) * 20)
    Path("junk.npz").write_bytes(bytes(range(256)) * 20)
    Path("picture.png").write_bytes(b"\x89PNG")
    Path("short.txt").write_text("a")
    Path("rows.tsv").write_text("label\ttext\nx\tone\ny\ttwo\n")
    np.savez("values.npz", X=np.random.default_rng(0).normal(size=(20, 5, 2)))
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(Path().iterdir()) == before


def test_what_cannot_be_gone_on_with_is_refused(tidegate, tale):
    tidegate(f"train generate {tale} --output made {QUICK}")
    Path("odd.txt").write_text("the \u00fc\n")
    np.savez("values.npz", X=np.ones((2, 5, 2)))
    for typed, said in (
        ("run made odd.txt", "prefix holds '\u00fc' at place 4, which training did not"),
        ("run made values.npz", "prefix hold values, those of training held tokens"),
        ("run made nothere.txt", "there is no file 'nothere.txt'"),
        ("run made odd.txt --temperature -1", "temperature is -1.0"),
        ("run made odd.txt --count 0", "count is 0"),
        ("run made odd.txt --condition x", "this model learned without labels"),
    ):
        done = tidegate(typed)
        assert done.exit_code == 2, typed
        assert said in " ".join(done.stderr.split())


def test_another_model_refuses_the_options_of_a_generator(tidegate, here):
    Path("a.tsv").write_text("x\tone\ny\ttwo\n" * 20)
    tidegate(f"train classify a.tsv --output made --set n_pieces=10 {QUICK}")
    Path("new.txt").write_text("one\n")
    done = tidegate("run made new.txt --temperature 0.5")
    assert done.exit_code == 2
    assert "--temperature is for generate; leave it out for classify." in " ".join(done.stderr.split())
