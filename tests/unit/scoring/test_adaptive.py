import numpy as np
import pytest
from scipy.stats import norm

from tidegate.scoring import adaptive
from tidegate.scoring.adaptive import adaptive_bounds
from tidegate.scoring.folds import Folds
from tidegate.scoring.rolling import Rolling

LEVELS = [80, 95]


def rolling(errors, **folds):
    """Forecasts of 0 with the given errors, shape (K, N, F)."""
    n_folds, n_series, horizon = errors.shape
    delays = Folds(horizon, n_folds, **folds).delays
    return Rolling(errors, np.zeros(errors.shape), np.ones((n_folds, n_series)), delays)


def normal(shape, levels=LEVELS, *, deviation=1.0):
    """Bounds of normal errors around 0, shape (K, N, F, Q)."""
    reach = np.broadcast_to(deviation * norm.ppf(0.5 + np.asarray(levels) / 200), (*shape, len(levels)))
    return -reach, reach


def widths(errors, levels=LEVELS, *, deviation=1.0, **folds):
    """Distances from 0 of the upper bounds of intervals that were made for normal errors."""
    own = normal(errors.shape, levels, deviation=deviation)
    lower, upper = adaptive_bounds(rolling(errors, **folds), own, levels)
    assert lower == pytest.approx(-upper)
    return upper


def shares(errors, made):
    return np.mean(np.abs(errors)[..., None] <= made, axis=(0, 1, 2))


