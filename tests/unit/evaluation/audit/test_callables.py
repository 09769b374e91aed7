import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.evaluation.audit.callables import Predict, called


def test_all_histories_go_into_one_call(material, predicting, steps):
    sizes = []
    inner = predicting(steps["repeated"])

    def predict(history, horizon):
        sizes.append(history["unique_id"].nunique())
        return inner(history, horizon)

    panel = material(2).panel
    assert Predict(predict, "mine", 6).forecasts([panel] * 4).shape == (4, 2, 6)
    assert sizes == [8]


def test_one_that_knows_its_series_is_called_for_each_history(material, predicting, steps):
    inner = predicting(steps["repeated"])

    def predict(history, horizon):
        if set(history["unique_id"]) != {"s0"}:
            raise KeyError("who is that?")
        return inner(history, horizon)

    panel = material(1).panel
    subject = Predict(predict, "mine", 6)
    assert subject.forecasts([panel] * 3).shape == (3, 1, 6)
    assert "called once for every change" in subject.notes[0]
    assert subject.forecasts([panel] * 2).shape == (2, 1, 6)
    assert len(subject.notes) == 1


def test_the_opposite_order_is_turned_back(material, predicting, steps):
    panel = material(3).panel
    subject = Predict(predicting(steps["repeated"]), "mine", 6)
    assert np.array_equal(subject.reordered(panel), subject.afresh(panel))


def test_a_mutating_function_is_refused(material, predicting, steps):
    inner = predicting(steps["repeated"])

    def predict(history, horizon):
        history["y"] /= 2
        return inner(history, horizon)

    with pytest.raises(DataError, match="mine changed the frame that it was given"):
        Predict(predict, "mine", 6).afresh(material(1).panel)


def test_what_it_raises_is_told_with_its_line():
    def broken(history, horizon):
        return history["price"]

    with pytest.raises(SettingError, match=r"mine raised KeyError: 'price' \(.*test_callables.py, line \d+, in broken"):
        called(broken, ({}, 3), "mine")


def test_the_future_is_handed_over_where_it_is_asked_for(material, predicting, steps):
    seen = []

    def predict(history, horizon, future):
        seen.append(future)
        return predicting(steps["repeated"])(history, horizon)

    Predict(predict, "mine", 6, takes_future=True).afresh(material(1).panel)
    assert seen == [None]
