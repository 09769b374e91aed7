import subprocess
import sys

import numpy as np
import pytest

from tidegate.forecasters.network.defaults import members_for, seasons_read, window_steps
from tidegate.panel import Panel


def panel_of(*lengths, seasons):
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.zeros(sum(lengths)),
        frequency="1",
        seasons=seasons,
    )


def test_seasons_are_read_shortest_first_where_two_lie_before_a_horizon():
    assert seasons_read(panel_of(400, seasons=(168, 24)), 6) == (24, 168)
    assert seasons_read(panel_of(341, seasons=(168, 24)), 6) == (24,)


def test_the_window_is_the_rule_or_what_was_asked_for_within_the_room():
    panel = panel_of(60, 200, seasons=(12,))
    assert window_steps(panel, 6) == 48
    assert window_steps(panel, 30) == 60
    assert window_steps(panel, 6, 100) == 100
    assert window_steps(panel, 6, 500) == 194


@pytest.mark.parametrize(("n_windows", "count"), [(10, 2), (2_000, 2), (2_001, 1)])
def test_few_windows_get_two_members(n_windows, count):
    assert members_for(n_windows) == count


def test_knowing_the_defaults_does_not_load_torch():
    program = "import sys, tidegate.forecasters.network.defaults; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
