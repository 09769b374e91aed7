import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.scoring.alarms import by_event, by_step, events

LABELS = np.array([0, 1, 1, 1, 0, 0, 1, 1, 0, 0])
SAID = np.array([0, 0, 1, 0, 1, 0, 0, 0, 0, 1])


def test_events_begin_and_end_where_labels_do():
    assert events(np.array([1, 1, 0, 1])).tolist() == [[0, 2], [3, 4]]
    assert events(np.zeros(4)).shape == (0, 2)


def test_steps_are_counted_by_themselves():
    found = by_step(LABELS, SAID)
    assert found.precision == pytest.approx(1 / 3)
    assert found.recall == pytest.approx(1 / 5), "one step of five: the rest of its event is not found with it"
    assert found.f1 == pytest.approx(2 / 8)


def test_events_are_found_by_one_alarm_and_alarms_right_by_one_step():
    found = by_event(LABELS, SAID)
    assert (found.recall, found.precision) == (1 / 2, 1 / 3)


def test_silence_has_no_precision_and_no_f1():
    found = by_step(LABELS, np.zeros(10))
    assert np.isnan(found.precision)
    assert (found.recall, found.f1) == (0.0, 0.0)
    assert np.isnan(by_event(np.zeros(10), SAID).recall)


def test_lengths_must_agree():
    with pytest.raises(DataError, match="labels of 10 steps, and alarms of 3"):
        by_step(LABELS, np.zeros(3))
