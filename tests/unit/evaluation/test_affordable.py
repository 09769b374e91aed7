from dataclasses import replace

import numpy as np

from tidegate.evaluation.affordable import affordable
from tidegate.forecasters.naive import Drift
from tidegate.forecasters.recurrent import GRU
from tidegate.forecasters.regression import Linear


def timed(found, seconds):
    made = {"drift": Drift(), "gru": GRU(), "linear": Linear(), "seasonal-naive": Drift()}
    results = {
        name: replace(result, model=made[name], fit_seconds=np.array([0.0, seconds]), predict_seconds=np.zeros(2))
        for name, result in found.results.items()
    }
    return replace(found, results=results)


def test_models_whose_last_fit_would_take_too_long_are_left_out(judged):
    errors = {name: [[1.0, 1.0], [1.0, 1.0]] for name in ("seasonal-naive", "drift", "linear", "gru")}
    found = timed(judged(errors), 4.0)  # 5 s for the next fit to the same series
    assert affordable(found, 2, 6.0) is found
    dear = affordable(found, 20, 6.0)  # of ten times the series it takes 50 s, but for what is fitted together
    assert set(dear.results) == {"seasonal-naive", "linear", "gru"}
    assert dear.left_out == {
        "drift": "its last fit, to 20 series, would take about 50 s, and 6 s of the budget are left"
    }
    late = affordable(found, 2, -1.0)
    assert set(late.results) == {"seasonal-naive", "gru"}  # one has to be there, the other can be told to hurry
    assert late.left_out["linear"].endswith("would take about 5 s, and 0 s of the budget are left")
