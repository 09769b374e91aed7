import gzip

import numpy as np
import pytest

from tidegate.data.labelled import read_labelled
from tidegate.errors import DataError, SettingError


@pytest.fixture
def written(tmp_path):
    def made(content, name):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return made


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('label\ttext\n1\tA "fine" film\n0\tdull, awful\n', "a.tsv"),
        ('Text\tLABEL\nA "fine" film\t1\r\ndull, awful\t0\r\n', "a.tsv.gz"),
        ('1\tA "fine" film\n\n0\tdull, awful', "a.tsv"),
        ('\ufefflabel\ttext\n1\tA "fine" film\n0\tdull, awful\n', "a.tsv"),
        ('label,other,text\n1,x,"A ""fine"" film"\n0,,"dull, awful"\n', "a.csv"),
    ],
)
def test_texts_with_labels(written, content, name):
    found = read_labelled(written(content, name))
    assert found.sequences == ['A "fine" film', "dull, awful"]
    assert found.labels.tolist() == [1, 0]


def test_labels_of_text_stay_text(written):
    assert read_labelled(written("good\ta\n1\tb\n", "a.tsv")).labels.tolist() == ["good", "1"]
    assert read_labelled(written("--1\ta\n", "b.tsv")).labels.tolist() == ["--1"]


@pytest.mark.parametrize("label", ["007", "-0", "+1", "12345678901234567890", "9223372036854775808", "\u0661"])
def test_labels_that_numbers_are_not_written_like_stay_text(written, label):
    assert read_labelled(written(f"{label}\ta\n1\tb\n", "a.tsv")).labels.tolist() == [label, "1"]


def test_labels_up_to_64_bits_are_numbers(written):
    found = read_labelled(written("-9223372036854775808\ta\n0\tb\n", "a.tsv")).labels
    assert found.tolist() == [-(2**63), 0]


def test_a_line_break_inside_quotes_belongs_to_the_text(written):
    assert read_labelled(written('label,text\n1,"two\nlines"\n', "a.csv")).sequences == ["two\nlines"]


def test_texts_without_labels(written):
    assert read_labelled(written("one\n\ntwo\n", "a.txt"))[:2] == (["one", "two"], None)
    assert read_labelled(written("text\nx\n", "a.csv")).labels is None


def test_arrays_of_one_length(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.arange(12.0).reshape(2, 3, 2), y=np.array(["u", "v"]))
    found = read_labelled(tmp_path / "a.npz")
    assert [one.shape for one in found.sequences] == [(3, 2), (3, 2)]
    assert found.labels.tolist() == ["u", "v"]


@pytest.mark.parametrize("flat", [True, False])
def test_arrays_of_unequal_length(tmp_path, flat):
    values = np.arange(10.0).reshape(5, 2)
    parts = {"lengths": [2, 3], "channels": 2, "labels": [1, 0], "label_names": ["slow", "fast"]}
    np.savez(tmp_path / "a.npz", values=values.ravel() if flat else values, **parts)
    found = read_labelled(tmp_path / "a.npz")
    assert [one.tolist() for one in found.sequences] == [values[:2].tolist(), values[2:].tolist()]
    assert found.labels.tolist() == ["fast", "slow"]


def test_recordings_of_the_archive(written):
    content = "# about\n@problemName Waves\n@timestamps false\n@classLabel true 0 1\n@data\n1,2,3:4,5,6:1\n7,?:8,9:0\n"
    found = read_labelled(written(content, "a.ts"))
    assert found.sequences[0].tolist() == [[1, 4], [2, 5], [3, 6]]
    np.testing.assert_array_equal(found.sequences[1], [[7, 8], [np.nan, 9]])
    assert found.labels.tolist() == [1, 0]
    assert read_labelled(written("@classLabel false\n@data\n1,2\n", "b.ts")).labels is None


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "a.tsv", "a.tsv holds no sequences"),
        ("a\tb\tc\n", "a.tsv", "line 1 of a.tsv names the columns 'a', 'b', 'c'"),
        ("sentence\tlabel\nfine\t1\n", "a.tsv", "line 1 of a.tsv names the columns 'sentence', 'label'"),
        ("label\ttext\n1\n", "a.tsv", "line 2 of a.tsv has 1 cells, not 2"),
        ("label\ttext\n1\ta\tb\n", "a.tsv", "line 2 of a.tsv has 3 cells, not 2"),
        ("label\ttext\n1\ta\n \tb\n", "a.tsv", "line 3 of a.tsv has no label"),
        (b"1\ta\n0\t\xff\xfe\n", "a.tsv", "line 2 of a.tsv is not UTF-8: invalid start byte at byte 2"),
        (b"1\ta\x00\n", "a.tsv", "line 1 of a.tsv holds bytes that are no text"),
        ('label,text\n1,"open\n', "a.csv", "is no row of CSV"),
        ("x,y\n1,2\n", "a.csv", "line 1 of a.csv names the columns 'x', 'y'"),
        (b"no archive", "a.npz", "a.npz cannot be read"),
        ("@data\n1,2:3\n", "a.ts", "line 2 of a.ts has channels of unequal length"),
        ("@data\n1,b\n", "a.ts", "line 2 of a.ts holds what is no number"),
        ("@timestamps true\n@data\n", "a.ts", "line 1 of a.ts says that steps have stamps"),
        ("x", "a.wav", "ends in .wav"),
        (b"x", "a.npz.gz", "ends in .npz"),
        (b"PK\x03\x04 and no more", "a.npz", "a.npz cannot be read"),
        ("@classLabel true a\n@data\n1,2\n", "a.ts", "line 3 of a.ts has no label"),
        ("@classLabel true a\n@data\n1,2:?\n", "a.ts", "line 3 of a.ts has no label"),
    ],
)
def test_files_that_cannot_be_used_say_where(written, content, name, said):
    with pytest.raises(DataError) as caught:
        read_labelled(written(content, name))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("label,text\n,one\nx,two\n", "a.csv"),
        ("label\ttext\n\tone\n\ttwo\n", "a.tsv"),
        ("\tone\n\ttwo\n", "a.tsv"),
        ("@classLabel true a\n@data\n1,2:?\n3:\n", "a.ts"),
    ],
)
def test_labels_are_passed_over_on_request(written, content, name):
    path = written(content, name)
    found = read_labelled(path, labels=False)
    assert (len(found.sequences), found.labels) == (2, None)
    with pytest.raises(DataError, match="has no label"):
        read_labelled(path)


