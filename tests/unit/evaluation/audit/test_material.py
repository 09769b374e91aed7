from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.evaluation.audit.material import prepared
from tidegate.panel import Covariates


def test_origins_are_one_step_apart_and_leave_a_horizon(panel):
    made = prepared(panel(2), 6)
    assert made.origins.shape == (40, 2)
    assert (np.diff(made.origins, axis=0) == 1).all()
    assert made.origins[-1].tolist() == [78, 78]
    assert made.lags == 24


def test_data_too_short_are_refused_with_what_is_needed(panel):
    with pytest.raises(DataError, match=r"series 's0': 30 observations; .* a season of 12 needs 31.*shorter horizon"):
        prepared(panel(1, length=30), 6)
    assert prepared(panel(1, length=31), 6).origins.shape == (2, 1)


def test_of_many_series_some_are_drawn_aloud(panel):
    made = prepared(panel(30), 6, seed=4)
    assert len(made.panel) == 20
    assert "Audited on 20 of 30 series, drawn with seed 4." in made.notes
    assert len(made.probed) == 3


def test_long_series_are_cut_aloud(panel):
    long = panel(1, length=40)
    long = replace(
        long, offsets=np.array([0, 2500]), times=np.arange(2500), values=np.sin(np.arange(2500.0)), frequency="1"
    )
    made = prepared(replace(long, known=None, past=None, seasons=(12,)), 6)
    assert made.panel.lengths.tolist() == [2000]
    assert "newest 2,000 values" in made.notes[0]


def test_the_newest_rows_serve_as_the_future_of_known_covariates(panel):
    plain = panel(1)
    made = prepared(replace(plain, known=Covariates(("price",), np.arange(84.0)[:, None])), 6)
    assert made.panel.lengths.tolist() == [78]
    assert made.panel.future.covariates.values[:, 0].tolist() == [78, 79, 80, 81, 82, 83]


def test_a_constant_series_has_a_spread(panel):
    made = prepared(replace(panel(1), values=np.full(84, 5.0)), 6)
    assert made.spread.tolist() == [5.0]
