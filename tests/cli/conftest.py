"""Commands as a user types them: in this process for speed, in one of its own where that matters."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tidegate.cli.main import app

PROGRAM = [sys.executable, "-c", "from tidegate.cli.main import main; main()"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every command runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def tidegate(here):
    """Run a command line in this process; its result has exit_code, stdout and stderr."""
    return lambda line: CliRunner().invoke(app, shlex.split(line))


@pytest.fixture
def same_bits():
    """Assert that two folders hold the same bits wherever no clock is involved."""

    def compare(first, second):
        for name in ("backtest.csv", "forecast.csv", "scores.csv", "verdict.json", "evidence.json"):
            assert Path(first, name).read_bytes() == Path(second, name).read_bytes(), name

    return compare


@pytest.fixture
def started(here):
    """Start a command as the leader of its own process group, as a shell does."""

    def start(line):
        words = [*PROGRAM, *shlex.split(line)]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    return start


@pytest.fixture
def spawned(here):
    """Run a command line in a process of its own."""
    environment = {**os.environ, "COLUMNS": "80"}

    def run(line, **options):
        words = [*PROGRAM, *shlex.split(line)]
        return subprocess.run(words, capture_output=True, text=True, env=environment, check=False, **options)

    return run


@pytest.fixture
def table(here):
    """Write lines to a CSV file and return its name."""

    def write(*lines, name="data.csv"):
        Path(name).write_text("\n".join(lines) + "\n")
        return name

    return write


@pytest.fixture
def monthly(table):
    """Write 72 months with a trend and a season, changed as the test wants them."""

    def write(values=None, *, name="sales.csv", extra=None, stamps=None):
        rng = np.random.default_rng(7)
        t = np.arange(72)
        usual = 100 + t + 10 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 1, 72)
        numbers = [f"{value:.3f}" for value in usual] if values is None else list(values)
        months = stamps or [f"{2015 + k // 12}-{k % 12 + 1:02}-01" for k in range(len(numbers))]
        columns = {"month": months, "sold": numbers, **(extra or {})}
        rows = [",".join(str(cell) for cell in row) for row in zip(*columns.values(), strict=True)]
        return table(",".join(columns), *rows, name=name)

    return write
