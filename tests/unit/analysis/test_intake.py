import pytest

import tidegate
from tidegate.analysis.intake import analyse
from tidegate.data.intake import as_panel
from tidegate.errors import SettingError


def test_frames_and_panels_have_the_same_profile():
    frame = tidegate.example("air-passengers")
    assert analyse(frame).to_dict() == analyse(as_panel(frame)).to_dict()


def test_columns_and_options_reach_the_reader():
    frame = tidegate.example("air-passengers").rename(columns={"y": "flown"})
    found = analyse(frame, columns=tidegate.Columns(target="flown"), options=tidegate.Options(season=6))
    assert (found.target, found.seasons) == ("flown", (6,))


def test_a_series_can_be_named():
    frame = tidegate.example("retail")
    name = frame["unique_id"].iloc[-1]
    assert analyse(frame, series=name).series == name
    with pytest.raises(SettingError, match=r"no-such-shop"):
        analyse(frame, series="no-such-shop")
