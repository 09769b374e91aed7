import functools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from tidegate import cluster
from tidegate.errors import DataError, Place, SettingError, TidegateError


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers must be able to import the tasks of this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))


def square(number):
    return number * number


def product(size):
    rng = np.random.default_rng(size)
    return rng.normal(size=(size, size)) @ rng.normal(size=(size, size))


def worker(_number):
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def refuse(number):
    raise DataError(f"value {number} is wrong", place=Place(series="a"), repair="Repair it.")


def die(_number):
    os._exit(3)


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def tasks(function, numbers):
    return [functools.partial(function, number) for number in numbers]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_result_comes_with_the_number_of_its_task(processes):
    assert dict(cluster.run(tasks(square, range(7)), processes=processes)) == {n: n * n for n in range(7)}


def test_any_number_of_processes_gives_the_same_bits():
    here = dict(cluster.run(tasks(product, range(60, 66)), processes=1))
    apart = dict(cluster.run(tasks(product, range(60, 66)), processes=3))
    assert all(np.array_equal(here[n], apart[n]) for n in here)


def test_workers_are_reused_and_have_one_thread():
    made = [result for _, result in cluster.run(tasks(worker, range(6)), processes=2)]
    assert {threads for _, threads in made} == {"1"}
    assert 1 <= len({pid for pid, _ in made}) <= 2
    assert os.getpid() not in {pid for pid, _ in made}


def test_tasks_are_drawn_only_when_a_process_is_free():
    drawn = []

    def numbered():
        for number in range(4):
            drawn.append(number)
            yield functools.partial(square, number)

    results = cluster.run(numbered(), processes=1)
    next(results)
    assert drawn == [0]
    assert dict(results) == {1: 1, 2: 4, 3: 9}


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_arrives_as_it_was_raised(processes):
    with pytest.raises(DataError, match=r"series 'a': value 5 is wrong\. Repair it\.") as caught:
        list(cluster.run(tasks(refuse, [5]), processes=processes))
    assert caught.value.place == Place(series="a")


def test_a_worker_that_dies_is_reported_and_does_not_hang():
    with pytest.raises(TidegateError, match=r"ended by itself \(exit code 3\).*processes=1"):
        list(cluster.run(tasks(die, [1, 2]), processes=2))


def test_stopping_early_stops_the_workers():
    started = time.monotonic()
    results = cluster.run(tasks(sleep, [0, 600]), processes=2)
    assert next(results) == (0, 0)
    results.close()
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("processes", [1, 2])
def test_workers_are_stopped_at_the_time_given(processes):
    """A worker needs seconds to start; what is asked for after the first result lasts longer than the time left."""
    ends = []

    def until():
        return ends[0] if ends else None

    found = []
    started = time.monotonic()
    for number, _ in cluster.run(tasks(sleep, [0, 60, 60]), processes=processes, until=until):
        found.append(number)
        ends.append(time.monotonic() + 0.2)
    assert found == [0]
    assert time.monotonic() - started < 50


def test_fewer_than_one_process_is_refused():
    with pytest.raises(SettingError, match="processes is 0; it must be at least 1"):
        cluster.run([], processes=0)


SCRIPT = textwrap.dedent(
    """
    import functools, sys, time
    sys.path.insert(0, sys.argv[1])
    from tidegate import cluster

    if __name__ == "__main__":
        naps = [functools.partial(time.sleep, 0), *[functools.partial(time.sleep, 600)] * 2]
        for number, _ in cluster.run(naps, processes=2):
            print("ready", flush=True)
    """
)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupt_or_a_kill_leaves_no_orphan(tmp_path, ending):
    psutil = pytest.importorskip("psutil")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, script, Path(cluster.__file__).parents[1]]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    family = psutil.Process(child.pid).children(recursive=True)
    assert len(family) >= 2
    child.send_signal(ending)
    _, errors = child.communicate(timeout=60)
    if ending == signal.SIGINT:
        assert "KeyboardInterrupt" in errors
        assert errors.count("Traceback") == 1
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


class Counter:
    def __init__(self, first):
        self.value = first

    def __call__(self, step):
        self.value += step
        return self.value, os.getpid()


def test_members_of_a_team_keep_what_they_learn():
    with cluster.team([Counter(0), Counter(100)]) as team:
        team.give([1, 2])
        assert [value for value, _ in team.take()] == [1, 102]
        team.give([1])
        assert [value for value, _ in team.take()] == [2]
        team.give([5, 5])
        (one, first), (two, second) = team.take()
        assert (one, two) == (7, 107)
        assert len({first, second, os.getpid()}) == 3
        team.give([])
        assert team.take() == []
    for child in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_what_a_member_raises_reaches_the_caller():
    with cluster.team([refuse]) as team:
        team.give([7])
        with pytest.raises(DataError, match="value 7 is wrong"):
            team.take()


def test_a_member_that_dies_is_told():
    with cluster.team([die]) as team:
        team.give([7])
        with pytest.raises(TidegateError, match="A worker process ended by itself"):
            team.take()
