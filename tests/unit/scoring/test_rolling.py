import numpy as np
import pytest

from tidegate.scoring.adaptive import adaptive_bounds
from tidegate.scoring.conformal import half_widths
from tidegate.scoring.folds import Folds
from tidegate.scoring.rolling import Rolling, split_widths


def rolling(errors, *, folds=None, scale=1.0):
    """Forecasts of 0 with the given errors, shape (K, N, F)."""
    n_folds, n_series, horizon = errors.shape
    delays = (folds or Folds(horizon, n_folds)).delays
    return Rolling(errors, np.zeros(errors.shape), np.full((n_folds, n_series), scale), delays)


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def adaptively(forecasts, levels):
    """How far adaptive bounds lie above 0, where the model's own lie at 1, 2, ... by level."""
    own = np.broadcast_to(1.0 + np.arange(len(levels)), (*forecasts.mean.shape, len(levels)))
    return adaptive_bounds(forecasts, (-own, own), levels)[1]


def test_widths_are_those_of_the_errors_known_before():
    errors = drawn((8, 2, 3))
    widths = split_widths(rolling(errors), [80])
    assert np.isnan(widths[0]).all()
    for origin in range(1, 8):
        assert widths[origin] == pytest.approx(np.broadcast_to(half_widths(errors[:origin], [80]), (2, 3, 1)))


def test_widths_follow_the_unit_of_each_origin():
    errors = drawn((6, 1, 2))
    units = np.array([1.0, 10.0, 2.0, 5.0, 3.0, 7.0])[:, None]
    scaled = Rolling(errors * units[..., None], np.zeros(errors.shape), units, Folds(2, 6).delays)
    expected = split_widths(rolling(errors), [80]) * units[..., None, None]
    assert split_widths(scaled, [80])[1:] == pytest.approx(expected[1:])


def test_a_step_is_known_when_its_outcome_is():
    """With a stride of 2 and a gap of 1, steps 1 to 4 come true 1, 2, 2 and 3 origins later."""
    one = rolling(drawn((5, 1, 4)), folds=Folds(4, 5, stride=2, gap=1))
    known = np.isfinite(one.known(one.scores, 4))[:, 0]
    assert known.tolist() == [[True] * 4, [True] * 4, [True, True, True, False], [True, False, False, False]]


@pytest.mark.parametrize("widths", [split_widths, adaptively])
@pytest.mark.parametrize("folds", [Folds(4, 9), Folds(4, 9, stride=1), Folds(4, 9, stride=3, gap=2)])
def test_no_value_after_an_origin_counts_there(widths, folds):
    """Every outcome that lies after an origin is changed; the bounds there keep their bits, later ones do not."""
    errors = drawn((9, 2, 4))
    before = widths(rolling(errors, folds=folds), [50, 80])
    known_at = np.arange(9)[:, None] + folds.delays
    for origin in range(9):
        changed = np.where((known_at > origin)[:, None], 50 * errors, errors)
        after = widths(rolling(changed, folds=folds), [50, 80])
        assert np.array_equal(after[: origin + 1], before[: origin + 1], equal_nan=True)
    early = widths(rolling(np.where((known_at > 4)[:, None], 50 * errors, errors), folds=folds), [50, 80])
    assert not np.array_equal(early[5:], before[5:], equal_nan=True)


@pytest.mark.parametrize("widths", [split_widths, adaptively])
def test_a_peek_would_be_noticed(widths):
    """An offender that takes every outcome as known one origin later fails the check above."""
    folds = Folds(4, 9, stride=1)
    errors = drawn((9, 2, 4))
    honest, changed = errors, np.where((np.arange(9)[:, None] + folds.delays > 4)[:, None], 50 * errors, errors)
    peeking = [
        widths(Rolling(one, np.zeros(one.shape), np.ones((9, 2)), np.ones(4, dtype=np.int64)), [80])
        for one in (honest, changed)
    ]
    assert not np.array_equal(peeking[0][:5], peeking[1][:5], equal_nan=True)


@pytest.mark.parametrize("widths", [split_widths, adaptively])
def test_missing_outcomes_count_for_nothing(widths):
    errors = drawn((8, 2, 3))
    holed = errors.copy()
    holed[:, 1] = np.nan
    alone = widths(rolling(errors[:, :1]), [80])
    assert widths(rolling(holed), [80])[:, :1] == pytest.approx(alone, nan_ok=True)


def test_series_without_a_unit_count_for_nothing_in_split_conformal_ones():
    errors = drawn((8, 2, 3))
    alone = split_widths(rolling(errors[:, :1]), [80])
    flat = Rolling(errors, np.zeros(errors.shape), np.tile([1.0, np.nan], (8, 1)), Folds(3, 8).delays)
    made = split_widths(flat, [80])
    assert made[:, :1] == pytest.approx(alone, nan_ok=True)
    assert np.isnan(made[:, 1]).all()
