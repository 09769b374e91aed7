import numpy as np
import pytest

from tidegate.panel import Covariates, Future, Panel, no_covariates


def known(values):
    return Covariates(("k",), np.asarray(values, dtype=float)[:, None])


@pytest.fixture
def panel():
    """Two series of 3 and 2 rows; known covariates go on for 2 and 1 steps."""
    return Panel(
        ids=np.array(["a", "b"], dtype=object),
        offsets=np.array([0, 3, 5]),
        times=np.array([1, 2, 3, 1, 2]),
        values=np.array([10.0, 11, 12, 20, 21]),
        frequency="1",
        known=known([0, 1, 2, 5, 6]),
        static=Covariates(("s",), np.array([[7.0], [8.0]])),
        future=Future(np.array([0, 2, 3]), known([3, 4, 7])),
    )


def test_shape_and_words(panel):
    assert len(panel) == 2
    assert panel.lengths.tolist() == [3, 2]
    assert panel.season == 1
    assert panel.integer_time
    assert panel.series(1).tolist() == [20, 21]
    assert repr(panel) == "Panel(2 series, 5 rows, frequency='1', season=unknown)"
    assert (panel.past.names, panel.past.values.shape) == ((), (5, 0))


def test_arrays_cannot_be_changed(panel):
    for array in (panel.values, panel.times, panel.offsets, panel.known.values, panel.static.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_take_follows_the_order_asked_for(panel):
    made = panel.take([1, 0])
    assert made.ids.tolist() == ["b", "a"]
    assert made.values.tolist() == [20, 21, 10, 11, 12]
    assert made.static.values.tolist() == [[8], [7]]
    assert made.future.offsets.tolist() == [0, 1, 3]
    assert made.future.covariates.values[:, 0].tolist() == [7, 3, 4]


@pytest.mark.parametrize(
    ("ends", "horizon", "offsets", "future"),
    [
        ([3, 2], 2, [0, 2, 3], [3, 4, 7]),
        ([3, 2], 1, [0, 1, 2], [3, 7]),
        ([2, 1], 2, [0, 2, 4], [2, 3, 6, 7]),
        ([1, 1], 1, [0, 1, 2], [1, 6]),
        ([1, 2], 9, [0, 4, 5], [1, 2, 3, 4, 7]),
    ],
)
def test_before_sees_known_covariates_up_to_the_horizon(panel, ends, horizon, offsets, future):
    made = panel.before(np.array(ends), horizon)
    assert made.lengths.tolist() == ends
    assert made.future.offsets.tolist() == offsets
    assert made.future.covariates.values[:, 0].tolist() == future


def test_before_with_a_window(panel):
    made = panel.before(np.array([3, 1]), 1, window=2)
    assert made.values.tolist() == [11, 12, 20]
    assert made.known.values[:, 0].tolist() == [1, 2, 5]


def test_before_without_covariates_or_without_a_future(panel):
    bare = Panel(panel.ids, panel.offsets, panel.times, panel.values, "1")
    assert bare.before(np.array([1, 1]), 2).future is None
    ended = Panel(panel.ids, panel.offsets, panel.times, panel.values, "1", known=panel.known)
    made = ended.before(np.array([2, 2]), 2)
    assert made.future.offsets.tolist() == [0, 1, 1]
    assert made.future.covariates.values[:, 0].tolist() == [2]


def test_scaled_multiplies_each_series(panel):
    assert panel.scaled(np.array([2.0, 0.5])).values.tolist() == [20, 22, 24, 10, 10.5]


def test_no_covariates_have_rows():
    assert no_covariates(4).values.shape == (4, 0)
