import numpy as np

from tidegate.evaluation.audit.subject import departures


def test_departures_are_in_units_of_each_series():
    plain = np.zeros((2, 3))
    made = np.array([[1.0, 0, 0], [0, 5.0, 0]])
    assert departures(made, plain, np.array([2.0, 10.0])).tolist() == [[0.5, 0, 0], [0, 0.5, 0]]


def test_what_is_missing_in_one_alone_departs_without_end():
    plain, made = np.array([[np.nan, np.nan, 1.0]]), np.array([[np.nan, 1.0, 1.0]])
    assert departures(made, plain, np.ones(1)).tolist() == [[0.0, np.inf, 0.0]]
