import csv
import gzip

import numpy as np
import pytest

from tidegate.data.labelled import has_lines, identified, read_labelled
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


def test_a_text_of_csv_may_be_long(written):
    before = csv.field_size_limit()
    (found,) = read_labelled(written(f"label,text\na,{'word ' * 40_000}\n", "a.csv")).sequences
    assert len(found) == 200_000
    assert csv.field_size_limit() == before


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
        (b"no archive", "a.npz", "a.npz is no NPZ file"),
        ("@data\n1,2:3\n", "a.ts", "line 2 of a.ts has channels of unequal length"),
        ("@data\n1,b\n", "a.ts", "line 2 of a.ts holds what is no number"),
        ("@data\n1,2\n1,-inf\n", "a.ts", "line 3 of a.ts holds what is no number: '-inf'. Correct it"),
        ("@timestamps true\n@data\n", "a.ts", "line 1 of a.ts says that steps have stamps"),
        ("x", "a.wav", "ends in .wav"),
        (b"x", "a.npz.gz", "ends in .npz"),
        (b"PK\x03\x04 and no more", "a.npz", "a.npz is no NPZ file"),
        ("abcdefg".replace("", "\t"), "a.tsv", "names the columns '', 'a', 'b', 'c', 'd', .... Name two"),
        ("x" * 99 + "\ty\tz", "a.tsv", f"names the columns '{'x' * 39}, 'y', 'z'"),
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
    with pytest.raises(DataError, match=r"g.npz is no NPZ file"):
        read_labelled(tmp_path / "g.npz")
    np.savez(tmp_path / "c.npz", X=np.array([object()]), y=[1])
    with pytest.raises(DataError, match=r"c.npz cannot be read"):
        read_labelled(tmp_path / "c.npz")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"labels": [0.0, 1.0], "label_names": ["a", "b"]}, None),
        ({"labels": [False, True], "label_names": ["a", "b"]}, None),
        ({"labels": [0.0, 0.5], "label_names": ["a", "b"]}, "label 1 of {file} is 0.5, but there are 2 names"),
        ({"labels": ["a", "b"], "label_names": ["a", "b"]}, "labels of {file} are <U1, not numbers of label_names"),
        ({"labels": [0, 1], "label_names": "a"}, "label_names of {file} has shape (); it must have 1 axis"),
        ({"labels": 3}, "labels of {file} has shape (); it must have 1 axis"),
        ({"labels": [[0], [1]]}, "labels of {file} has shape (2, 1); it must have 1 axis"),
        ({"lengths": 6}, "lengths of {file} has shape (); it must have 1 axis"),
        ({"lengths": [[2, 4]]}, "lengths of {file} has shape (1, 2); it must have 1 axis"),
        ({"lengths": ["a", "b"]}, "lengths of {file} are <U1, not numbers"),
        ({"lengths": [2.5, 3.5]}, "sequence 0 of {file} has 2.5 steps"),
        ({"lengths": [5, -2, 3]}, "row 1: sequence 1 of {file} has -2 steps of 6 values. Let lengths say"),
        ({"lengths": [6, 0]}, "sequence 1 of {file} has 0 steps"),
        ({"lengths": [2, np.nan]}, "sequence 1 of {file} has nan steps"),
        ({"lengths": [2**63 - 1, 2**63 - 1, 8]}, "sequence 0 of {file} has 9223372036854775807 steps of 6 values"),
        ({"lengths": []}, "{file} holds 6 values for 0 steps"),
        ({"lengths": [], "values": np.zeros(0)}, "{file} holds no sequences"),
        ({"lengths": [2.0, 4.0]}, None),
        ({"channels": [1, 1]}, "channels of {file} is [1 1]. Let it be one whole number, at least 1"),
        ({"channels": "b"}, "channels of {file} is b. Let it be one whole number"),
        ({"channels": 0}, "channels of {file} is 0. Let it be one whole number"),
        ({"channels": np.inf}, "channels of {file} is inf. Let it be one whole number"),
        ({"channels": [1.0]}, None),
        ({"values": 1.0}, "values of {file} has shape (); it must have 1 to 3 axes"),
        ({"values": np.zeros((6, 1, 1, 1))}, "values of {file} has shape (6, 1, 1, 1); it must have 1 to 3 axes"),
        ({"values": ["a"] * 6}, "values of {file} are <U1, not numbers"),
        ({"X": 3.0}, "X of {file} has shape (); it must have 2 to 4 axes"),
        ({"X": np.zeros(3)}, "X of {file} has shape (3,); it must have 2 to 4 axes"),
        ({"X": np.zeros((2, 3)), "y": 1}, "y of {file} has shape (); it must have 1 axis"),
        ({"X": np.zeros((2, 3)), "y": [1]}, "{file} holds 1 labels for 2 sequences"),
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(tmp_path, arrays, said):
    held = arrays if "X" in arrays else {"values": np.zeros(6), "lengths": [2, 4]} | arrays
    np.savez(tmp_path / "a.npz", **held)
    if said is None:
        found = read_labelled(tmp_path / "a.npz")
        assert [len(one) for one in found.sequences] == [2, 4]
        assert found.labels is None or found.labels.tolist() == ["a", "b"]
        return
    with pytest.raises(DataError) as told:
        read_labelled(tmp_path / "a.npz")
    assert said.format(file=tmp_path / "a.npz") in str(told.value)


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
    file = written("id,x,label\na,1,7\na,2,7\nb,3,8\n", "a.csv")
    sequences, labels = read_labelled(file)
    assert ([one.tolist() for one in sequences], labels.tolist()) == ([[[1], [2]], [[3]]], [7, 8])
    assert (identified(file)[1], has_lines(file)) == (["a", "b"], False)
    file = written("id,label,text\n1,a,one\n", "b.csv")
    assert (*identified(file), has_lines(file)) == (["one"], None, True)
    file = written("unit,x,label\na,1,7\n", "c.csv")
    assert (identified(file, id="unit")[1], read_labelled(file, labels=False, id="unit").labels) == (["a"], None)
    with pytest.raises(DataError, match=r"names the columns 'unit', 'x'. .* or, of a long CSV .* one of them id"):
        read_labelled(written("unit,x\na,1\n", "d.csv"))
    with pytest.raises(SettingError, match=r"--id names a column of a long \.csv; .*a\.tsv is \.tsv: leave it out"):
        read_labelled(written("a\tone\n", "a.tsv"), id="a")
