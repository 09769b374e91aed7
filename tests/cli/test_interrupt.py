"""Ctrl-C stops at once, keeps what was finished, says where, and the named command goes on to the same bits."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

LINE = "forecast sales.csv --horizon 6 --models naive,ets,arima --folds 3"


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_keeps_the_finished_folds_and_resuming_gives_the_same_bits(
    processes, monthly, started, spawned, same_bits
):
    monthly()
    command = started(f"{LINE} --output out --processes {processes}")
    wait_for(lambda: len(list(Path("out.unfinished").glob("*.fold"))) >= 3)
    os.killpg(command.pid, signal.SIGINT)
    asked = time.monotonic()
    out, err = command.communicate(timeout=30)
    assert command.returncode == 130, err
    assert time.monotonic() - asked < 10
    assert "Traceback" not in err
    assert out == ""
    assert not Path("out").exists()
    assert "out.unfinished" in err
    resume = re.search(r"Go on with: tidegate (.+)", err)[1]
    assert spawned(resume).returncode == 0
    assert not Path("out.unfinished").exists()
    assert spawned(f"{LINE} --output whole --quiet").returncode == 0
    same_bits("out", "whole")


def test_a_killed_run_resumes(monthly, started, spawned):
    monthly()
    command = started(f"{LINE} --output out")
    wait_for(lambda: len(list(Path("out.unfinished").glob("*.fold"))) >= 3)
    os.killpg(command.pid, signal.SIGKILL)
    command.communicate()
    refused = spawned(f"{LINE} --output out --quiet")
    assert refused.returncode == 2
    assert "out.unfinished holds what an interrupted run finished. Add --resume" in refused.stderr
    assert spawned(f"{LINE} --output out --resume --quiet").returncode == 0
    assert not Path("out.unfinished").exists()


def test_ctrl_c_before_anything_was_finished_leaves_nothing(monthly, started):
    monthly()
    command = started(f"{LINE} --output out")
    time.sleep(0.3)
    os.killpg(command.pid, signal.SIGINT)
    command.communicate(timeout=30)
    assert command.returncode in (130, -signal.SIGINT)  # a shell says 130 for both; the second is Python not yet begun
    assert sorted(path.name for path in Path().iterdir()) == ["sales.csv"]
