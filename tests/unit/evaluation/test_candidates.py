from dataclasses import replace

import numpy as np

from tidegate.evaluation.candidates import candidates_for, folds_for, windows_in
from tidegate.panel import Panel


def test_candidates_follow_number_length_and_season(monthly):
    short = monthly((96,), seasons=(12,))
    assert candidates_for(short, 12) == ("seasonal-naive", "theta", "ets", "sarima", "linear")
    assert "arima" in candidates_for(replace(short, seasons=(1,)), 12)
    many = monthly((120,) * 6, seasons=(12,))
    assert candidates_for(many, 12) == ("seasonal-naive", "theta", "ets", "gru")
    huge = Panel(
        np.arange(10_000).astype(object),
        np.arange(10_001, dtype=np.int64) * 30,
        np.tile(np.arange(30, dtype=np.int64), 10_000),
        np.ones(300_000),
        "1",
        (1,),
    )
    assert candidates_for(huge, 3) == ("seasonal-naive", "theta", "gru")


def test_windows_have_two_seasons_before_them_and_a_horizon_after(monthly):
    assert windows_in(monthly((60,), seasons=(12,)), 12) == 25
    assert windows_in(monthly((60, 35), seasons=(12,)), 12) == 25
    assert windows_in(monthly((60,), seasons=(1,)), 12) == 43


def test_folds_follow_number_and_length(monthly):
    assert folds_for(monthly((132,)), 12) == 3
    assert folds_for(monthly((400,)), 12) == 5
    assert folds_for(monthly((20,)), 12) == 1
    assert folds_for(monthly((120,) * 10), 12) == 3
    assert folds_for(monthly((120,) * 40), 12) == 3
    assert folds_for(monthly((72,) * 40), 12) == 2
