"""A run that is killed at any moment goes on to the same bits."""

import signal
import subprocess
import sys
import time

import pytest

NAMES = ("forecast.csv", "backtest.csv", "scores.csv", "verdict.json", "evidence.json")
LINE = "forecast --example --horizon 6 --folds 3 --models naive,ets,sarima,linear,gru --quiet"


def command(output, *more):
    return [
        sys.executable,
        "-c",
        "from tidegate.cli.main import main; main()",
        *LINE.split(),
        "--output",
        output,
        *more,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_killed_again_and_again(tmp_path, processes):
    subprocess.run(command(str(tmp_path / "whole")), check=True, capture_output=True)
    wanted = {name: (tmp_path / "whole" / name).read_bytes() for name in NAMES}
    output, killed = tmp_path / "killed", 0
    for wait in (2.0, 3.0, 4.0, 5.0, 6.0, 7.5, 9.0):
        process = subprocess.Popen(
            command(str(output), "--resume", "--processes", processes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 2
    subprocess.run(command(str(output), "--resume"), check=True, capture_output=True)
    assert {name: (output / name).read_bytes() for name in NAMES} == wanted
    assert not list(tmp_path.glob("*.unfinished"))
