import numpy as np
import pytest

from tidegate.errors import SettingError
from tidegate.scoring.folds import Folds


def test_the_newest_fold_ends_with_the_series_and_folds_do_not_overlap():
    ends = Folds(horizon=4, count=3).ends(np.array([20, 30]))
    assert ends.tolist() == [[8, 18], [12, 22], [16, 26]]


def test_stride_and_gap_move_the_origins():
    folds = Folds(horizon=4, count=3, stride=2, gap=3)
    assert folds.ends(np.array([20])).ravel().tolist() == [9, 11, 13]
    assert (folds.reach, folds.span, folds.overlap) == (7, 11, 1)


def test_a_series_without_room_for_a_fold_has_0_there():
    assert Folds(horizon=4, count=3).ends(np.array([14]), minimum=5).ravel().tolist() == [0, 6, 10]


@pytest.mark.parametrize(
    ("refit", "groups"), [(1, ((0,), (1,), (2,))), (2, ((0, 1), (2,))), (0, ((0, 1, 2),)), (9, ((0, 1, 2),))]
)
def test_folds_that_share_a_fit_are_grouped(refit, groups):
    assert Folds(horizon=1, count=3, refit=refit).groups() == groups


@pytest.mark.parametrize(("stride", "overlap"), [(None, 0), (12, 0), (11, 1), (6, 1), (4, 2), (1, 11), (24, 0)])
def test_overlap_counts_the_folds_that_judge_the_same_steps(stride, overlap):
    assert Folds(horizon=12, stride=stride).overlap == overlap


@pytest.mark.parametrize(
    ("setting", "value", "least"),
    [("horizon", 0, 1), ("count", 0, 1), ("stride", 0, 1), ("gap", -1, 0), ("window", 0, 1), ("refit", -1, 0),
     ("count", 2.5, 1), ("gap", True, 0)],
)  # fmt: skip
def test_a_number_outside_its_limits_is_refused(setting, value, least):
    with pytest.raises(
        SettingError, match=rf"folds: {setting} is {value}; it must be a whole number, at least {least}"
    ):
        Folds(**{"horizon": 3, setting: value})


@pytest.mark.parametrize(
    ("folds", "delays"),
    [(Folds(4), [1, 1, 1, 1]), (Folds(4, stride=1), [1, 2, 3, 4]), (Folds(4, stride=3, gap=2), [1, 2, 2, 2])],
)
def test_a_step_is_known_when_an_origin_lies_behind_it(folds, delays):
    assert folds.delays.tolist() == delays
    ends = folds.ends(np.array([100]))[:, 0]
    later = [next(k for k in range(9) if ends[0] + k * folds.step >= ends[0] + folds.gap + s) for s in range(1, 5)]
    assert delays == later
