"""The calendar's cycles: only those the data cover, on the local clock, as places and as waves."""

import numpy as np
import pytest

from tidegate.features.calendar import Calendar, calendar, step_seconds


def stamps(*texts):
    return np.array(texts, dtype="M8[ns]").astype(np.int64)


@pytest.mark.parametrize(
    ("frequency", "n_steps", "cycles"),
    [
        ("h", 24 * 800, ("minute of day", "weekday", "day of year")),
        ("h", 24 * 20, ("minute of day", "weekday")),
        ("30min", 40, ()),
        ("D", 1000, ("weekday", "day of month", "day of year")),
        ("D", 30, ("weekday",)),
        ("W-SUN", 120, ("day of year",)),
        ("MS", 24, ("month",)),
        ("MS", 20, ()),
        ("QS", 12, ("quarter",)),
        ("YS", 50, ()),
    ],
)
def test_cycles_are_those_that_the_rows_cover_twice(frequency, n_steps, cycles):
    assert calendar(frequency, timezone=None, seasons=(1,), n_steps=n_steps).cycles == cycles


def test_integer_time_has_the_phases_of_its_seasons():
    made = calendar("2", timezone=None, seasons=(7, 30, 1), n_steps=40)
    assert made.cycles == ("phase of 7",)
    np.testing.assert_array_equal(made.fields(np.array([0, 2, 14, 16]))[:, 0], [0, 1, 0, 1])


def test_fields_are_places_counted_from_zero():
    made = Calendar("h", None, ("minute of day", "weekday", "day of month", "day of year", "month", "quarter"))
    fields = made.fields(stamps("2024-01-01T00:00", "2024-12-31T23:30"))
    np.testing.assert_array_equal(fields, [[0, 0, 0, 0, 0, 0], [23 * 60 + 30, 1, 30, 365, 11, 3]])


def test_fields_follow_the_local_clock():
    made = Calendar("h", "America/New_York", ("minute of day",))
    winter, summer = stamps("2024-01-15T12:00", "2024-07-15T12:00")
    np.testing.assert_array_equal(made.fields(np.array([winter, summer]))[:, 0], [7 * 60, 8 * 60])


def test_waves_turn_with_the_cycle():
    made = Calendar("MS", None, ("month", "quarter"))
    waves = made.waves(np.array([[0, 0], [3, 1]], dtype=np.int16), 2)
    names = made.wave_names(2)
    assert names == (
        "sine 1 of month",
        "cosine 1 of month",
        "sine 2 of month",
        "cosine 2 of month",
        "sine 1 of quarter",
        "cosine 1 of quarter",
        "cosine 2 of quarter",
    )
    assert waves.shape == (2, len(names))
    np.testing.assert_allclose(waves[0], [0, 1, 0, 1, 0, 1, 1], atol=1e-12)
    np.testing.assert_allclose(waves[1], [1, 0, 0, -1, 1, 0, -1], atol=1e-12)


def test_all_waves_of_a_short_cycle_tell_its_places_apart():
    made = Calendar("D", None, ("weekday",))
    table = made.waves(np.arange(7, dtype=np.int16)[:, None], 9)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(7), table])) == 7


def test_no_cycles_give_no_columns():
    made = Calendar("YS", None, ())
    fields = made.fields(stamps("2024-01-01"))
    assert fields.shape == (1, 0)
    assert made.waves(fields).shape == (1, 0)
    assert Calendar(**made.state()) == made


@pytest.mark.parametrize(("frequency", "days"), [("h", 1 / 24), ("MS", 30.4), ("QS", 91.3), ("W-SUN", 7), ("B", 1.4)])
def test_step_seconds(frequency, days):
    assert step_seconds(frequency) == pytest.approx(days * 86400, rel=0.03)
