"""`tidegate train translate` and `tidegate run`: a translator learned, judged, saved, and used line by line."""

import gzip
import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.conftest import PROGRAM

QUICK = "--epochs 2 --set hidden_size=8 --set embedding=8 --set n_tokens=60 --quiet"
SAID = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four", "tor": "gate"}


@pytest.fixture
def pairs(here):
    """Two parallel files of 60 different sentences each."""
    rng = np.random.default_rng(0)
    sources = list(dict.fromkeys(" ".join(rng.choice(list(SAID), 5)) for _ in range(80)))[:60]
    Path("train.de").write_text("".join(f"{one}\n" for one in sources))
    Path("train.en").write_text("".join(" ".join(SAID[word] for word in one.split()) + "\n" for one in sources))
    return "train.de,train.en"


def test_a_translator_is_learned_judged_saved_and_used(tidegate, pairs):
    done = tidegate(f"train translate {pairs} --output made --batch-size 8 --seed 3 {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "BLEU by the length of the source" in done.stdout
    assert "tidegate run made INPUT" in done.stdout
    scores = json.loads(Path("made/scores.json").read_text())
    assert (scores["measure"], scores["sequences"]) == ("bleu", 12)
    assert len(pd.read_csv("made/predictions.csv")) == 12
    run = json.loads(Path("made/run.json").read_text())
    assert (run["name"], run["settings"]["task"], run["settings"]["labelled"]) == ("train", "translate", pairs)
    assert "What it said, and where it looked" in Path("made/report.html").read_text()
    Path("new.txt").write_text("eins tor\n\nzwei\n")
    used = tidegate("run made new.txt")
    assert used.exit_code == 0, used.stderr
    lines = used.stdout.split("\n")
    assert [bool(line) for line in lines] == [True, False, True, False]
    assert set(used.stdout.split()) <= set(SAID.values())


def test_files_of_sources_are_answered_line_by_line_and_targets_not_looked_at(tidegate, pairs):
    tidegate(f"train translate {pairs} --output made {QUICK}")
    Path("new.de").write_text("eins tor\n\nzwei\n")
    with gzip.open("new.tsv.gz", "wt") as stream:
        stream.write("source\ttarget\neins tor\tno such words\n\nzwei\n")
    Path("new.txt").write_text("eins tor\n\nzwei\n")
    plain, columns, texts = (tidegate(f"run made {name}") for name in ("new.de", "new.tsv.gz", "new.txt"))
    assert plain.exit_code == 0, plain.stderr
    assert plain.stdout == columns.stdout == texts.stdout
    documents = tidegate("run made new.de --json").stdout.split("\n")
    found = json.loads(documents[0])
    assert found["target"] == plain.stdout.split("\n")[0]
    assert set(found) == {"target", "probability", "finished", "alternatives"}
    assert all(one["probability"] <= found["probability"] <= 1 for one in found["alternatives"])
    assert not documents[1]
    Path("empty.tsv").write_text("")
    nothing, missing = tidegate("run made empty.tsv"), tidegate("run made nothere.de")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert missing.exit_code == 2
    assert "there is no file 'nothere.de'" in missing.stderr


def test_standard_input_is_answered_as_it_comes(tidegate, pairs):
    tidegate(f"train translate {pairs} --output made {QUICK}")
    pipe = subprocess.PIPE
    with subprocess.Popen([*PROGRAM, "run", "made"], stdin=pipe, stdout=pipe, text=True) as running:
        for line in ("eins tor", "zwei"):
            running.stdin.write(f"{line}\n")
            running.stdin.flush()
            assert running.stdout.readline().strip()


def test_dates_need_no_data_of_ones_own(tidegate):
    small = "--epochs 1 --set hidden_size=4 --set embedding=4 --set unit=characters --batch-size 64"
    done = tidegate(f"train translate --example --json --quiet {small}")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["output"] == "tidegate-train-translate-dates"
    assert (document["measure"], document["sequences"]) == ("exact", 400)


def test_a_tsv_is_judged_by_two_files(tidegate, pairs):
    rows = zip(Path("train.de").read_text().split("\n")[:-1], Path("train.en").read_text().split("\n"), strict=False)
    Path("a.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in rows))
    done = tidegate(f"train translate a.tsv --test {pairs} --json {QUICK}")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["sequences"] == 60
    assert document["run"]["notes"][0].startswith("60 of 60 test sequences are among those learned from too")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train translate", "Name a file to learn from, or give --example."),
        ("train translate train.de", "line 1 of train.de has 1 columns, not 2"),
        ("train translate train.de", "apart by a tab, or the targets in a file of their own"),
        ("train translate train.de,nothere.en", "there is no file 'nothere.en'"),
        ("train translate train.de,train.en,train.fr", "are not two files. Name the file of the sources"),
        ("train translate train.de,short.en", "short.en ends after line 1, train.de has a line 2"),
        ("train translate train.de,junk", "line 1 of junk holds bytes that are no text"),
        ("train translate empty.tsv", "empty.tsv holds no pairs"),
        ("train translate empty.tsv,empty.tsv", "empty.tsv holds no pairs"),
        ("train translate a.npz", "line 1 of a.npz holds bytes that are no text"),
        ("train translate a.ts", "line 1 of a.ts has 1 columns, not 2"),
        ("train translate same.tsv", "there are too few different sources to set a fifth of them aside"),
        ("train translate train.de,train.en --test empty.tsv", "empty.tsv holds no pairs"),
        ("train translate --example reviews", "There is no example 'reviews'; there are dates"),
        ("train translate train.de,train.en --set pooling=max", "SequenceTranslator has no setting 'pooling'"),
        ("train translate train.de,train.en --set unit=letters", "unit is 'letters'; it must be one of"),
        ("train translate train.de,train.en --epochs 0", "epochs is 0; it must be a whole number, at least 1."),
    ],
)
def test_what_cannot_be_translated_is_refused_and_leaves_nothing(tidegate, pairs, typed, said):
    Path("short.en").write_text("one\n")
    Path("junk").write_bytes(bytes(range(256)) * 20)
    Path("empty.tsv").write_text("")
    Path("same.tsv").write_text("tor\tgate\n" * 20)
    Path("a.ts").write_text("@problemName a\n@data\n1,2,3:1\n")
    np.savez("a.npz", X=np.ones((4, 3, 1)), y=np.arange(4))
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"tor\nf\xfcnf\n", "line 2 of new.de is not UTF-8"), (bytes(range(256)), "holds bytes that are no text")],
)
def test_bytes_that_are_no_text_are_not_translated(tidegate, pairs, content, said):
    tidegate(f"train translate {pairs} --output made {QUICK}")
    Path("new.de").write_bytes(content)
    done = tidegate("run made new.de")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_a_model_of_another_task_reads_files_of_its_own_kind(tidegate, pairs):
    Path("a.tsv").write_text("".join(f"{k % 2}\tword {k % 2}\n" for k in range(20)))
    tiny = "--epochs 1 --set hidden_size=4 --set embedding=4 --set n_pieces=0 --quiet"
    assert tidegate(f"train classify a.tsv --output made {tiny}").exit_code == 0
    done = tidegate(f"run made {pairs}")
    assert done.exit_code == 2
    assert pairs in done.stderr