def drifting(n_folds, horizon, seed):
    """Errors whose deviation doubles half way, shape (K, 1, F)."""
    errors = np.random.default_rng(seed).normal(size=(n_folds, 1, horizon))
    errors[n_folds // 2 :] *= 2
    return errors


@pytest.mark.parametrize(("n_folds", "horizon"), [(600, 1), (60, 12)])
def test_where_the_variance_doubles_they_come_to_hold_what_they_say(n_folds, horizon):
    late = slice(n_folds // 2, None)
    off, own_off = [], []
    for seed in range(6):
        errors = drifting(n_folds, horizon, seed)
        off.append(np.array([0.8, 0.95]) - shares(errors[late], widths(errors)[late]))
        own_off.append(np.array([0.8, 0.95]) - shares(errors[late], normal(errors[late].shape)[1]))
    assert (np.mean(own_off, axis=0) > [0.25, 0.25]).all()
    assert (np.abs(np.mean(off, axis=0)) < [0.08, 0.05]).all()


def test_where_the_variance_halves_they_narrow():
    errors = drifting(300, 1, 0)[::-1]
    late = slice(150, None)
    made = widths(errors, deviation=2.0)[late]
    assert (made.mean(axis=(0, 1, 2)) < 0.75 * normal((1, 1, 1), deviation=2.0)[1]).all()
    assert shares(errors[late], made) == pytest.approx([0.8, 0.95], abs=0.06)


@pytest.mark.parametrize(("shape", "stride"), [((150, 1, 4), 4), ((150, 1, 4), 1), ((60, 6, 4), 4)])
def test_where_the_models_own_are_right_they_stay_so(shape, stride):
    """Within three standard errors of the binomial distribution, over eight draws."""
    held, count = np.zeros(2), 0
    for seed in range(8):
        errors = np.random.default_rng(seed).normal(size=shape)
        made = widths(errors, stride=stride)
        held += shares(errors, made) * errors.size
        count += errors.size
    nominal = np.array([0.8, 0.95])
    assert (np.abs(held / count - nominal) < 3 * np.sqrt(nominal * (1 - nominal) / count) + 0.003).all()


def test_the_first_are_the_models_own():
    errors = np.random.default_rng(0).normal(size=(6, 2, 5))
    own = normal(errors.shape)[1] * np.linspace(1, 2, 5)[:, None]
    made = adaptive_bounds(rolling(errors), (-own, own), LEVELS)[1]
    assert made[0] == pytest.approx(own[0])
    assert made[5] != pytest.approx(own[5])
    assert made[5] / made[5, :, :1] == pytest.approx(own[5] / own[5, :, :1])


def said():
    """Places of outcomes that the model's own word counts for."""
    return norm.ppf(0.5 + np.arange(1, 20) / 40)


def test_one_rate_is_equation_2(monkeypatch):
    """With one rate, alpha is that of Gibbs and Candes (2021), equation 2, followed here by hand."""
    gamma, target = 0.05, 0.2
    monkeypatch.setattr(adaptive, "RATES", np.array([gamma / target]))
    errors = np.abs(np.random.default_rng(1).normal(size=(60, 1, 1)))
    made = widths(errors, [80])[:, 0, 0, 0]
    alpha, alphas = target, []
    for origin in range(60):
        alphas.append(alpha)
        known = np.sort(np.concatenate([said(), errors[:origin, 0, 0]]))
        rank = int(np.ceil((len(known) + 1) * (1 - alpha) - 1e-9))
        assert made[origin] == pytest.approx(known[rank - 1])
        alpha += gamma * (target - (errors[origin, 0, 0] > made[origin]))
    assert np.ptp(alphas) > 0.02


def test_of_several_steps_the_share_of_misses_is_heard(monkeypatch):
    monkeypatch.setattr(adaptive, "RATES", np.array([0.5]))
    errors = np.zeros((2, 1, 4))
    errors[0, 0] = [0, 0, 1.5, np.nan]
    alpha = 0.2 + 0.5 * 0.2 * (0.2 - 1 / 3)
    known = np.sort([*said(), 0, 0, 1.5])
    assert widths(errors, [80])[1, 0, 0, 0] == pytest.approx(known[int(np.ceil(23 * (1 - alpha))) - 1])


def test_a_miss_counts_as_one_however_far_out_it_lies():
    near, far = (np.array([*[1.0] * 9, size, 1.0])[:, None, None] for size in (100.0, 1e9))
    assert np.array_equal(widths(near, [80])[10], widths(far, [80])[10])


def test_intervals_that_are_far_too_narrow_are_widened_without_delay():
    errors = np.random.default_rng(0).normal(size=(30, 1, 12))
    made = widths(errors, deviation=0.05)
    assert shares(errors[3:], made[3:]) == pytest.approx([0.8, 0.95], abs=0.06)


def test_only_the_newest_places_count(monkeypatch):
    monkeypatch.setattr(adaptive, "RATES", np.zeros(1))
    errors = np.random.default_rng(0).normal(size=(300, 2, 4))
    old = errors.copy()
    old[:150] *= 20
    assert np.array_equal(widths(errors)[201:], widths(old)[201:])
    assert not np.array_equal(widths(errors)[199], widths(old)[199])


def test_outcomes_are_heard_when_they_are_known():
    """With origins one step apart, the outcome of step 3 is known 3 origins later, and not before it."""
    errors = np.ones((5, 1, 3))
    quiet = widths(errors, stride=1)
    errors[0, 0, 2] = 9.0
    missed = widths(errors, stride=1)
    assert [bool(np.array_equal(a, b)) for a, b in zip(missed, quiet, strict=True)] == [True, True, True, False, False]
    assert (missed[3] >= quiet[3]).all()


def test_each_side_keeps_its_shape():
    errors = np.full((9, 1, 2), 0.3)
    upper = normal(errors.shape)[1]
    lower, made = adaptive_bounds(rolling(errors), (-3 * upper, upper), LEVELS)
    assert lower[5] == pytest.approx(-3 * made[5])


def test_a_bound_that_levels_share_stays_where_it_is():
    """As that of counts at 0."""
    errors = np.full((9, 1, 2), 9.0)
    upper = normal(errors.shape)[1]
    lower, made = adaptive_bounds(rolling(errors), (np.full(upper.shape, -0.5), upper), LEVELS)
    assert (made[8] > upper[8]).all()
    assert (lower[8] == -0.5).all()


def test_each_series_follows_its_own_misses():
    rng = np.random.default_rng(2)
    errors = rng.normal(size=(120, 2, 1))
    errors[60:, 1] *= 3
    late = widths(errors, [80])[100:, :, 0, 0].mean(axis=0)
    assert late[1] > 1.5 * late[0]


def test_levels_do_not_cross_and_nothing_is_infinite():
    errors = drifting(60, 2, 3) * np.linspace(1, 40, 60)[:, None, None]
    made = widths(errors, [50, 80, 95, 99])
    assert np.isfinite(made).all()
    assert (np.diff(made, axis=-1) >= 0).all()


def test_exact_forecasts_with_intervals_of_no_width_keep_them():
    zero = np.zeros((8, 1, 3))
    lower, upper = adaptive_bounds(rolling(zero), normal(zero.shape, deviation=0.0), LEVELS)
    assert (lower == 0).all()
    assert (upper == 0).all()


def test_outcomes_to_come_may_be_unknown():
    errors = np.random.default_rng(0).normal(size=(9, 1, 3))
    ahead = errors.copy()
    ahead[8] = np.nan
    assert np.array_equal(widths(ahead), widths(errors))


def test_where_the_model_gave_none_there_are_none_and_nothing_is_learned():
    errors = np.random.default_rng(0).normal(size=(9, 1, 3))
    lower, upper = (side.copy() for side in normal(errors.shape))
    lower[4], upper[4] = np.nan, np.nan
    made = adaptive_bounds(rolling(errors), (lower, upper), LEVELS)[1]
    assert np.isnan(made[4]).all()
    kept = np.arange(9) != 4
    assert np.array_equal(made[kept], widths(errors[kept]))


def test_one_wild_outcome_makes_no_bound_wilder_than_itself():
    """Own intervals are narrow when it comes and wide afterwards, as where a model has learned of it."""
    errors = np.random.default_rng(0).normal(size=(40, 1, 4))
    errors[10:13] *= 500
    own = normal(errors.shape)[1].copy()
    own[14:] *= 500
    made = adaptive_bounds(rolling(errors), (-own, own), LEVELS)[1]
    assert (made <= np.maximum(own, np.abs(errors).max())).all()
    assert made[14:].max() > 500


def test_where_outcomes_come_late_intervals_follow_slowly_and_hold_nearly(monkeypatch):
    """Errors that drift over many origins, each step known only when it is due: a rate as for none late would swing."""
    rng = np.random.default_rng(3)
    n_origins, n_steps = 600, 24
    level = np.cumsum(rng.normal(size=n_origins + n_steps))
    mean = np.repeat(level[:n_origins, None], n_steps, axis=1)[:, None]
    actual = np.lib.stride_tricks.sliding_window_view(level, n_steps)[1 : n_origins + 1][:, None]
    spread = np.sqrt(np.arange(1, n_steps + 1)) * 0.6
    reach = norm.isf(0.1) * np.broadcast_to(spread, mean.shape)[..., None]
    rolling = Rolling(actual, mean, np.ones(mean.shape[:2]), np.arange(1, n_steps + 1))
    bounds = mean[..., None] - reach, mean[..., None] + reach
    lower, upper = adaptive_bounds(rolling, bounds, (80,))
    own = np.mean(np.abs(actual - mean) <= reach[..., 0])
    held = np.mean((lower[..., 0] <= actual) & (actual <= upper[..., 0]))
    monkeypatch.setattr(adaptive, "RATES", n_steps * adaptive.RATES)
    swinging = adaptive_bounds(rolling, bounds, (80,))
    assert own < 0.6
    assert 0.68 < held < 0.85
    assert np.mean((swinging[0][..., 0] <= actual) & (actual <= swinging[1][..., 0])) < held - 0.02
