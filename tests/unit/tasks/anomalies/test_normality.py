import numpy as np
import pytest

from tidegate.data.recorded import Recording
from tidegate.errors import DataError
from tidegate.tasks.anomalies.normality import Parts, check_enough, reader_of, threshold_of


def recording(values):
    values = np.asarray(values, dtype=float)
    return Recording(values, tuple(f"c{k}" for k in range(values.shape[1])))


def test_each_recording_is_cut_in_three():
    parts = Parts.of([recording(np.zeros((100, 1))), recording(np.zeros((10, 1)))], 0.3)
    assert (parts.learned, parts.stopped) == ([70, 7], [80, 8])


def test_others_are_set_aside_and_all_of_the_first_is_learned():
    parts = Parts.of([recording(np.zeros((50, 1)))], 0).apart([recording(np.zeros((30, 1)))])
    assert (parts.learned, parts.stopped, len(parts.whole)) == ([50, 0], [50, 10], 2)


def test_units_are_robust_and_still_channels_are_named():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(5, 2, 1_000), np.full(1_000, 40.0), np.zeros(1_000)], axis=1)
    values[0, 0] = np.nan
    reader, still = reader_of([recording(values)])
    assert still == ["c1", "c2"]
    np.testing.assert_allclose(reader.mean, [5, 40, 0], atol=0.2)
    np.testing.assert_allclose(reader.spread, [2, 0.4, 1], rtol=0.1)


@pytest.mark.parametrize("unit", [1e-290, 1e-6, 1e90])
def test_units_come_with_the_channel(unit):
    values = np.stack([np.random.default_rng(0).normal(5, 2, 1_000), np.r_[np.zeros(900), np.ones(100)]], axis=1)
    plain, small = (reader_of([recording(values * one)])[0] for one in (1.0, unit))
    np.testing.assert_allclose(small.spread / unit, plain.spread, rtol=1e-9)
    np.testing.assert_allclose(small.mean / unit, plain.mean, rtol=1e-9)
    assert reader_of([recording(values * unit)])[1] == []


def test_a_channel_without_values_is_refused():
    with pytest.raises(DataError, match="column 'c0': the channel holds no value"):
        reader_of([recording(np.full((30, 1), np.nan))])


def test_the_threshold_is_of_scores_beside_others():
    rng = np.random.default_rng(0)
    made = threshold_of(rng.exponential(size=(4_000, 1)), 0.01)
    assert made.value == pytest.approx(2, abs=0.15), "one in a hundred"
    assert made.n_normal == 4_000


def test_either_half_must_be_enough_to_judge_the_other_by():
    with pytest.raises(DataError, match="39 normal steps are left to fit a threshold to; it needs 40"):
        check_enough(39)
    check_enough(40)
    made = threshold_of(np.abs(np.random.default_rng(0).normal(size=(40, 3))), 0.01)
    assert 1 < made.value < 8


def test_a_signal_of_which_little_is_known_says_nothing():
    sizes = np.abs(np.random.default_rng(0).normal(size=(60, 2)))
    sizes[15:, 1] = np.nan
    assert threshold_of(sizes, 0.01).value == threshold_of(sizes[:, :1], 0.01).value
