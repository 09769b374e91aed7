import numpy as np
import pytest
from scipy.io import wavfile

import tidegate
from tidegate import read_recordings
from tidegate.errors import DataError, SettingError

WAVE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(800) / 8_000)


@pytest.fixture
def saved(tmp_path):
    """Save a recording, and return its path."""

    def made(name="one.wav", samples=None, rate=8_000):
        path = tmp_path / name
        wavfile.write(path, rate, (WAVE * 32_767).astype(np.int16) if samples is None else samples)
        return path

    return made


@pytest.mark.parametrize(
    ("samples", "coarse"),
    [
        ((WAVE * 127 + 128).round().astype(np.uint8), 1 / 100),
        ((WAVE * 32_767).astype(np.int16), 1e-4),
        ((WAVE * 2_147_483_647).astype(np.int32), 1e-8),
        (WAVE.astype(np.float32), 1e-7),
        (WAVE, 0),
    ],
)
def test_any_depth_is_the_same_sound(saved, samples, coarse):
    made = read_recordings(saved(samples=samples))
    assert made.rate == 8_000
    assert made.transcripts is None
    assert made.notes == []
    np.testing.assert_allclose(made.sequences[0], WAVE, atol=coarse)


def test_24_bits(tmp_path):
    whole = (WAVE * 8_388_607).astype(np.int32)
    data = b"".join(int(one).to_bytes(3, "little", signed=True) for one in whole)
    sizes = [(36 + len(data), 4), (16, 4), (1, 2), (1, 2), (8_000, 4), (24_000, 4), (3, 2), (24, 2), (len(data), 4)]
    riff, *form, size = [number.to_bytes(n, "little") for number, n in sizes]
    (tmp_path / "one.wav").write_bytes(b"RIFF" + riff + b"WAVEfmt " + b"".join(form) + b"data" + size + data)
    np.testing.assert_allclose(read_recordings(tmp_path / "one.wav").sequences[0], WAVE, atol=1e-6)


def test_channels_become_their_mean_and_it_is_said(saved):
    both = np.column_stack([WAVE, np.zeros_like(WAVE)])
    made = read_recordings(saved(samples=both))
    np.testing.assert_allclose(made.sequences[0], WAVE / 2, atol=1e-9)
    assert made.notes == ["1 of 1 recordings have several channels; their mean is read."]


def test_another_rate_is_changed_and_it_is_said(saved):
    saved("a.wav")
    doubled = 0.5 * np.sin(2 * np.pi * 440 * np.arange(1_600) / 16_000)
    folder = saved("b.wav", doubled, rate=16_000).parent
    made = read_recordings(folder)
    assert made.rate == 8_000
    assert made.notes == ["1 of 2 recordings were resampled from 16,000 to 8,000 samples per second."]
    np.testing.assert_allclose(made.sequences[1][50:750], WAVE[50:750], atol=0.01)
    assert read_recordings(folder, rate=16_000).notes[0].startswith("1 of 2 recordings were resampled from 8,000")
    assert [len(one) for one in read_recordings(folder, rate=11_025).sequences] == [1_103, 1_103]


def test_silence_is_said(saved):
    assert read_recordings(saved(samples=np.zeros(50))).notes == ["1 of 1 recordings are silent, one.wav first."]


@pytest.mark.parametrize("header", ["", "file\ttranscript\n"])
def test_a_table_of_files(saved, tmp_path, header):
    (tmp_path / "sub").mkdir()
    saved("b.wav")
    saved("sub/a.wav", WAVE[:300])
    (tmp_path / "said.tsv").write_text(f"{header}sub/a.wav\tfour two\n\nb.wav\t\n", "utf-8")
    for path in (tmp_path / "said.tsv", tmp_path):
        made = read_recordings(path)
        assert made.transcripts == ["four two", ""]
        assert [len(one) for one in made.sequences] == [300, 800]


