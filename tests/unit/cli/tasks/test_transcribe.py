import numpy as np
import pytest
from scipy.io import wavfile

from tidegate import SequenceTranscriber
from tidegate.cli.tasks import transcribe
from tidegate.data.recordings import Recordings
from tidegate.errors import DataError, SettingError

RATE = 8_000
QUICK = {"bands": 12, "hidden_size": 8, "layers": 1, "dropout": 0.0}


def beep(hertz, n=1_600, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(n) / rate)


@pytest.fixture(scope="module")
def given():
    said = ["a", "b"] * 10
    return Recordings([beep(400 if one == "a" else 1_500) for one in said], said, RATE, [])


@pytest.fixture(scope="module")
def model(given):
    made = SequenceTranscriber(rate=RATE, **QUICK)
    return made.fit(given.sequences, given.transcripts, epochs=3, batch_size=4)


def one(samples, rate=RATE):
    return Recordings([samples], None, rate, [])


def test_an_answer_is_the_transcript_of_the_beam_with_times_and_alternatives(model):
    (answer,) = transcribe.answers(model, [one(beep(400))])
    best, *others = model.decode([beep(400)])[0]
    assert answer.line == answer.document["transcript"] == best.said
    assert answer.document["probability"] == pytest.approx(np.exp(best.log_probability))
    assert [row["transcript"] for row in answer.document["alternatives"]] == [each.said for each in others]
    assert len(others) == 2
    assert [[row["start"], row["end"]] for row in answer.document["tokens"]] == best.spans.round(3).tolist()


def test_another_rate_is_brought_to_that_of_training(model):
    doubled = beep(400, 3_200, 2 * RATE)
    (other,) = transcribe.answers(model, [one(doubled, 2 * RATE)])
    (taken_as_it_is,) = transcribe.answers(model, [one(doubled)])
    (same,) = transcribe.answers(model, [one(one(doubled, 2 * RATE).at(RATE).sequences[0])])
    assert other.document == same.document != taken_as_it_is.document


def test_more_than_are_heard_at_once_keep_their_order(model, given):
    found = list(transcribe.answers(model, [one(wave) for wave in given.sequences]))
    assert len(found) == 20 > transcribe._AT_ONCE
    alone = [next(transcribe.answers(model, [one(wave)])).document for wave in given.sequences]
    for each, other in zip(found, alone, strict=True):
        assert each.document["probability"] == pytest.approx(other["probability"], rel=1e-4)


def test_tokens_that_are_no_characters_stand_apart():
    y = [["on", "off"], ["off"]] * 8
    model = SequenceTranscriber(rate=RATE, **QUICK).fit([beep(400), beep(900)] * 8, y, epochs=1)
    (answer,) = transcribe.answers(model, [one(beep(400))])
    lines = [row["transcript"] for row in answer.document["alternatives"]]
    assert answer.line in {"", "on", "off", "on off", "off on"}
    assert set(" ".join(lines).split()) <= {"on", "off"}


def test_a_model_of_strokes_has_no_files():
    model = SequenceTranscriber(**QUICK).fit([np.random.default_rng(0).normal(size=(9, 2))] * 4, ["a"] * 4, epochs=1)
    with pytest.raises(SettingError, match="sequences that are no recordings, of which there are no files: use it in"):
        next(transcribe.answers(model, [one(beep(400))]))


def test_a_line_names_one_recording(tmp_path):
    wavfile.write(tmp_path / "a.wav", RATE, beep(400))
    (found,) = transcribe.sequence(f" {tmp_path}/a.wav ").sequences
    np.testing.assert_array_equal(found, beep(400))
    with pytest.raises(DataError, match=r"names no WAV file\. Write the path of one WAV file in each line"):
        transcribe.sequence(str(tmp_path))
    with pytest.raises(DataError, match="there is no file"):
        transcribe.sequence("nothere.wav")


def test_transcripts_of_a_file_are_not_looked_at_but_to_learn(tmp_path):
    wavfile.write(tmp_path / "a.wav", RATE, beep(400))
    with pytest.raises(DataError, match=r"holds no transcripts\. Give a \.tsv, alone or beside the WAV files"):
        transcribe.read(tmp_path)
    (tmp_path / "said.tsv").write_text("a.wav\ta\n")
    assert transcribe.read(tmp_path).transcripts == ["a"]
    assert [each.transcripts for each in transcribe.sequences(tmp_path)] == [None]


def test_learned_at_the_rate_of_the_setting_or_else_of_the_data(given):
    test = Recordings([beep(400, 3_200, 2 * RATE)] * 2, ["a", "a"], 2 * RATE, [])
    trial = transcribe.tried(SequenceTranscriber(**QUICK), given, test, epochs=1, batch_size=8)
    assert trial.model.rate == RATE
    assert trial.notes[0] == "2 of 2 recordings were resampled from 16,000 to 8,000 samples per second."
    own = transcribe.tried(SequenceTranscriber(rate=4_000, **QUICK), given, None, epochs=1, batch_size=8)
    assert own.model.rate == 4_000
    assert own.notes[0] == "20 of 20 recordings were resampled from 8,000 to 4,000 samples per second."


def test_the_screen_shows_what_is_wrong_beside_the_simple_model():
    counts = {"substitutions": 1_200, "deletions": 3, "insertions": 0, "tokens": 9_000}
    scores = {
        "model": "the gru network",
        "error_rate": 0.13367,
        "edits": counts,
        "simple_error_rate": 0.5,
        "simple_edits": counts,
    }
    assert transcribe.listing(scores).rows == [
        ["the gru network", "13.4 %", "1,200", "3", "0"], ["the simple model", "50.0 %", "1,200", "3", "0"]
    ]  # fmt: skip
