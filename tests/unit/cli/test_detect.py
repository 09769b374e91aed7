from pathlib import Path

import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.detect import Alarms, Recorded, Request
from tidegate.cli.options import Chance, Folder, Speech
from tidegate.cli.train import Course
from tidegate.errors import SettingError


@pytest.mark.parametrize(
    ("data", "name"),
    [(Recorded(Path("some/pump.csv.gz")), "pump"), (Recorded(example="logins"), "logins"), (Recorded(), "data")],
)
def test_results_are_called_after_the_data(data, name):
    assert data.name == name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Recorded(), r"Name a file of recordings, or give --example\."),
        (Recorded(Path("a.csv"), example="pump"), r"a\.csv and --example are given: give one of them\."),
    ],
)
def test_data_or_an_example(data, said):
    with pytest.raises(SettingError, match=said):
        data.read()


def test_the_first_part_is_normal_unless_another_file_is_watched(tmp_path):
    (tmp_path / "today.csv").write_text("logins,failures,bytes\n" + "1,2,3\n" * 9)
    normal, watched, _ = Recorded(example="logins", normal=0.75).read()
    assert (len(normal[0].values), len(watched[0].values)) == (2_592, 864)
    normal, watched, _ = Recorded(example="logins", watch=tmp_path / "today.csv").read()
    assert (len(normal[0].values), len(watched[0].values)) == (3_456, 9)


def test_everything_that_decides_is_recorded():
    typed = Invocation("detect", ())
    request = Request(
        Recorded(example="pump"),
        Alarms(0.01, "step"),
        Course(3, 16, ["cell=lstm"]),
        Chance(5),
        Folder(),
        Speech(),
        typed,
    )
    assert request.recorded(7) == {
        "recorded": None, "example": "pump", "watch": None, "normal": 0.5, "labels": None, "id": None, "time": None,
        "false_alarms": 0.01, "per": "step", "epochs": 3, "batch_size": 16, "seed": 7, "set": ["cell=lstm"],
    }  # fmt: skip