def test_labels_of_arrays_are_passed_over_too(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.zeros((2, 3)), y=[1, 2])
    np.savez(tmp_path / "b.npz", values=np.zeros(3), lengths=[1, 2], labels=[0, -1], label_names=["a", "b"])
    for name in ("a.npz", "b.npz"):
        found = read_labelled(tmp_path / name, labels=False)
        assert (len(found.sequences), found.labels) == (2, None)


def test_damaged_archives_and_absent_files(tmp_path):
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"1\ta\n" * 99)[:-9])
    with pytest.raises(DataError, match=r"a.tsv.gz cannot be read"):
        read_labelled(tmp_path / "a.tsv.gz")
    with pytest.raises(DataError, match="there is no file"):
        read_labelled(tmp_path / "none.tsv")
    np.savez(tmp_path / "a.npz", values=np.zeros(3))
    with pytest.raises(DataError, match=r"holds no 'lengths', but values. Save X and y"):
        read_labelled(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", values=np.zeros(3), lengths=[2])
    with pytest.raises(DataError, match="holds 3 values for 2 steps of 1 channels"):
        read_labelled(tmp_path / "b.npz")
    np.savez(tmp_path / "d.npz", values=np.zeros(3), lengths=[1, 2], labels=[0, -1], label_names=["a", "b"])
    with pytest.raises(DataError, match=r"label 1 of .* is -1, but there are 2 names"):
        read_labelled(tmp_path / "d.npz")
    np.savez(tmp_path / "e.npz", values=np.zeros(3), lengths=[1, 2], labels=[0])
    with pytest.raises(DataError, match="holds 1 labels for 2 sequences"):
        read_labelled(tmp_path / "e.npz")
    broken = bytearray(gzip.compress(bytes(range(65, 91)) * 99))
    broken[20] ^= 255
    (tmp_path / "f.tsv.gz").write_bytes(bytes(broken))
    with pytest.raises(DataError, match=r"f.tsv.gz cannot be read"):
        read_labelled(tmp_path / "f.tsv.gz")
    np.save(tmp_path / "g.npy", np.zeros(3))
    (tmp_path / "g.npy").rename(tmp_path / "g.npz")
    with pytest.raises(DataError, match=r"g.npz cannot be read"):
        read_labelled(tmp_path / "g.npz")
    np.savez(tmp_path / "c.npz", X=np.array([object()]), y=[1])
    with pytest.raises(DataError, match=r"c.npz cannot be read"):
        read_labelled(tmp_path / "c.npz")


def test_films_of_unequal_length(tmp_path):
    frames = np.arange(60.0).reshape(5, 3, 4)
    np.savez(tmp_path / "a.npz", values=frames, lengths=[2, 3], labels=["u", "v"])
    first, second = read_labelled(tmp_path / "a.npz").sequences
    np.testing.assert_array_equal(first, frames[:2])
    np.testing.assert_array_equal(second, frames[2:])
    np.savez(tmp_path / "b.npz", X=frames[None], y=["u"])
    np.testing.assert_array_equal(read_labelled(tmp_path / "b.npz").sequences[0], frames)
    np.savez(tmp_path / "c.npz", values=frames, lengths=[2, 2], labels=["u", "v"])
    with pytest.raises(DataError, match="60 values for 4 steps of 12 channels"):
        read_labelled(tmp_path / "c.npz")


def test_rows_of_another_length_than_the_header_says_are_refused(written):
    text = "@equalLength true\n@classLabel true a b\n@data\n1,2:a\n1,2,3:b\n"
    with pytest.raises(DataError, match=r"line 5 of a.ts has 3 steps, the first 2, but @equalLength is true"):
        read_labelled(written(text, "a.ts"))
    assert len(read_labelled(written(text.replace("true\n", "false\n", 1), "b.ts")).sequences) == 2


def test_a_long_table_is_one_with_ids_and_without_texts(written):
    found = read_labelled(written("id,x,label\na,1,7\na,2,7\nb,3,8\n", "a.csv"))
    assert (found.ids, found.labels.tolist()) == (["a", "b"], [7, 8])
    np.testing.assert_array_equal(found.sequences[0], [[1], [2]])
    assert read_labelled(written("id,label,text\n1,a,one\n", "b.csv")).ids is None
    found = read_labelled(written("unit,x,label\na,1,7\n", "c.csv"), labels=False, id="unit")
    assert (found.ids, found.labels) == (["a"], None)
    with pytest.raises(DataError, match=r"names the columns 'unit', 'x'. .* or, of a long CSV .* one of them id"):
        read_labelled(written("unit,x\na,1\n", "d.csv"))
    with pytest.raises(SettingError, match=r"--id names a column of a long \.csv; .*a\.tsv is \.tsv: leave it out"):
        read_labelled(written("a\tone\n", "a.tsv"), id="a")
