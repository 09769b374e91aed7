import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tidegate.scoring import metrics
from tidegate.scoring.conformal import half_widths
from tidegate.scoring.folds import Folds

NUMBERS = st.floats(-1e6, 1e6).map(lambda number: round(number, 6))
PAIRS = arrays(np.float64, (2, 3, 4), elements=NUMBERS)


@given(PAIRS, st.sampled_from([0.125, 4.0, 1024.0]))
def test_relative_errors_do_not_know_the_unit(pair, unit):
    actual, forecast = pair
    scale = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(metrics.smape(actual, forecast), metrics.smape(unit * actual, unit * forecast))
    assert np.array_equal(
        metrics.mase(actual, forecast, scale), metrics.mase(unit * actual, unit * forecast, unit * scale)
    )


@given(PAIRS)
def test_errors_lie_within_their_bounds(pair):
    actual, forecast = pair
    assert (metrics.mae(actual, forecast) <= metrics.rmse(actual, forecast) * (1 + 1e-9)).all()
    assert (metrics.smape(actual, forecast) <= 200 + 1e-9).all()
    assert (metrics.pinball(actual, forecast, 0.3) >= 0).all()


@given(PAIRS, st.integers(0, 11))
def test_a_missing_value_counts_for_nothing(pair, cell):
    actual, forecast = pair[:, :1].reshape(2, 4)
    holed = actual.copy()
    holed[cell % 4] = np.nan
    kept = np.delete(np.arange(4), cell % 4)
    assert np.isclose(metrics.mae(holed, forecast), metrics.mae(actual[kept], forecast[kept]), rtol=1e-12)


@given(arrays(np.float64, (6, 2, 3), elements=st.floats(0, 1e6, allow_subnormal=False)))
def test_wider_levels_are_never_narrower(scores):
    widths = half_widths(scores, [50, 80, 95, 99])
    assert (np.diff(widths, axis=1) >= 0).all()


@given(
    st.builds(
        Folds,
        horizon=st.integers(1, 30),
        count=st.integers(1, 8),
        stride=st.none() | st.integers(1, 40),
        gap=st.integers(0, 9),
        refit=st.integers(0, 9),
    ),
    st.integers(1, 400),
)
def test_folds_are_in_order_within_the_series_and_all_fitted_once(folds, length):
    ends = folds.ends(np.array([length]))[:, 0]
    used = ends[ends > 0]
    assert (np.diff(used) == folds.step).all()
    assert (used + folds.reach <= length).all()
    assert [k for group in folds.groups() for k in group] == list(range(folds.count))
