from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.evaluation.plan import plan
from tidegate.scoring.folds import Folds


def test_every_series_long_enough_is_judged_with_the_season_pinned(monthly):
    made = plan(monthly((96, 120)), Folds(horizon=12, count=3))
    assert made.ends.tolist() == [[60, 84], [72, 96], [84, 108]]
    assert made.panel.seasons[0] == 12
    assert made.notes == ()


def test_the_season_is_looked_for_before_the_first_origin_only(monthly):
    panel = monthly((96,), noise=0.1)
    values = panel.values.copy()
    values[36:] = np.tile([0.0, 50.0, 100.0], 20)
    assert plan(replace(panel, values=values), Folds(horizon=12)).panel.seasons[0] == 12


def test_one_series_too_short_is_left_out_aloud(monthly):
    assert (
        plan(monthly((96, 40, 96)), Folds(horizon=12))
        .notes[0]
        .startswith("1 of 3 series is too short to be judged and left out of the scores: 5 folds of 12 steps need 73")
    )


def test_series_too_short_are_left_out_aloud(monthly):
    made = plan(monthly((96, 40, 96, 30)), Folds(horizon=12))
    assert made.panel.ids.tolist() == ["s0", "s2"]
    assert made.notes == (
        "2 of 4 series are too short to be judged and left out of the scores: 5 folds of 12 steps need 73: one "
        "season and one value (13) before the first origin and 60 after it. The first of them is 's1' with 40.",
    )


@pytest.mark.parametrize(
    ("length", "folds", "message"),
    [
        (
            72,
            Folds(horizon=12),
            r"'s0': 72 observations; 5 folds of 12 steps need 73.*Use --folds 4, a shorter --horizon",
        ),
        (50, Folds(horizon=12), r"'s0': 50 observations; 5 folds of 12 steps need 62: 2 values.*Use --folds 4"),
        (
            20,
            Folds(horizon=30, count=1, gap=2),
            r"1 fold of 30 steps after a gap of 2 needs.*Use --horizon 16 with --folds 1",
        ),
        (3, Folds(horizon=30, count=1, gap=2), r"Give a longer series\.$"),
        (1, Folds(horizon=1, count=1), r"'s0': 1 observation; 1 fold of 1 step needs 3: 2 values before"),
    ],
)
def test_a_horizon_longer_than_any_series_allows_is_refused(monthly, length, folds, message):
    with pytest.raises(DataError, match=message):
        plan(monthly((length,), seasons=(12,) if length == 72 else ()), folds)


def test_the_repair_it_names_works(monthly):
    panel = monthly((72,), seasons=(12,))
    with pytest.raises(DataError, match="--folds 4"):
        plan(panel, Folds(horizon=12))
    assert plan(panel, Folds(horizon=12, count=4)).ends.shape == (4, 1)


def test_a_window_must_hold_more_than_a_season(monthly):
    with pytest.raises(SettingError, match="window is 12; it must be longer than one season, 12 steps"):
        plan(monthly((96,)), Folds(horizon=12, window=12))
