import numpy as np
import pyarrow as pa
import pytest

from tidegate.data.gathering import Gatherer, can_gather, codes_of, empty_of, values_of

TEXT = pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.float64(), [1.5, -2.0, 0.0, 4.0, 5.0]),
        (pa.int64(), [5, 4, 3, 2, 1]),
        (pa.timestamp("ns"), [0, 1, 2, 3, 4]),
        (pa.timestamp("ns", "UTC"), [9, 8, 7, 6, 5]),
        (TEXT, ["b", "a", "b", "c", "a"]),
    ],
)
@pytest.mark.parametrize("expected", [1, 2, 100])
def test_pieces_become_one_column(kind, values, expected):
    whole = pa.chunked_array([pa.array(values, kind)])
    gatherer = Gatherer(kind, expected)
    for piece in (whole.slice(0, 2), whole.slice(2, 0), whole.slice(2, 3)):
        gatherer.add(piece.unify_dictionaries() if kind == TEXT else piece)
    made = gatherer.column()
    assert made.num_chunks == 1
    assert made.type == kind
    assert made.to_pylist() == whole.to_pylist()


@pytest.mark.parametrize("many", [0, 3, 100])
def test_labels_that_come_later_join_the_dictionary(monkeypatch, many):
    monkeypatch.setattr("tidegate.data.gathering.MANY_LABELS", many)
    gatherer = Gatherer(TEXT, 4)
    for labels in (["x", "y"], ["z", "x"], ["y", "w"]):
        gatherer.add(pa.chunked_array([pa.array(labels).dictionary_encode()]))
    assert gatherer.column().to_pylist() == ["x", "y", "z", "x", "y", "w"]


@pytest.mark.parametrize("kind", [pa.int64(), pa.timestamp("ns")])
def test_empty_cells_stay_empty(kind):
    gatherer = Gatherer(kind, 2)
    gatherer.add(pa.chunked_array([pa.array([1, None], kind)]))
    gatherer.add(pa.chunked_array([pa.array([None, 4], kind)]))
    assert gatherer.column().is_null().to_pylist() == [False, True, True, False]


def test_empty_texts_stay_empty():
    gatherer = Gatherer(TEXT, 2)
    gatherer.add(pa.chunked_array([pa.array(["a", None, "b"]).dictionary_encode()]))
    assert gatherer.column().to_pylist() == ["a", None, "b"]


def test_empty_numbers_are_nan():
    gatherer = Gatherer(pa.float64(), 2)
    gatherer.add(pa.chunked_array([pa.array([1.0, None, 3.0])]))
    np.testing.assert_array_equal(gatherer.column().to_numpy(), [1, np.nan, 3])


def test_views_respect_slices_and_nulls():
    numbers = pa.array([None if n % 5 == 0 else float(n) for n in range(40)]).slice(3, 30)
    np.testing.assert_array_equal(values_of(numbers, np.dtype(float)), numbers.to_numpy(zero_copy_only=False))
    np.testing.assert_array_equal(empty_of(numbers), numbers.is_null().to_numpy(zero_copy_only=False))
    assert not empty_of(pa.array([1, 2])).any()
    assert not len(values_of(pa.array([], pa.int64()), np.dtype(np.int64)))


def test_codes_have_a_number_for_empty_cells():
    codes = codes_of(pa.array(["a", None, "b"]).dictionary_encode(), -1)
    assert codes.tolist() == [0, -1, 1]
    small = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array(["a", "b"]))
    assert codes_of(small, -1).tolist() == [1, 0]


def test_only_plain_columns_are_gathered():
    assert all(can_gather(kind) for kind in (pa.float64(), pa.int64(), TEXT, pa.timestamp("ns", "UTC")))
    assert not any(can_gather(kind) for kind in (pa.bool_(), pa.timestamp("s"), pa.string()))


def test_nothing_added_is_an_empty_column():
    for kind in (TEXT, pa.float64()):
        made = Gatherer(kind).column()
        assert (len(made), made.type) == (0, kind)
