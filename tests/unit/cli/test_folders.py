from pathlib import Path

import pytest

from tidegate.cli.folders import Place, place, write
from tidegate.cli.options import Folder
from tidegate.errors import SettingError, StorageError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finished(name):
    Path(name).mkdir()
    (Path(name) / "run.json").write_text("{}")


def unfinished(name):
    store = Place(Path(name)).store
    store.mkdir()
    (store / "a.fold").write_text("")


def test_the_default_folder_is_numbered():
    assert place("forecast", "sales", Folder()).folder == Path("tidegate-forecast-sales")
    finished("tidegate-forecast-sales")
    assert place("forecast", "sales", Folder()).folder == Path("tidegate-forecast-sales-2")
    unfinished("tidegate-forecast-sales-2")
    assert place("forecast", "sales", Folder()).folder == Path("tidegate-forecast-sales-3")


def test_resuming_without_a_name_takes_the_newest_unfinished_run():
    finished("tidegate-forecast-sales")
    unfinished("tidegate-forecast-sales-2")
    finished("tidegate-forecast-sales-3")
    found = place("forecast", "sales", Folder(resume=True))
    assert (found.folder, found.state) == (Path("tidegate-forecast-sales-2"), "absent")


def test_resuming_without_a_name_takes_the_newest_finished_run_else():
    finished("tidegate-forecast-sales")
    finished("tidegate-forecast-sales-2")
    found = place("forecast", "sales", Folder(resume=True))
    assert (found.folder, found.state) == (Path("tidegate-forecast-sales-2"), "finished")


def test_resuming_nothing_begins():
    found = place("forecast", "sales", Folder(resume=True))
    assert (found.folder, found.state) == (Path("tidegate-forecast-sales"), "absent")


def test_force_without_a_name_replaces_the_first():
    finished("tidegate-forecast-sales")
    found = place("forecast", "sales", Folder(force=True))
    assert (found.folder, found.state) == (Path("tidegate-forecast-sales"), "replace")


def test_a_named_folder_that_exists_is_refused():
    finished("out")
    with pytest.raises(SettingError, match=r"out exists. Add --force to replace it"):
        place("forecast", "sales", Folder(output=Path("out")))
    assert place("forecast", "sales", Folder(output=Path("out"), force=True)).state == "replace"
    assert place("forecast", "sales", Folder(output=Path("out"), resume=True)).state == "finished"


@pytest.mark.parametrize("option", ["force", "resume"])
def test_a_folder_of_other_files_is_never_replaced(option):
    Path("photos").mkdir()
    (Path("photos") / "cat.jpg").write_text("")
    with pytest.raises(SettingError, match=r"photos holds files that tidegate did not write"):
        place("forecast", "sales", Folder(output=Path("photos"), **{option: True}))


def test_an_empty_folder_may_be_used_with_force_or_resume():
    Path("empty").mkdir()
    assert place("forecast", "sales", Folder(output=Path("empty"), resume=True)).state == "replace"


def test_a_file_in_the_way_is_refused():
    Path("out").write_text("")
    with pytest.raises(SettingError, match=r"out is a file; results need a folder"):
        place("forecast", "sales", Folder(output=Path("out"), force=True))


def test_finished_folds_are_not_thrown_away_unasked():
    unfinished("out")
    with pytest.raises(
        SettingError, match=r"out.unfinished holds what an interrupted run finished\. Add --resume.*or --force"
    ):
        place("forecast", "sales", Folder(output=Path("out")))
    assert place("forecast", "sales", Folder(output=Path("out"), resume=True)).store.exists()
    assert not place("forecast", "sales", Folder(output=Path("out"), force=True)).store.exists()


def test_force_and_resume_exclude_each_other():
    with pytest.raises(SettingError, match=r"--force starts afresh and --resume goes on: give one of them"):
        place("forecast", "sales", Folder(force=True, resume=True))


def test_a_path_that_names_no_folder_is_refused():
    with pytest.raises(SettingError, match=r"--output is '/', which cannot be a folder of results"):
        place("forecast", "sales", Folder(output=Path("/")))


def test_a_place_that_cannot_be_written_is_refused_before_any_work(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    with pytest.raises(SettingError, match=r"cannot be written \(Permission denied\). Name a folder you may write to"):
        place("forecast", "sales", Folder(output=Path("out")))


def test_an_empty_store_is_discarded_and_a_full_one_kept():
    at = Place(Path("out"))
    at.store.mkdir()
    at.discard_empty()
    assert not at.store.exists()
    unfinished("out")
    at.discard_empty()
    assert at.store.exists()
    at.clear()
    assert not at.store.exists()


def test_files_are_written_together(here):
    at = Place(Path("new/out"))
    write(at, {"run.json": "{}", "forecast.csv": "a\n"})
    assert {path.name for path in at.folder.iterdir()} == {"run.json", "forecast.csv"}
    write(at, {"run.json": "[]"})
    assert {path.name for path in at.folder.iterdir()} == {"run.json"}
    assert [path.name for path in Path("new").iterdir()] == ["out"]


def test_a_failed_write_leaves_nothing(monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(StorageError, match=r"out cannot be written.*No space left.*Free space or choose another"):
        write(Place(Path("out")), {"run.json": "{}"})
    assert not list(Path().iterdir())


def test_a_parent_that_is_a_file_is_reported():
    Path("file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written.*Choose a folder you may write to"):
        write(Place(Path("file/out")), {"run.json": "{}"})


def test_bytes_are_written_as_they_are(tmp_path):
    at = Place(tmp_path / "out")
    write(at, {"run.json": "{}\n", "arrays.npz": b"\x00\r\n\xff"})
    assert (at.folder / "arrays.npz").read_bytes() == b"\x00\r\n\xff"
    assert (at.folder / "run.json").read_bytes() == b"{}\n"
