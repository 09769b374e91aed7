"""Level and season against statsmodels with given parameters, where its Holt-Winters has the same equations.

Its season follows y_t / level_{t-1}, as in ETS; here and in the paper it follows y_t / level_t. The two are one where
the season stands still (gamma 0, any alpha) and where the level does (alpha 0, any gamma).
"""

import numpy as np
import pytest
import torch
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

from tidegate.nn.smoothing import BACKENDS, Season, smooth

STEPS, SEASON = 41, 6


@pytest.fixture(params=range(3))
def series(request):
    generator = np.random.default_rng(request.param)
    return generator.uniform(1, 4, STEPS), generator.uniform(0.6, 1.5, SEASON), generator.uniform(1, 4)


def column(values):
    return torch.as_tensor(values, dtype=torch.float64)[:, None]


def number(value):
    return torch.tensor([value], dtype=torch.float64)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("alpha", "gamma"), [(0.3, 0.0), (0.9, 0.0), (0.0, 0.4), (0.0, 0.95)])
def test_level_and_season_by_turns(series, alpha, gamma, backend):
    values, first, start = series
    known = {"initialization_method": "known", "initial_level": start, "initial_seasonal": first}
    model = ExponentialSmoothing(values, seasonal="mul", seasonal_periods=SEASON, **known)
    theirs = model.fit(smoothing_level=alpha, smoothing_seasonal=gamma, optimized=False)
    season = Season(column(first), number(gamma))
    ours = smooth(column(values), number(alpha), [season], start=number(start), backend=backend)
    np.testing.assert_allclose(ours.levels[:, 0], theirs.level, rtol=1e-12)
    np.testing.assert_allclose(ours.factors[0][SEASON:, 0], theirs.season, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("alpha", [0.05, 0.37, 1.0])
def test_level_alone(series, alpha, backend):
    values, _, start = series
    model = SimpleExpSmoothing(values, initialization_method="known", initial_level=start)
    theirs = model.fit(smoothing_level=alpha, optimized=False).level
    ours = smooth(column(values), number(alpha), start=number(start), backend=backend)
    np.testing.assert_allclose(ours.levels[:, 0], theirs, rtol=1e-12)