def test_arrays(tmp_path):
    held = {"samples": np.arange(5, dtype=np.int16), "lengths": [2, 3], "rate": 8_000}
    np.savez(tmp_path / "a.npz", **held, digit=[4, 2])
    made = tidegate.read_recordings(tmp_path / "a.npz")
    assert [one.tolist() for one in made.sequences] == [[0, 1], [2, 3, 4]]
    assert (made.transcripts, made.rate) == (["4", "2"], 8_000)
    np.savez(tmp_path / "b.npz", **held)
    assert read_recordings(tmp_path / "b.npz").transcripts is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"samples": [1.0]}, "holds no 'lengths', but samples"),
        ({"samples": [1.0], "lengths": [2], "rate": 8}, r"holds samples of shape \(1,\) for lengths that sum to 2"),
        ({"samples": [1.0], "lengths": [1, 0], "rate": 8}, r"row 1: recording 1 of .* is empty. Leave it out"),
        ({"samples": [1.0], "lengths": [1], "rate": 0}, "tells 0 samples per second"),
        ({"samples": ["a"], "lengths": [1], "rate": 8}, "cannot be read: could not convert string to float"),
        ({"samples": [np.nan], "lengths": [1], "rate": 8}, "holds samples that are not finite"),
        ({"samples": [1.0], "lengths": [1], "rate": [8, 8]}, "holds 2 rates. Save one rate for all recordings"),
        ({"samples": [1.0], "lengths": [1], "rate": 8, "digit": [1, 2]}, "holds 2 transcripts for 1 recordings"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, content, said):
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(DataError, match=said):
        read_recordings(tmp_path / "a.npz")


def test_files_that_cannot_be_used(saved, tmp_path):
    whole = saved().read_bytes()
    bad = tmp_path / "bad.wav"
    for content, said in (
        (whole[:-200], "bad.wav is cut off: .* Copy it again, or leave it out"),
        (whole[:30], "bad.wav is no WAV file that can be read"),
        (b"", "bad.wav is no WAV file that can be read"),
        (b"ID3 this is music", "is no WAV file that can be read: .* Save it as WAV with 8, 16, 24 or 32 bits"),
    ):
        bad.write_bytes(content)
        with pytest.raises(DataError, match=said):
            read_recordings(bad)
    with pytest.raises(DataError, match=r"holds no samples. Leave it out"):
        read_recordings(saved(samples=np.zeros(0, dtype=np.int16)))
    with pytest.raises(DataError, match=r"holds nan at sample 3"):
        read_recordings(saved(samples=np.array([0, 0, 0, np.nan])))
    (tmp_path / "broken.npz").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"broken.npz is no NPZ file. Save it with numpy.savez"):
        read_recordings(tmp_path / "broken.npz")


def test_paths_that_cannot_be_used(tmp_path):
    with pytest.raises(DataError, match=r"there is no file or folder 'nowhere'. Check the path"):
        read_recordings("nowhere")
    with pytest.raises(DataError, match=r"holds no WAV file and no table. Put WAV files there"):
        read_recordings(tmp_path)
    (tmp_path / "a.mp3").write_bytes(b"")
    with pytest.raises(DataError, match=r"ends in .mp3. Give a .wav, .tsv or .npz file"):
        read_recordings(tmp_path / "a.mp3")
    (tmp_path / "a.tsv").write_text("\n")
    with pytest.raises(DataError, match=r"a.tsv names no recordings"):
        read_recordings(tmp_path)
    (tmp_path / "b.tsv").write_text("")
    with pytest.raises(DataError, match=r"holds 2 tables: a.tsv, b.tsv. Give the path of one"):
        read_recordings(tmp_path)
    with pytest.raises(SettingError, match=r"rate is 0; it must be a whole number, at least 1"):
        read_recordings(tmp_path, rate=0)


def test_lines_that_cannot_be_used(saved, tmp_path):
    table = saved().with_name("said.tsv")
    table.write_text("one.wav\tyes\none.wav yes\n")
    with pytest.raises(DataError, match=r"row 2: line 2 of said.tsv has 1 cells, not 2\. Write a line a recording"):
        read_recordings(table)
    table.write_text("one.wav\tyes\ntwo.wav\tno\n")
    with pytest.raises(
        DataError, match=r"line 2 of said.tsv names a file that cannot be used: there is no file .*two.wav"
    ):
        read_recordings(table)


def test_recordings_at_another_rate_say_so(saved):
    both = np.column_stack([WAVE, WAVE])
    made = read_recordings(saved(samples=both))
    other = made.at(4_000)
    assert other.rate == 4_000
    np.testing.assert_array_equal(other.sequences[0], read_recordings(saved(samples=both), rate=4_000).sequences[0])
    assert other.notes == [
        "1 of 1 recordings have several channels; their mean is read.",
        "1 of 1 recordings were resampled from 8,000 to 4,000 samples per second.",
    ]
    assert made.at(8_000) is made
    with pytest.raises(SettingError, match="rate is 0"):
        made.at(0)


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.wav is no WAV file that can be read: it is empty\. Save"):
        read_recordings(tmp_path / "a.wav")
