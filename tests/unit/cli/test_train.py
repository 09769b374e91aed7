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


@pytest.mark.parametrize("lesson", [Lesson("classify", Path("a.tsv"), example="waves"), Lesson("tag")])
def test_data_or_an_example(lesson):
    with pytest.raises(SettingError, match="and not both"):
        lesson.read()


def test_a_test_has_a_file_of_its_own(tmp_path):
    (tmp_path / "test.tsv").write_text("a\tone\nb\ttwo\n")
    given, test = Lesson("classify", example="waves", test=tmp_path / "test.tsv").read()
    assert (len(given.sequences), test.sequences) == (300, ["one", "two"])


def test_a_tagger_reads_columns(tmp_path):
    (tmp_path / "a.conll").write_text("Ada\tB-p\n\nsleeps\tO\n")
    assert Lesson("tag", tmp_path / "a.conll").read() == (([["Ada"], ["sleeps"]], [["B-p"], ["O"]]), None)


def test_columns_of_a_long_table_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("who,x,what\n1,3,up\n1,4,up\n2,5,down\n")
    given, _ = Lesson("classify", tmp_path / "a.csv", id="who", label="what").read()
    assert (given.ids, given.labels.tolist()) == (["1", "2"], ["up", "down"])
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
