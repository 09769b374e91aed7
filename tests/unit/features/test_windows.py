"""Origins: numbered series by series, split without a target crossing, gathered with the left edge repeated."""

import numpy as np
import pytest

from tidegate.features.windows import (
    Origins,
    gather,
    index,
    last_origins,
    places,
    present,
    split,
    training_origins,
)

LENGTHS = np.array([10, 4, 7])


def test_training_origins_have_past_and_future():
    found = training_origins(LENGTHS, past_steps=3, future_steps=2)
    origins = found.all()
    assert len(found) == 6 + 0 + 3
    assert list(zip(origins.series, origins.ends, strict=True)) == [
        *[(0, end) for end in range(3, 9)],
        *[(2, end) for end in range(3, 6)],
    ]


def test_any_numbers_can_be_taken_in_any_order():
    found = training_origins(LENGTHS, past_steps=3, future_steps=2)
    every = found.all()
    numbers = np.array([8, 0, 5, 6])
    some = found.take(numbers)
    np.testing.assert_array_equal(some.series, every.series[numbers])
    np.testing.assert_array_equal(some.ends, every.ends[numbers])


def test_index_leaves_out_series_whose_last_end_is_smaller():
    found = index(np.array([2, 5, 1]), np.array([3, 4, 1]))
    assert len(found) == 3
    np.testing.assert_array_equal(found.all().series, [0, 0, 2])


@pytest.mark.parametrize(("future_steps", "held_steps"), [(1, 1), (3, 2), (4, 5)])
def test_split_lets_no_target_cross_an_origin(future_steps, held_steps):
    older, newer = split(np.array([40, 30]), past_steps=5, future_steps=future_steps, held_steps=held_steps)
    for n in range(2):
        learnt, checked = older.all(), newer.all()
        last_target = learnt.ends[learnt.series == n].max() + future_steps
        assert last_target <= checked.ends[checked.series == n].min()
        assert (checked.series == n).sum() == held_steps


def test_split_keeps_series_too_short_for_both_in_the_first():
    older, newer = split(np.array([9]), past_steps=3, future_steps=3, held_steps=4)
    assert (len(older), len(newer)) == (4, 0)


def test_last_origins_are_the_ends():
    origins = last_origins(LENGTHS)
    np.testing.assert_array_equal(origins.ends, LENGTHS)
    np.testing.assert_array_equal(origins.series, [0, 1, 2])


def test_gather_reads_around_the_origin_and_repeats_the_first_value_before_the_start():
    column = np.arange(21.0)
    offsets = np.array([0, 10, 14, 21])
    origins = Origins(np.array([0, 1]), np.array([5, 2]))
    shifts = np.array([-2, -1, 0, 1])
    np.testing.assert_array_equal(gather(column, offsets, origins, shifts), [[2, 3, 4, 5], [10, 10, 11, 12]])
    np.testing.assert_array_equal(places(origins, shifts), [[2, 3, 4, 5], [0, 0, 1, 2]])
    np.testing.assert_array_equal(present(origins, shifts), [[True] * 4, [False, True, True, True]])


def test_gather_takes_shifts_of_its_own_per_origin():
    column = np.stack([np.arange(10.0), -np.arange(10.0)], axis=1)
    origins = Origins(np.array([0, 0]), np.array([5, 7]))
    got = gather(column, np.array([0, 10]), origins, np.array([[0], [-3]]))
    np.testing.assert_array_equal(got[:, 0], [[4, -4], [3, -3]])
