import numpy as np
import pandas as pd
import pytest

from tidegate.data.recorded import arranged, read_recorded, recorded
from tidegate.errors import DataError

LINES = "time,flow,heat,odd\n2026-01-01 00:00,1,5,0\n2026-01-01 00:10,2,,0\n2026-01-01 00:20,3,7,1\n"


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "pump.csv").write_text(text)
        return tmp_path / "pump.csv"

    return write


def test_every_column_of_numbers_is_a_channel(table):
    (one,) = read_recorded(table(LINES), labels="odd")
    assert one.channels == ("flow", "heat")
    np.testing.assert_array_equal(one.values, [[1, 5], [2, np.nan], [3, 7]])
    assert one.labels.tolist() == [False, False, True]
    assert one.dated
    assert one.moment(2) == np.datetime64("2026-01-01T00:20")
    assert one.steps_per_day == pytest.approx(144)
    assert one.part(1, 3).moment(0) == one.moment(1)


def test_recordings_are_told_apart_by_their_column():
    frame = pd.DataFrame({"unit": list("bbaa"), "step": [1, 2, 1, 2], "flow": [1.0, 2.0, 3.0, 4.0]})
    made = {one.name: one.values.ravel().tolist() for one in read_recorded(frame, id="unit")}
    assert made == {"a": [3.0, 4.0], "b": [1.0, 2.0]}
    assert read_recorded(frame, id="unit")[0].steps_per_day is None


def test_rows_of_many_recordings_stay_in_their_order():
    ids, flow = np.random.default_rng(0).integers(0, 300, 3_000), np.arange(3_000.0)
    made = read_recorded(pd.DataFrame({"unit": [f"u{k:03}" for k in ids], "flow": flow}), id="unit")
    assert [one.name for one in made] == sorted({f"u{k:03}" for k in ids})
    assert all((one.values.ravel() == flow[ids == int(one.name[1:])]).all() for one in made)


def test_arrays_and_lists_of_them():
    assert recorded([1.0, 2.0, 3.0])[0].values.shape == (3, 1)
    assert recorded(np.zeros((4, 2)))[0].channels == ("channel 0", "channel 1")
    assert [one.name for one in recorded([np.zeros(3), np.zeros(4)])] == ["0", "1"]
    (one,) = recorded(np.zeros(3))
    assert recorded(one) == [one]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINES.replace("00:20", "00:05"), "row 4, column 'time': time stands still or goes backwards here"),
        (LINES.replace("7,1", "7,2"), "row 4, column 'odd': the label is 2"),
        (LINES.replace("3,7", "inf,7"), "row 4, column 'flow': the value is inf"),
        (LINES.replace("flow", "time2").replace(",1,", ",a,"), "the column 'time2' of .* holds text"),
        ("odd\n1\n0\n", "has no column of numbers"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(table, text, said):
    with pytest.raises(DataError, match=said):
        read_recorded(table(text), labels="odd")


def test_a_column_that_is_not_there_is_named(table):
    with pytest.raises(DataError, match=r"has no column 'fault'; it has 'time', 'flow', 'heat', 'odd'. .*--labels"):
        read_recorded(table(LINES), labels="fault")


def test_labels_do_not_slip_in_among_the_channels(table):
    with pytest.raises(DataError, match=r"the column 'Anomaly' of .* is called as labels are"):
        read_recorded(table(LINES.replace("odd", "Anomaly")))
    assert read_recorded(table(LINES.replace("odd", "Anomaly")), labels="Anomaly")[0].channels == ("flow", "heat")


def test_a_cell_that_is_no_number_is_named_among_numbers(table):
    with pytest.raises(
        DataError, match=r"row 3, column 'flow': 'oops' is not a number. Correct the cell, or leave it em"
    ):
        read_recorded(table(LINES.replace("10,2,", "10,oops,")))
    with pytest.raises(DataError, match=r"row 4, column 'heat': 'abc' is not a number"):
        read_recorded(table("time,heat\n0,1.0621\n1,0.8793\n2,abc\n"))
    with pytest.raises(DataError, match=r"the column 'flow' of .* holds text, which is no channel"):
        read_recorded(table(LINES.replace("00,1,", "00,a,").replace("10,2,", "10,b,")))
    with pytest.raises(
        DataError, match=r"row 3, column 'flow': the value is inf.* Correct the cell, or leave it empty"
    ):
        read_recorded(table(LINES.replace("10,2,", "10,inf,")), labels="odd")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.zeros((2, 2, 2)), "a recording has 3 axes"),
        (np.array([1.0, np.inf]), "row 1, column '0': the value is infinite"),
        (["a", "b"], "no array of numbers"),
        ([np.zeros((3, 2)), np.zeros(3)], "recording 1 has 1 channel; the first had 2"),
        ({1, 2}, "a set cannot be read"),
    ],
)
def test_arrays_that_are_no_recordings_are_refused(data, said):
    with pytest.raises(DataError, match=said):
        recorded(data)


def test_two_columns_of_stamps_are_not_chosen_between():
    stamps = pd.date_range("2026-01-01", periods=3, unit="ns")
    frame = pd.DataFrame({"a": stamps, "b": stamps, "flow": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match=r"several columns hold stamps: 'a', 'b'. Name the one that counts: --time"):
        read_recorded(frame)


def test_channels_go_by_their_names_or_by_their_places_where_they_have_none():
    frame = pd.DataFrame({"heat": [1.0, 2.0], "flow": [3.0, 4.0]})
    made = arranged(recorded(frame), ("flow", "heat"))
    assert made[0].channels == ("flow", "heat")
    np.testing.assert_array_equal(made[0].values, [[3, 1], [4, 2]])
    assert arranged(recorded(frame.to_numpy()), ("flow", "heat"))[0].values.tolist() == frame.to_numpy().tolist()
    assert arranged(recorded(frame), ("channel 0", "channel 1"))[0].values.tolist() == frame.to_numpy().tolist()
    mixed = recorded([frame, frame[["flow", "heat"]]])
    np.testing.assert_array_equal(mixed[0].values, mixed[1].values)
    with pytest.raises(
        DataError, match=r"the recording has no channel 'level'; it has 'heat', 'flow'. Name its columns as training"
    ):
        arranged(recorded(frame), ("flow", "level"))
