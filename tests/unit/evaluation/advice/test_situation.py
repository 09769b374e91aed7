from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.evaluation.advice.situation import situation
from tidegate.evaluation.candidates import candidates_for
from tidegate.panel import Covariates


def test_a_panel_in_figures(monthly):
    panel = monthly((96, 96, 120), seasons=(12,))
    found = situation(panel, 6)
    assert (found.n_series, found.length, found.longest, found.seasons, found.horizon) == (3, 96, 120, (12,), 6)
    assert (found.missing, found.keeps_gaps, found.intermittent, found.covariates) == (0.0, False, False, ())
    assert found.window == 48
    assert found.n_windows == 67 + 67 + 91
    assert found.candidates == candidates_for(panel, 6)


def test_the_season_is_found_where_nobody_named_it(monthly):
    assert situation(monthly((96,)), 6).seasons == (12,)


@pytest.mark.parametrize(
    ("length", "seasons", "horizon"), [(96, (12,), 12), (40, (12,), 8), (96, (1,), 12), (20, (1,), 4)]
)
def test_without_a_horizon_it_is_a_season_but_at_most_a_fifth(monthly, length, seasons, horizon):
    assert situation(monthly((length,), seasons=seasons)).horizon == horizon


def test_gaps_and_covariates_are_seen(monthly):
    panel = monthly((96,), seasons=(12,))
    values = panel.values.copy()
    values[[3, 50, 51]] = np.nan
    known = Covariates(("price",), np.ones((96, 1)))
    found = situation(replace(panel, values=values, fill="keep", known=known), 6)
    assert found.missing == pytest.approx(3 / 96)
    assert found.keeps_gaps
    assert found.covariates == ("known",)


def test_mostly_zeros_are_intermittent(monthly):
    panel = monthly((96,), seasons=(1,))
    assert situation(replace(panel, values=np.where(np.arange(96) % 3, 0.0, 5.0)), 6).intermittent
    assert not situation(replace(panel, values=np.where(np.arange(96) % 9, 5.0, 0.0)), 6).intermittent


def test_what_cannot_be_judged_is_refused(monthly):
    with pytest.raises(DataError, match=r"'s0'.*8 observations; 1 fold of 12 steps needs"):
        situation(monthly((8,)), 12)
    with pytest.raises(SettingError, match="horizon is 0"):
        situation(monthly((96,)), 0)
