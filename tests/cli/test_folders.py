"""Where results go: numbered, never over something else, all or nothing."""

import json
import resource
from pathlib import Path

import pytest

LINE = "forecast sales.csv --horizon 3 --models naive,ses --folds 2 --quiet"


@pytest.fixture(autouse=True)
def sales(monthly):
    monthly()


def test_the_default_folder_is_numbered(tidegate):
    for expected in ("tidegate-forecast-sales", "tidegate-forecast-sales-2", "tidegate-forecast-sales-3"):
        assert json.loads(tidegate(f"{LINE} --json").stdout)["output"] == expected


def test_an_existing_folder_is_refused_without_force(tidegate):
    assert tidegate(f"{LINE} --output out").exit_code == 0
    before = Path("out/run.json").read_bytes()
    refused = tidegate(f"{LINE} --output out")
    assert refused.exit_code == 2
    assert "out exists. Add --force to replace it" in refused.stderr
    assert Path("out/run.json").read_bytes() == before
    assert tidegate(f"{LINE} --output out --force").exit_code == 0
    assert Path("out/run.json").read_bytes() != before


def test_resume_succeeds_on_an_absent_and_on_a_finished_folder(tidegate):
    first = tidegate(f"{LINE} --output out --resume")
    assert first.exit_code == 0
    again = tidegate(f"{LINE} --output out --resume")
    assert again.exit_code == 0
    assert again.stdout == first.stdout
    assert not Path("out.unfinished").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tidegate, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    refused = tidegate(f"{LINE} --output out")
    assert refused.exit_code == 2
    assert "cannot be written (Permission denied)" in refused.stderr


def test_a_full_disk_leaves_nothing_half_written(spawned):
    """No file may grow beyond 100 kB: the report does, so the run fails at the very end."""
    limit = (100_000, 100_000)
    done = spawned(f"{LINE} --output out", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert done.returncode == 1
    assert "out cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["out.unfinished", "sales.csv"]
    assert spawned(f"{LINE} --output out --resume").returncode == 0
    assert sorted(path.name for path in Path().iterdir()) == ["out", "sales.csv"]
