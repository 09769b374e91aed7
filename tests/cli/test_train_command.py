"""`tidegate train` and `tidegate run`: a classifier learned, judged, saved, and used line by line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

QUICK = "--epochs 2 --set hidden_size=8 --set embedding=8 --set n_pieces=50 --quiet"


@pytest.fixture
def questions(here):
    """A TSV of two kinds of sentences."""
    rng = np.random.default_rng(0)
    lines = [
        f"{k % 2}\t{'where is the' if k % 2 else 'who was the'} {rng.choice(['king', 'sea'])} {k}" for k in range(80)
    ]
    Path("questions.tsv").write_text("\n".join(["label\ttext", *lines, ""]))
    return "questions.tsv"


def test_a_classifier_is_learned_judged_saved_and_used(tidegate, questions):
    done = tidegate(f"train classify {questions} --output made --batch-size 8 --seed 3 {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "With gru, " in done.stdout
    assert "tidegate run made INPUT" in done.stdout
    scores = json.loads(Path("made/scores.json").read_text())
    assert scores["sequences"] == len(pd.read_csv("made/predictions.csv")) == 16
    run = json.loads(Path("made/run.json").read_text())
    assert (run["seed"], run["settings"]["set"][0]) == (3, "hidden_size=8")
    Path("new.txt").write_text("where is the sea\n\nwho was the king\n")
    used = tidegate("run made new.txt")
    assert used.exit_code == 0, used.stderr
    lines = used.stdout.split("\n")
    assert len(lines) == 4
    assert not lines[1]
    assert lines[0].split("\t")[0] in {"0", "1"}


def test_series_have_convolutions_and_counted_patterns_beside_the_network(tidegate, here):
    rng = np.random.default_rng(0)
    waves = [np.sin(np.arange(40) * (0.3 + 0.5 * (k % 2))) + rng.normal(0, 0.1, 40) for k in range(30)]
    series = [",".join(f"{value:.3f}" for value in wave) + f":{k % 2}" for k, wave in enumerate(waves)]
    Path("waves.ts").write_text("\n".join(["@problemName waves", "@classLabel true 0 1", "@data", *series, ""]))
    settings = "--set convolution=beside --set channels=4 --set memory=20 --set counted=0.5"
    done = tidegate(f"train classify waves.ts --output made {settings} {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "With gru beside convolutions and counted patterns, " in done.stdout
    sentences = json.loads(Path("made/scores.json").read_text())["sentences"]
    assert sentences[-1].startswith("Counted patterns have 50 % of the say. With gru beside convolutions alone, ")
    assert tidegate("run made waves.ts").stdout.count("\n") == 30


def test_recordings_of_a_long_table_are_answered_by_their_id(tidegate, here):
    rows = [f"n{k},{t},{(-1) ** t if k % 2 else t},{'ab'[k % 2]}" for k in range(30) for t in range(6)]
    Path("long.csv").write_text("\n".join(["who,time,x,kind", *rows, ""]))
    done = tidegate(f"train classify long.csv --id who --label kind --output made {QUICK}")
    assert done.exit_code == 0, done.stderr
    Path("new.csv").write_text("who,time,x\nfirst,1,2\nfirst,2,3\nsecond,1,1\n")
    used = tidegate("run made new.csv --id who")
    assert used.exit_code == 0, used.stderr
    assert [line.split("\t")[0] for line in used.stdout.splitlines()] == ["first", "second"]


def test_counted_words_beside_the_network_are_told_apart(tidegate, questions):
    done = tidegate(f"train classify {questions} --output made --set counted=auto --set n_members=2 {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "With 2 gru networks and counted words, " in done.stdout
    sentences = json.loads(Path("made/scores.json").read_text())["sentences"]
    assert sentences[-1].startswith("Counted words have 50 % of the say. With 2 gru networks alone, ")
    assert "Counted words have 50 % of the say." in Path("made/report.html").read_text()


def test_run_reads_standard_input_and_says_every_probability(tidegate, questions, here):
    tidegate(f"train classify {questions} --output made {QUICK}")
    program = [sys.executable, "-c", "from tidegate.cli.main import main; main()", "run", "made", "--json"]
    done = subprocess.run(program, input="who was it\n", capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert found["label"] in {0, 1}


def test_bytes_that_are_no_text_are_named_by_their_line_and_the_next_one_is_answered(tidegate, questions, spawned):
    tidegate(f"train classify {questions} --output made {QUICK}")
    Path("lines").write_bytes(b"who was it\nf\xfcnf\nwho was it\n")
    with Path("lines").open() as stream:
        done = spawned("run made", stdin=stream)
    first, second, third = done.stdout.splitlines()
    assert (done.returncode, first, second) == (2, third, "")
    assert "Error: row 2: line 2 of standard input is not UTF-8" in done.stderr


def test_nobody_reading_any_more_is_no_failure(tidegate, questions, started):
    tidegate(f"train classify {questions} --output made {QUICK}")
    Path("many.txt").write_text("who was it\n" * 20_000)
    running = started("run made many.txt")
    assert running.stdout.readline()
    running.stdout.close()
    assert running.wait(timeout=60) == 0
    assert running.stderr.read() == ""
    running.stderr.close()


def test_the_same_command_gives_the_same_bits(tidegate, questions):
    for name in ("first", "second"):
        assert tidegate(f"train classify {questions} --output {name} {QUICK}").exit_code == 0
    for file in ("predictions.csv", "scores.json", "model/weights.safetensors"):
        assert Path("first", file).read_bytes() == Path("second", file).read_bytes()


def test_a_finished_run_is_shown_again_and_not_taken_for_another(tidegate, questions):
    line = f"train classify {questions} --output made {QUICK}"
    first = tidegate(line)
    again = tidegate(f"{line} --resume")
    assert again.stdout == first.stdout
    other = tidegate(f"{line} --resume --seed 1")
    assert other.exit_code == 2
    assert "holds a finished run with seed 0, not 1" in other.stderr
    assert tidegate(line).exit_code == 2
    assert tidegate(f"{line} --force --seed 1").exit_code == 0


def test_a_run_with_a_test_is_not_taken_for_one_without(tidegate, questions):
    line = f"train classify {questions} --output made {QUICK}"
    assert tidegate(f"{line} --test {questions} --set seed=3").exit_code == 0
    run = json.loads(Path("made/run.json").read_text())
    assert (run["seed"], run["settings"]["seed"]) == (3, 3)
    assert run["fit_seconds"] > 0
    other = tidegate(f"{line} --set seed=3 --resume")
    assert other.exit_code == 2
    assert "with test 'questions.tsv', not None" in " ".join(other.stderr.split())


def test_the_example_runs_without_data(tidegate):
    done = tidegate(f"train classify --example waves {QUICK} --json")
    assert done.exit_code == 0, done.stderr
    assert {row["label"] for row in json.loads(done.stdout)["classes"]} == {"ahead", "behind", "neither"}


def test_a_file_to_judge_by(tidegate, questions):
    done = tidegate(f"train classify {questions} --test {questions} --json {QUICK}")
    document = json.loads(done.stdout)
    assert document["sequences"] == 80
    said = "80 of 80 test sequences are among those learned from"
    assert any(note.startswith(said) for note in document["run"]["notes"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train classify", "Name a file to learn from"),
        ("train classify nothere.tsv", "nothere.tsv"),
        ("train classify questions.tsv --example", "--example are given: give one of them"),
        ("train classify --example poems", "There is no example 'poems'"),
        ("train sing questions.tsv", "Invalid value for 'TASK'"),
        ("train classify plain.txt", "plain.txt holds no labels"),
        ("train classify questions.tsv --set pool=max", "has no setting 'pool'. Did you mean 'pooling'?"),
        ("train classify questions.tsv --set unit=word", "unit is 'word'; it must be one of 'words', 'characters'"),
        ("train classify questions.tsv --set seed=-1", "seed is -1; it must be a whole number, at least 0."),
        ("train classify questions.tsv --set vocabulary=words.txt", "vocabulary is 'words.txt'; it must be a Vocab"),
        ("train classify nothere.tsv --set bidirectional=no", "bidirectional is 'no'; it must be True or False."),
        ("train classify questions.tsv --set balanced=no", "balanced is 'no'; it must be True or False."),
        ("train classify questions.tsv --set training.n_updates=9", "does not count for sequences: epochs of fit"),
        ("train classify questions.tsv --set training.held_out_fraction=0", "validation of fit says what is held out"),
        ("train classify questions.tsv --epochs 0", "epochs is 0; it must be a whole number, at least 1."),
        ("train classify questions.tsv --batch-size 0", "--batch-size is 0"),
        ("train classify one.tsv", "there is nothing to tell apart"),
        ("run nothere", "nothere is not a saved model: there is no such folder"),
        ("run questions.tsv", "questions.tsv is not a saved model: it is a file"),
        ("run empty", "empty is not a saved model: it holds no config.json"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(tidegate, questions, typed, said):
    Path("plain.txt").write_text("a\nb\n")
    Path("one.tsv").write_text("".join(f"x\tword {k}\n" for k in range(20)))
    Path("empty").mkdir()
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(Path().iterdir()) == before


def test_a_forecaster_is_not_run_on_sentences(tidegate, here):
    assert tidegate("fit --example --model naive --horizon 3 --output naive").exit_code == 0
    done = tidegate("run naive")
    assert done.exit_code == 2
    assert "use it by tidegate predict" in " ".join(done.stderr.split())


TAGS = "--epochs 2 --set hidden_size=8 --set embedding=8 --set characters=4 --quiet"


@pytest.fixture
def names(here):
    """CoNLL columns: 40 sentences with a name each."""
    rows = [f"Ann{k}\tB-p\nsaw\tO\nit\tO\n" for k in range(40)]
    Path("names.conll").write_text("\n".join(rows))
    return "names.conll"


def test_a_tagger_is_learned_judged_saved_and_used(tidegate, names):
    done = tidegate(f"train tag {names} --output made --batch-size 8 --seed 3 {TAGS}")
    assert done.exit_code == 0, done.stderr
    assert "F1 of whole entities" in done.stdout
    assert "tidegate run made INPUT" in done.stdout
    assert json.loads(Path("made/scores.json").read_text())["sequences"] == 8
    assert len(pd.read_csv("made/predictions.csv")) == 24
    assert json.loads(Path("made/run.json").read_text())["settings"]["task"] == "tag"
    assert "What it looked at" in Path("made/report.html").read_text()
    Path("new.txt").write_text("Ann saw it\n\nBob\n")
    used = tidegate("run made new.txt")
    assert used.exit_code == 0, used.stderr
    lines = used.stdout.split("\n")
    assert [len(line.split()) for line in lines] == [3, 0, 1, 0]
    assert all(word.split("/")[1] in {"O", "B-p"} for word in used.stdout.split())
    columns = tidegate(f"run made {names} --json")
    found = [json.loads(line) for line in columns.stdout.splitlines()]
    assert (len(found), found[0]["tokens"]) == (40, ["Ann0", "saw", "it"])
    assert set(found[0]) == {"tokens", "tags", "probabilities", "entities"}


def test_a_tagger_answers_standard_input_line_by_line(tidegate, names, started):
    tidegate(f"train tag {names} --output made {TAGS}")
    program = [sys.executable, "-c", "from tidegate.cli.main import main; main()", "run", "made"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        for line in ("Ann saw it", "it"):
            running.stdin.write(f"{line}\n")
            running.stdin.flush()
            answer = running.stdout.readline().split()
            assert [word.split("/")[0] for word in answer] == line.split()


def test_a_tagger_without_data_of_ones_own(tidegate):
    done = tidegate("train tag --example --epochs 1 --set hidden_size=4 --set characters=0 --quiet --json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["output"] == "tidegate-train-tag-journeys"
    assert {row["label"] for row in document["kinds"]} == {"person", "place"}


def test_a_tagger_is_judged_by_a_file(tidegate, names):
    done = tidegate(f"train tag {names} --test {names} --json {TAGS}")
    assert json.loads(done.stdout)["sequences"] == 40


@pytest.mark.parametrize(
    ("content", "typed", "said"),
    [
        ("a\tO\nb\n", "train tag a.conll", "line 2 of a.conll has 1 columns, not 2"),
        ("a\nb\n", "train tag a.conll", "a.conll holds tokens without tags"),
        ("", "train tag a.conll", "a.conll holds no sentences"),
        ("a\tO\n", "train tag a.conll --example", "--example are given: give one of them"),
        ("a\tO\n", "train tag --example reviews", "There is no example 'reviews'; there are journeys"),
        ("a\tO\n", "train tag a.conll --set pooling=max", "SequenceTagger has no setting 'pooling'"),
        ("a\tO\n\nb\tO\n", "train tag a.conll --set scheme=iob", "scheme is 'iob'; it must be one of"),
    ],
)
def test_what_cannot_be_tagged_is_refused_and_leaves_nothing(tidegate, here, content, typed, said):
    Path("a.conll").write_text(content)
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.split())
    assert sorted(Path().iterdir()) == before


def test_binary_junk_is_refused(tidegate, here):
    Path("junk.tsv").write_bytes(bytes(range(256)) * 20)
    done = tidegate("train classify junk.tsv")
    assert done.exit_code == 2
    assert "junk.tsv" in done.stderr
