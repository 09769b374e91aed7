import numpy as np
import pandas as pd
import pytest

from tidegate.data.clockchange import localised
from tidegate.errors import DataError, SettingError

ZONE = "Europe/Berlin"


@pytest.mark.parametrize("step", ["h", "30min"])
def test_autumn_and_spring_become_even(rows_of, step):
    utc = pd.date_range("2020-03-01", "2020-11-30", freq=step, tz=ZONE)
    local = utc.tz_localize(None).as_unit("ns").to_numpy()
    order = np.argsort(local, kind="stable")
    rows = rows_of({"a": (local[order], np.arange(len(utc))[order])})
    made, said = localised(rows, ZONE)
    np.testing.assert_array_equal(made.times, utc.as_unit("ns").asi8)
    np.testing.assert_array_equal(made.values, np.arange(len(utc)))
    assert said == ["Stamps are taken as the local clock of Europe/Berlin."]


def test_stamps_with_an_offset_change_zone_only(rows_of):
    rows = rows_of({"a": (["2020-01-01"], [1])}, timezone="UTC")
    made, said = localised(rows, ZONE)
    assert made.times is rows.times
    assert made.stamp(0) == "2020-01-01 01:00:00"
    assert said == ["Stamps are converted from UTC to Europe/Berlin."]


def test_no_zone_no_change(rows_of):
    rows = rows_of({"a": (["2020-01-01"], [1])})
    assert localised(rows, None) == (rows, [])


def test_a_skipped_stamp_is_refused(rows_of):
    rows = rows_of({"a": (["2020-03-29T01", "2020-03-29T02"], [1, 2])})
    with pytest.raises(DataError, match=r"row 1.*clocks in Europe/Berlin skip this stamp.*--duplicates mean --fill"):
        localised(rows, ZONE)


def test_steps_and_unknown_zones_are_refused(rows_of):
    rows = rows_of({"a": ([1], [1])}, integer=True)
    with pytest.raises(SettingError, match="timezone is 'Europe/Berlin', but the times are integer steps"):
        localised(rows, ZONE)
    with pytest.raises(SettingError, match="'Moon' is not known"):
        localised(rows, "Moon")
