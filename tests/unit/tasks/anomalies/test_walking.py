import numpy as np
import pytest
from sklearn.base import clone

from tidegate import AnomalyDetector
from tidegate.errors import DataError


@pytest.mark.parametrize("settings", [{}, {"memory": 120}, {"memory": 120, "relearn": 90, "joined": "mean"}])
def test_steps_one_by_one_score_what_they_score_at_once(fitted, normal, odd, settings):
    if fitted.method == "reconstruct":
        settings = {name: value for name, value in settings.items() if name != "relearn"}
    fitted = clone(fitted).set_params(**settings).fit(normal[:200], epochs=1)
    at_once = fitted.score_samples(odd)
    watch = fitted.online()
    one_by_one = [watch.update(row) for row in odd]
    np.testing.assert_allclose(one_by_one, at_once, rtol=0, atol=1e-12)
    assert watch.steps == len(odd)


def test_a_watch_knows_who_is_to_blame(fitted, odd):
    watch = fitted.online()
    alarmed = [(watch.update(row), watch.alarmed, dict(watch.shares))[1:] for row in odd[:110]]
    assert alarmed[102][0]
    assert alarmed[102][1]["channel 0"] > 0.6
    assert watch.alarmed == (watch.score > fitted.threshold_.value)


def test_scores_do_not_see_what_comes_after(fitted, odd):
    whole = fitted.score_samples(odd)
    np.testing.assert_allclose(fitted.score_samples(odd[:120]), whole[:120], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([1.0], "step 0 has 1 channels; training had 2"),
        (["a", 1], "step 0 holds what is no number"),
        ([np.inf, 1], "step 0 holds infinity"),
    ],
)
def test_rows_that_are_none_are_refused(fitted, row, said):
    with pytest.raises(DataError, match=said):
        fitted.online().update(row)


def test_two_watches_do_not_disturb_each_other(fitted, odd):
    first, second = fitted.online(), fitted.online()
    told = [(first.update(row), second.update(row)) for row in odd[:30]]
    assert all(a == b for a, b in told)
    assert isinstance(fitted, AnomalyDetector)
