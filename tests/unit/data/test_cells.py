from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from tidegate.data.cells import encoded, floats, is_numeric, is_text, labels, plain
from tidegate.errors import DataError

SOURCE = SimpleNamespace(row=lambda index: index + 2, decimal=".", owned=False)
COMMA = SimpleNamespace(row=lambda index: index + 2, decimal=",", owned=False)


def numbers(values, source=SOURCE, kind=None):
    return floats(source, "y", pa.chunked_array([pa.array(values, kind)]), lambda row: f"series {row}")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int32()),
        ([1.0, None, 3.0], pa.float32()),
        (["1", "", " 3.0 "], pa.string()),
        (["+1e0", "NaN", "3."], pa.large_string()),
        ([1.0, None, 3.0], pa.float64()),
    ],
)
def test_numbers_of_any_type(values, kind):
    np.testing.assert_array_equal(numbers(values, kind=kind), [1, np.nan, 3])


def test_decimals_booleans_and_codes_are_numbers():
    np.testing.assert_array_equal(numbers([1, 2], kind=pa.decimal128(5, 2)), [1, 2])
    np.testing.assert_array_equal(numbers([True, False]), [1, 0])
    coded = pa.chunked_array([pa.array([7, 8, 7]).dictionary_encode()])
    np.testing.assert_array_equal(floats(SOURCE, "y", coded, str), [7, 8, 7])
    np.testing.assert_array_equal(numbers([None, None]), [np.nan, np.nan])


def test_a_decimal_comma_is_known():
    np.testing.assert_array_equal(numbers(["1,5", "-2"], COMMA), [1.5, -2])


def test_what_the_user_can_change_is_copied():
    data = np.arange(3.0)
    made = floats(SOURCE, "y", pa.chunked_array([pa.array(data)]), str)
    data[0] = 9
    assert made[0] == 0


@pytest.mark.parametrize("text", ["abc", "1,5", "1.234.5", "12 €", "--1", "0x10"])
def test_text_is_refused_with_its_place(text):
    with pytest.raises(DataError, match=r"is not a number.*--fill interpolate, zero, forward or keep") as raised:
        numbers(["1", text, "3"])
    assert (raised.value.place.row, raised.value.place.column, raised.value.place.series) == (3, "y", "series 1")
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize("values", [[1.0, np.inf], [1.0, -np.inf], ["1", "inf"], ["1", "-Infinity"]])
def test_infinity_is_refused(values):
    with pytest.raises(DataError, match=r"row 3, column 'y'.*infinity is not a number"):
        numbers(values)


def test_dates_are_no_numbers():
    with pytest.raises(DataError, match=r"the column holds timestamp\[s\], not numbers"):
        numbers([0], kind=pa.timestamp("s"))


def test_labels_are_sorted_and_typed():
    def made(values, kind=None):
        codes, found = labels(pa.chunked_array([pa.array(values, kind)]))
        return [found[code] for code in codes], found.tolist()

    assert made(["b", "a", "b"]) == (["b", "a", "b"], ["a", "b"])
    assert made(["10", "9"]) == ([10, 9], [9, 10])
    assert made(["007", "8"]) == (["007", "8"], ["007", "8"])
    assert made([10, 9]) == ([10, 9], [9, 10])
    assert made([2.0, 1.0]) == ([2, 1], [1, 2])
    assert made([0.5, 1.0]) == (["0.5", "1.0"], ["0.5", "1.0"])
    assert made([True, False]) == (["True", "False"], ["False", "True"])
    assert made(["a", None, ""]) == (["a", "", ""], ["", "a"])
    assert made([], pa.string()) == ([], [])


def test_values_that_do_not_occur_have_no_code():
    unused = pa.DictionaryArray.from_arrays(pa.array([2, 0, None], pa.int32()), pa.array(["a", "b", "c"]))
    codes, values = encoded(pa.chunked_array([unused]))
    assert codes.tolist() == [1, 0, -1]
    assert values.to_pylist() == ["a", "c"]


def test_kinds_look_through_dictionaries():
    text = pa.dictionary(pa.int32(), pa.string())
    assert is_text(text)
    assert not is_numeric(text)
    assert is_numeric(pa.dictionary(pa.int8(), pa.int64()))
    assert plain(pa.chunked_array([pa.array(["a"]).dictionary_encode()])).type == pa.string()


def test_numbers_whose_squares_could_not_be_counted_are_refused():
    np.testing.assert_array_equal(numbers([1e100, -1e100]), [1e100, -1e100])
    for value in (1e101, -1.7e300):
        with pytest.raises(
            DataError, match=r"row 3, column 'y'.*must lie between -1e\+100 and 1e\+100. Correct the cell"
        ):
            numbers([1.0, value])
