"""`tidegate train transcribe` and `tidegate run` for transcribers, as a user types them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile

import tidegate as package

QUICK = "--epochs 2 --set hidden_size=8 --set layers=1 --set bands=12 --quiet"


def beep(hertz, rate=8_000):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(rate // 5) / rate)


@pytest.fixture
def calls(here):
    """A folder of 25 recordings of one tone or two, and a table of what they say."""
    Path("calls").mkdir()
    rng, rows = np.random.default_rng(0), []
    for k in range(25):
        said = "".join(rng.choice(["a", "b"], 1 + k % 2))
        wave = np.concatenate([beep(400 if one == "a" else 1_500) for one in said])
        wavfile.write(f"calls/{k:02}.wav", 8_000, wave + rng.normal(0, 0.01, len(wave)))
        rows.append(f"{k:02}.wav\t{said}")
    Path("calls/said.tsv").write_text("\n".join(["file\ttranscript", *rows, ""]))
    return "calls"


@pytest.fixture
def made(tidegate, calls):
    """A transcriber that was trained and saved."""
    done = tidegate(f"train transcribe {calls} --output made --batch-size 8 --seed 3 {QUICK}")
    assert done.exit_code == 0, done.stderr
    return done


def test_a_transcriber_is_learned_judged_and_saved(made):
    assert "Tokens that are wrong" in made.stdout
    assert "the simple model" in made.stdout
    assert "tidegate run made INPUT" in made.stdout
    scores = json.loads(Path("made/scores.json").read_text())
    table = pd.read_csv("made/predictions.csv", keep_default_na=False)
    assert scores["sequences"] == len(table) == 5
    assert scores["edits"]["tokens"] == table["transcript"].str.len().sum()
    run = json.loads(Path("made/run.json").read_text())
    assert (run["seed"], run["settings"]["task"], run["settings"]["batch_size"]) == (3, "transcribe", 8)
    assert "What it heard when" in Path("made/report.html").read_text()
    assert package.load("made").rate == 8_000


def test_run_takes_a_file_a_folder_an_archive_and_names(tidegate, made, spawned):
    waves = [wavfile.read(f"calls/{k:02}.wav")[1] for k in range(25)]
    np.savez("calls.npz", samples=np.concatenate(waves), lengths=[len(one) for one in waves], rate=8_000)
    Path("names.txt").write_text("calls/00.wav\n\ncalls/01.wav\n")
    folder = tidegate("run made calls")
    assert folder.exit_code == 0, folder.stderr
    lines = folder.stdout.split("\n")
    assert len(lines) == 26
    assert tidegate("run made calls.npz").stdout == folder.stdout
    assert tidegate("run made calls/01.wav").stdout == lines[1] + "\n"
    assert tidegate("run made names.txt").stdout == f"{lines[0]}\n\n{lines[1]}\n"
    with Path("names.txt").open() as stream:
        typed = spawned("run made", stdin=stream)
    assert typed.stdout == tidegate("run made names.txt").stdout


def test_json_says_when_and_what_else(tidegate, made):
    done = tidegate("run made calls/01.wav --json")
    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(found) == ["transcript", "probability", "tokens", "alternatives"]
    assert len(found["alternatives"]) == 2
    assert found["probability"] > found["alternatives"][0]["probability"] > 0
    assert "".join(one["token"] for one in found["tokens"]) == found["transcript"]
    assert all(0 <= one["start"] < one["end"] <= 0.42 for one in found["tokens"])


def test_a_file_to_judge_by_at_another_rate(tidegate, calls):
    wavfile.write("other.wav", 16_000, beep(400, 16_000))
    Path("test.tsv").write_text("other.wav\ta\n")
    done = tidegate(f"train transcribe {calls} --test test.tsv --json {QUICK}")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["sequences"] == 1
    assert document["run"]["notes"] == ["1 of 1 recordings were resampled from 16,000 to 8,000 samples per second."]
    assert document["output"] == "tidegate-train-transcribe-calls"


def test_the_example_runs_without_data_and_the_same_seed_gives_the_same_bits(tidegate):
    for name in ("first", "second"):
        done = tidegate(f"train transcribe --example --output {name} {QUICK} --set rate=4000")
        assert done.exit_code == 0, done.stderr
    for file in ("predictions.csv", "scores.json", "model/weights.safetensors"):
        assert Path("first", file).read_bytes() == Path("second", file).read_bytes()
    notes = json.loads(Path("first/run.json").read_text())["notes"]
    assert notes == ["300 of 300 recordings were resampled from 8,000 to 4,000 samples per second."]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train transcribe", "Name a file to learn from"),
        ("train transcribe nothere", "there is no file or folder 'nothere'"),
        ("train transcribe calls --example", "--example are given: give one of them"),
        ("train transcribe --example waves", "There is no example 'waves'; there are dialled"),
        ("train transcribe empty.wav", "empty.wav is no WAV file that can be read: it is empty"),
        ("train transcribe junk.wav", "junk.wav is no WAV file that can be read"),
        ("train transcribe notes.csv", "notes.csv ends in .csv. Give a .wav, .tsv or .npz file, or a folder"),
        ("train transcribe junk.tsv", "line 1 of junk.tsv holds bytes that are no text"),
        ("train transcribe junk.npz", "junk.npz is no NPZ file"),
        ("train transcribe lost.tsv", "row 1: line 1 of lost.tsv names a file that cannot be used"),
        ("train transcribe nothing", "nothing holds no WAV file and no table"),
        ("train transcribe calls/00.wav", "00.wav holds no transcripts. Give a .tsv"),
        ("train transcribe few.tsv", "there are too few recordings to set a fifth aside"),
        ("train transcribe calls --test calls/00.wav", "00.wav holds no transcripts. Give a .tsv"),
        ("train transcribe calls --set stack=1", "has no setting 'stack'. Did you mean 'stacked'?"),
        ("train transcribe calls --set rate=0", "rate is 0; it must be"),
        ("train transcribe calls --epochs 0", "epochs is 0; it must be a whole number, at least 1."),
        ("train transcribe calls --batch-size 0", "--batch-size is 0"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_leaves_nothing(tidegate, calls, typed, said):
    Path("empty.wav").touch()
    for name in ("junk.wav", "junk.tsv", "junk.npz"):
        Path(name).write_bytes(bytes(range(256)) * 20)
    Path("notes.csv").write_text("a,b\n")
    Path("lost.tsv").write_text("gone.wav\ta\n")
    Path("few.tsv").write_text("calls/00.wav\ta\ncalls/01.wav\tb\n")
    Path("nothing").mkdir()
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("empty.wav", "it is empty"),
        ("gone.wav", "there is no file or folder 'gone.wav'"),
        ("song.mp3", "song.mp3 ends in .mp3"),
        ("words.txt", "'where is the sea' names no WAV file"),
        ("words.tsv", "names a file that cannot be used"),
    ],
)
def test_what_cannot_be_heard_is_refused(tidegate, made, given, said):
    Path("empty.wav").touch()
    Path("song.mp3").write_bytes(b"ID3")
    Path("words.txt").write_text("where is the sea\n")
    Path("words.tsv").write_text("label\twhere is the sea\n")
    done = tidegate(f"run made {given}")
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.split())


def test_a_missing_file_among_names_is_said_and_the_next_one_is_heard(made, spawned):
    Path("names").write_text("calls/00.wav\ngone.wav\ncalls/01.wav\n")
    with Path("names").open() as stream:
        done = spawned("run made --json", stdin=stream)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, ["transcript" in one for one in found]) == (2, [True, False, True])
    assert "gone.wav" in found[1]["error"]
    assert "line 2 of standard input: there is no file or folder 'gone.wav'" in done.stderr


def test_a_classifier_does_not_listen(tidegate, calls):
    Path("q.tsv").write_text("".join(f"{k % 2}\tword {k % 2}\n" for k in range(20)))
    learned = tidegate("train classify q.tsv --output other --epochs 1 --set hidden_size=4 --set n_pieces=9 --quiet")
    assert learned.exit_code == 0, learned.stderr
    for given in (calls, "calls/00.wav"):
        done = tidegate(f"run other {given}")
        assert done.exit_code == 2, done.stdout
        assert given in done.stderr
