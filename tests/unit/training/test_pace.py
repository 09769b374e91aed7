import pytest

from tidegate.training import pace
from tidegate.training.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    return made


def run(clock, made, *, update, check, done=0):
    """Train as the loop does, with these seconds per update and check; `update` may depend on the number made."""
    n_checked = 0
    while True:
        if done >= min(round(n_checked * made.planned / made.n_checks), made.planned):
            clock.now += check
            made.checked()
            n_checked += 1
            if done >= made.planned:
                return done, n_checked
        clock.now += update(done) if callable(update) else update
        done += 1
        made.updated(done, n_checked)


def test_without_seconds_no_clock_is_read(monkeypatch):
    monkeypatch.setattr(pace, "time", None)
    made = Pace(50, 5)
    assert run(type("Clock", (), {"now": 0.0}), made, update=1, check=1) == (50, 6)
    assert made.spent == 0


@pytest.mark.parametrize(("update", "check"), [(0.1, 0.0), (0.03, 0.4), (0.7, 0.2), (0.05, 1.5)])
def test_updates_and_checks_end_with_the_seconds(clock, update, check):
    made = Pace(10_000, 20, 60.0)
    done, _ = run(clock, made, update=update, check=check)
    assert 54 <= clock.now - 100 <= 66
    assert done < 10_000


def test_seconds_that_suffice_change_nothing(clock):
    made = Pace(200, 20, 60.0)
    assert run(clock, made, update=0.1, check=0.2) == (200, 21)


def test_a_slow_first_update_does_not_count(clock):
    made = Pace(200, 20, 60.0)
    assert run(clock, made, update=lambda done: 0.1 if done else 20.0, check=0.2)[0] == 200


def test_a_machine_that_slows_down_still_ends_in_time(clock):
    made = Pace(10_000, 20, 60.0)
    run(clock, made, update=lambda done: 0.05 if done < 300 else 0.2, check=0.1)
    assert 54 <= clock.now - 100 <= 66


def test_so_few_updates_that_none_are_left_for_all_checks(clock):
    made = Pace(1000, 20, 12.0)
    done, n_checked = run(clock, made, update=1.0, check=0.1)
    assert 9 <= done <= 12
    assert n_checked <= done + 1
    assert 10.8 <= clock.now - 100 <= 13.2


def test_no_seconds_at_all_still_make_one_update(clock):
    assert run(clock, Pace(100, 20, 0.0), update=1.0, check=0.1)[0] == 1


def test_a_run_taken_up_again_has_what_is_left(clock):
    made = Pace(10_000, 20, 60.0)
    made.go_on(600, 45.0)
    assert made.planned == 600
    assert made.spent == 45
    run(clock, made, update=0.1, check=0.0, done=450)
    assert 13.5 <= clock.now - 100 <= 16.5
