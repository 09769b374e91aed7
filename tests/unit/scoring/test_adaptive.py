import numpy as np
import pytest

from tidegate.scoring import adaptive
from tidegate.scoring.adaptive import adaptive_widths
from tidegate.scoring.folds import Folds
from tidegate.scoring.rolling import Rolling, split_widths

LEVELS = [80, 95]


def rolling(errors, **folds):
    """Forecasts of 0 with the given errors, shape (K, N, F)."""
    n_folds, n_series, horizon = errors.shape
    delays = Folds(horizon, n_folds, **folds).delays
    return Rolling(errors, np.zeros(errors.shape), np.ones((n_folds, n_series)), delays)


def shares(errors, widths):
    return np.mean(np.abs(errors)[..., None] <= widths, axis=(0, 1, 2))


def drifting(n_folds, horizon, seed):
    """Errors whose deviation doubles half way, shape (K, 1, F)."""
    errors = np.random.default_rng(seed).normal(size=(n_folds, 1, horizon))
    errors[n_folds // 2 :] *= 2
    return errors


@pytest.mark.parametrize(("n_folds", "horizon"), [(600, 1), (200, 3)])
def test_where_the_variance_doubles_they_hold_nearer_to_what_they_say(n_folds, horizon):
    adaptive_off, split_off = [], []
    for seed in range(6):
        errors = drifting(n_folds, horizon, seed)
        late = slice(n_folds // 2, None)
        for off, widths in ((adaptive_off, adaptive_widths), (split_off, split_widths)):
            made = widths(rolling(errors), LEVELS)
            off.append(np.array([0.8, 0.95]) - shares(errors[late], made[late]))
    assert (np.mean(split_off, axis=0) > [0.15, 0.08]).all()
    assert (np.abs(np.mean(adaptive_off, axis=0)) < np.mean(split_off, axis=0) / 2).all()


def test_where_the_variance_halves_they_narrow_faster():
    errors = drifting(300, 1, 0)[::-1]
    late = slice(150, None)
    ours, fixed = (
        widths(rolling(errors), LEVELS)[late].mean(axis=(0, 1, 2)) for widths in (adaptive_widths, split_widths)
    )
    assert (ours < fixed).all()
    assert shares(errors[late], adaptive_widths(rolling(errors), LEVELS)[late]) == pytest.approx([0.8, 0.95], abs=0.06)


@pytest.mark.parametrize(("shape", "stride"), [((150, 1, 4), 4), ((150, 1, 4), 1), ((60, 6, 4), 4)])
def test_exchangeable_errors_are_held_as_often_as_they_say(shape, stride):
    """Within three standard errors of the binomial distribution, over four draws."""
    held, count = np.zeros(2), 0
    for seed in range(4):
        errors = np.random.default_rng(seed).standard_t(5, size=shape)
        made = adaptive_widths(rolling(errors, stride=stride), LEVELS)
        late = slice(20, None)
        held += shares(errors[late], made[late]) * errors[late].size
        count += errors[late].size
    nominal = np.array([0.8, 0.95])
    assert (np.abs(held / count - nominal) < 3 * np.sqrt(nominal * (1 - nominal) / count) + 1 / count).all()


def test_the_first_are_split_conformal():
    errors = np.random.default_rng(0).normal(size=(6, 2, 5))
    ours, fixed = (widths(rolling(errors), LEVELS) for widths in (adaptive_widths, split_widths))
    assert ours[1] == pytest.approx(fixed[1])
    assert ours[5] != pytest.approx(fixed[5])


def test_one_rate_is_equation_2(monkeypatch):
    """With one rate, alpha is that of Gibbs and Candes (2021), equation 2, followed here by hand."""
    gamma, target = 0.05, 0.2
    monkeypatch.setattr(adaptive, "RATES", np.array([gamma / target]))
    errors = np.abs(np.random.default_rng(1).normal(size=(60, 1, 1)))
    made = adaptive_widths(rolling(errors), [80])[:, 0, 0, 0]
    alpha = target
    for origin in range(1, 60):
        known = np.sort(errors[:origin, 0, 0])
        rank = int(np.ceil((origin + 1) * (1 - alpha) - 1e-9))
        if 1 <= rank <= origin:
            assert made[origin] == pytest.approx(known[rank - 1])
        alpha += gamma * (target - (errors[origin, 0, 0] > made[origin]))
    assert alpha != pytest.approx(target)


def test_a_miss_counts_as_one_however_wide_the_interval_would_have_been(monkeypatch):
    """Shocks that grow: after the first, alpha is below 0, and the second is a miss all the same."""
    monkeypatch.setattr(adaptive, "RATES", np.array([2.0]))
    errors = np.concatenate([np.linspace(0.9, 1.1, 30), [50.0, 5000.0, 1.0]])[:, None, None]
    once = errors.copy()
    once[31] = 1.0
    shocked, quiet = (adaptive_widths(rolling(each), [95])[32, 0, 0, 0] for each in (errors, once))
    assert adaptive_widths(rolling(errors), [95])[31, 0, 0, 0] < 5000
    assert shocked > 50 * quiet


def test_each_series_follows_its_own_misses():
    rng = np.random.default_rng(2)
    errors = rng.normal(size=(120, 2, 1))
    errors[60:, 1] *= 3
    late = adaptive_widths(rolling(errors), [80])[100:, :, 0, 0].mean(axis=0)
    assert late[1] > 1.5 * late[0]


def test_levels_do_not_cross_and_nothing_is_infinite():
    errors = drifting(60, 2, 3) * np.linspace(1, 40, 60)[:, None, None]
    made = adaptive_widths(rolling(errors), [50, 80, 95, 99])[1:]
    assert np.isfinite(made).all()
    assert (np.diff(made, axis=-1) >= 0).all()


def test_exact_forecasts_have_intervals_of_no_width():
    assert (adaptive_widths(rolling(np.zeros((8, 1, 3))), LEVELS)[1:] == 0).all()


def test_outcomes_to_come_may_be_unknown():
    errors = np.random.default_rng(0).normal(size=(9, 1, 3))
    ahead = errors.copy()
    ahead[8] = np.nan
    assert np.array_equal(
        adaptive_widths(rolling(ahead), LEVELS), adaptive_widths(rolling(errors), LEVELS), equal_nan=True
    )
