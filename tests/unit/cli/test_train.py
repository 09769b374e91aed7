from pathlib import Path

import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.options import Chance, Folder, Speech
from tidegate.cli.train import Course, Lesson, Request
from tidegate.errors import SettingError


@pytest.mark.parametrize(
    ("lesson", "name"),
    [
        (Lesson("classify", Path("some/questions.tsv.gz")), "questions"),
        (Lesson("classify", example="waves"), "waves"),
        (Lesson("classify", example=""), "reviews"),
        (Lesson("tag", example=""), "journeys"),
        (Lesson("translate", example=""), "dates"),
        (Lesson("translate", Path("some/train.de.gz,some/train.en.gz")), "train"),
        (Lesson("classify"), "data"),
    ],
)
def test_results_are_called_after_the_data(lesson, name):
    assert lesson.name == name


@pytest.mark.parametrize(
    ("lesson", "said"),
    [
        (
            Lesson("classify", Path("a.tsv"), example="waves"),
            r"a\.tsv and --example are given: give one of them\.",
        ),
        (Lesson("tag"), r"Name a file to learn from, or give --example\."),
    ],
)
def test_data_or_an_example(lesson, said):
    with pytest.raises(SettingError, match=said):
        lesson.read()


def test_a_test_has_a_file_of_its_own(tmp_path):
    (tmp_path / "test.tsv").write_text("a\tone\nb\ttwo\n")
    given, test = Lesson("classify", example="waves", test=tmp_path / "test.tsv").read()
    assert (len(given.sequences), test.sequences) == (300, ["one", "two"])


def test_a_tagger_reads_columns(tmp_path):
    (tmp_path / "a.conll").write_text("Ada\tB-p\n\nsleeps\tO\n")
    assert Lesson("tag", tmp_path / "a.conll").read() == (([["Ada"], ["sleeps"]], [["B-p"], ["O"]]), None)


@pytest.mark.parametrize(
    ("task", "name", "content", "said"),
    [
        ("classify", "a.tsv", "label\ttext\n\nx\tone\ny\ttwo\n", "line 4 of a.tsv"),
        ("classify", "a.csv", 'label,text\nx,"one\nmore"\ny,two\n', "line 4 of a.csv"),
        ("classify", "a.ts", "@classLabel true a b\n# c\n@data\n1,2:a\n\n3,4:b\n", "line 6 of a.ts"),
        ("classify", "a.npz", "", "sequence 1 of a.npz"),
        ("tag", "a.conll", "\nAda B\nran O\n\nBob B\n", "the sentence that begins at line 5 of a.conll"),
        ("translate", "a.tsv", "source\ttarget\neins\tone\nzwei\ttwo\n", "line 3 of a.tsv"),
        ("transcribe", "a.tsv", "file\ttranscript\na.wav\ta\n\nb.wav\tb\n", "line 4 of a.tsv"),
        ("transcribe", "a.npz", "", "sequence 1 of a.npz"),
        ("generate", "a.txt", "one\n\ntwo\n", "sequence 1 of a.txt"),
        ("generate", "a.tsv", "x\tone\ny\ttwo\n", "line 2 of a.tsv"),
    ],
)
def test_messages_call_a_sequence_by_its_line(tmp_path, task, name, content, said):
    (tmp_path / name).write_text(content)
    assert Lesson(task).origin(tmp_path / name).called(1) == said


def test_messages_call_texts_of_a_line_each_and_files_side_by_side_by_their_lines(tmp_path):
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    assert Lesson("generate", by="line").origin(tmp_path / "a.txt").called(1) == "line 3 of a.txt"
    (tmp_path / "a.de").write_text("eins\nzwei\n")
    (tmp_path / "a.en").write_text("one\ntwo\n")
    both = Path(f"{tmp_path / 'a.de'},{tmp_path / 'a.en'}")
    assert Lesson("translate").origin(both).called(1) == "line 2 of a.de and a.en"


def test_an_example_has_no_file():
    assert Lesson("classify", example="").origin(None) is None


def test_columns_of_a_long_table_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("who,x,what\n1,3,up\n1,4,up\n2,5,down\n")
    given, _ = Lesson("classify", tmp_path / "a.csv", id="who", label="what").read()
    assert ([one.tolist() for one in given.sequences], given.labels.tolist()) == ([[[3], [4]], [[5]]], ["up", "down"])
    with pytest.raises(SettingError, match="--id says how DATA is read; leave it out for an example"):
        Lesson("classify", example="waves", id="who").read()
    with pytest.raises(SettingError, match="--label is for classify; leave it out for tag"):
        Lesson("tag", tmp_path / "a.csv", label="what").read()


def test_everything_that_decides_is_recorded():
    typed = Invocation("train", ())
    request = Request(
        Lesson("classify", example=""), Course(3, 16, ["cell=lstm"]), Chance(5), Folder(), Speech(), typed
    )
    assert request.recorded(7) == {
        "task": "classify", "labelled": None, "example": "reviews", "test": None, "by": None, "id": None,
        "time": None, "label": None, "epochs": 3, "batch_size": 16, "seed": 7, "set": ["cell=lstm"],
    }  # fmt: skip


def test_a_text_is_read_line_by_line_on_request(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    assert Lesson("generate", tmp_path / "a.txt").read()[0].sequences == "one\ntwo"
    assert Lesson("generate", tmp_path / "a.txt", by="line").read()[0].sequences == ["one", "two"]
    with pytest.raises(SettingError, match="--by says how DATA is read; leave it out for an example"):
        Lesson("generate", example="melodies", by="line").read()
    with pytest.raises(SettingError, match="--by is for generate; leave it out for tag"):
        Lesson("tag", tmp_path / "a.txt", by="line").read()
