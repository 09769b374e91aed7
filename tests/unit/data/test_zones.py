import numpy as np
import pandas as pd
import pytest

from tidegate.data.zones import check_zone, skipped, to_local, to_utc
from tidegate.errors import SettingError

ZONE = "Europe/Berlin"


def test_there_and_back():
    utc = pd.date_range("2020-01-01", periods=4000, freq="h").as_unit("ns").asi8.reshape(-1, 2)
    local = to_local(utc, ZONE)
    assert local.shape == utc.shape
    np.testing.assert_array_equal(to_utc(local, ZONE), utc)


def test_without_a_zone_nothing_changes():
    times = np.arange(3)
    assert to_local(times, None) is times
    assert to_utc(times, None) is times


def test_the_repeated_hour_is_told_apart():
    local = np.array(["2020-10-25T02:00"] * 2, "M8[ns]").astype("int64")
    first, second = to_utc(local, ZONE, np.array([False, True]))
    assert second - first == 3_600_000_000_000


def test_the_skipped_hour_is_found_and_moved_on():
    local = np.array(["2020-03-29T01:30", "2020-03-29T02:30"], "M8[ns]").astype("int64")
    np.testing.assert_array_equal(skipped(local, ZONE), [False, True])
    assert str(to_local(to_utc(local, ZONE), ZONE)[1].astype("M8[ns]")).startswith("2020-03-29T03:00")


def test_unknown_zones_are_refused():
    check_zone(ZONE)
    check_zone("-03:30")
    with pytest.raises(SettingError, match="timezone 'Mars/Base' is not known; give a name such as Europe/Berlin"):
        check_zone("Mars/Base")
