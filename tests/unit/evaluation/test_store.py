from dataclasses import fields, replace

import numpy as np
import pytest

from tidegate.errors import StorageError
from tidegate.evaluation import store as store_module
from tidegate.evaluation.store import Store, fingerprint
from tidegate.evaluation.work import Job, judge
from tidegate.forecasters.naive import MovingAverage, Naive


@pytest.fixture
def job(monthly):
    return Job(MovingAverage(window=3), monthly((96,), seasons=(12,)), np.array([[60]]), 12, 0, None, (80, 95))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "folds")


def test_an_outcome_comes_back_bit_for_bit(store, job):
    outcome = judge(job)
    store.write("a", outcome)
    found = store.read("a")
    for one in fields(outcome):
        assert np.array_equal(getattr(found, one.name), getattr(outcome, one.name), equal_nan=False), one.name


def test_what_was_never_written_is_absent(store):
    assert store.read("a") is None


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "foreign"])
def test_a_damaged_file_counts_as_absent(store, job, tmp_path, damage):
    store.write("a", judge(job))
    (path,) = (tmp_path / "folds").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"flipped": bytes(content), "cut": content[:-9], "empty": b"", "foreign": b"x" * 999}[damage])
    assert store.read("a") is None


def test_nothing_half_written_remains(store, job, tmp_path):
    store.write("a", judge(job))
    store.write("a", judge(job))
    assert [path.suffix for path in (tmp_path / "folds").iterdir()] == [".fold"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file cannot be made: .*Choose a folder you may write to"):
        Store(tmp_path / "file")


def test_a_file_that_cannot_be_written_is_refused(store, job, tmp_path):
    (tmp_path / "folds").rename(tmp_path / "gone")
    with pytest.raises(StorageError, match=r"a\.fold cannot be written"):
        store.write("a", judge(job))


def test_the_fingerprint_changes_with_whatever_the_result_depends_on(job):
    panel = job.panel
    changed = panel.values.copy()
    changed[5] += 1e-9
    others = [
        replace(job, model=MovingAverage(window=4)),
        replace(job, model=Naive()),
        replace(job, panel=replace(panel, values=changed)),
        replace(job, panel=replace(panel, seasons=(6,))),
        replace(job, panel=replace(panel, ids=np.array(["other"], dtype=object))),
        replace(job, ends=np.array([[61]])),
        replace(job, horizon=11),
        replace(job, gap=1),
        replace(job, window=30),
        replace(job, levels=(80,)),
    ]
    assert len({fingerprint(one) for one in [job, *others]}) == 1 + len(others)


def test_the_fingerprint_changes_with_the_libraries(job, monkeypatch):
    before = fingerprint(job)
    monkeypatch.setattr(store_module, "_libraries", lambda: "numpy 99")
    assert fingerprint(job) != before


def test_the_fingerprint_is_the_same_for_the_same_job(job):
    same = replace(job, model=MovingAverage(window=3), panel=replace(job.panel, notes=("said",)))
    assert fingerprint(same) == fingerprint(job)
