from pathlib import Path

import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.options import Chance, Folder, Speech
from tidegate.cli.train import Course, Request, Task
from tidegate.errors import SettingError


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (Task("classify", Path("some/questions.tsv.gz")), "questions"),
        (Task("classify", example="waves"), "waves"),
        (Task("classify"), "data"),
    ],
)
def test_results_are_called_after_the_data(task, name):
    assert task.name == name


@pytest.mark.parametrize("task", [Task("classify"), Task("classify", Path("a.tsv"), example="waves")])
def test_data_or_an_example(task):
    with pytest.raises(SettingError, match="and not both"):
        task.read()


def test_a_test_has_a_file_of_its_own(tmp_path):
    (tmp_path / "test.tsv").write_text("a\tone\nb\ttwo\n")
    given, test = Task("classify", example="waves", test=tmp_path / "test.tsv").read()
    assert (len(given.sequences), test.sequences) == (300, ["one", "two"])


def test_everything_that_decides_is_recorded():
    typed = Invocation("train", ())
    request = Request(
        Task("classify", example="waves"), Course(3, 16, ["cell=lstm"]), Chance(5), Folder(), Speech(), typed
    )
    assert request.recorded(7) == {
        "task": "classify", "labelled": None, "example": "waves", "test": None, "epochs": 3, "batch_size": 16,
        "seed": 7, "set": ["cell=lstm"],
    }  # fmt: skip
