"""The columns of a regression: which fit a length, what they read, and what they must not read."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.features.design import LEAST_ROOM, LEAST_SPREAD, Design, target
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins
from tidegate.panel import Covariates, Panel

N_ROWS = 80
ORIGINS = Origins(np.zeros(3, dtype=np.int64), np.array([40, 50, 60]))
STEPS = np.array([1, 5, 12])


def panel(values):
    rng = np.random.default_rng(1)
    return Panel(
        ids=np.array(["a"], dtype=object),
        offsets=np.array([0, N_ROWS]),
        times=np.arange(N_ROWS),
        values=values,
        frequency="1",
        seasons=(12,),
        known=Covariates(("price",), rng.normal(size=(N_ROWS, 1))),
        past=Covariates(("footfall",), rng.normal(size=(N_ROWS, 1))),
    )


def columns(made, design):
    inputs = Inputs(made, Encoding.learn(panel(made.values)), 12)
    frame = design.frame(inputs, ORIGINS)
    return np.hstack([design.shared(inputs, ORIGINS, frame), design.ahead(inputs, ORIGINS, STEPS, frame)])


VALUES = np.random.default_rng(0).normal(size=N_ROWS).cumsum()
DESIGN = Design.fitting((12,), room=N_ROWS - 12, lags=None)


@pytest.mark.parametrize("room", [LEAST_ROOM, 10, 15, 16, 40, 200, 5000])
@pytest.mark.parametrize("seasons", [(1,), (4,), (12,), (24, 168), ()])
def test_a_design_leaves_origins_to_learn_from(room, seasons):
    design = Design.fitting(seasons, room=room, lags=None)
    assert design.past_steps <= room - 3
    assert 1 in design.lags
    assert design.window >= 2


def test_long_series_get_every_lag_and_cycle():
    design = Design.fitting((24, 168), room=10_000, lags=None)
    assert design.lags == tuple(range(1, 25))
    assert (design.seasons, design.cycles, design.window) == ((24, 168), (3, 3), 24)


def test_given_lags_are_taken_as_they_are():
    design = Design.fitting((12,), room=100, lags=(1, 5))
    assert (design.lags, design.covariate_lags, design.seasons) == ((1, 5), (1, 5), ())


def test_columns_do_not_know_the_level_and_scale_with_the_window():
    plain, moved = columns(panel(VALUES), DESIGN), columns(panel(3 * VALUES + 1000), DESIGN)
    np.testing.assert_allclose(moved, plain, atol=1e-9)


def test_the_frame_is_the_newest_value_and_at_least_the_least_spread():
    flat = np.where(np.arange(N_ROWS) < 20, 5.0, 7.0)
    inputs = Inputs(panel(flat), Encoding.learn(panel(flat)), 12)
    frame = DESIGN.frame(inputs, ORIGINS)
    np.testing.assert_array_equal(frame.level, 7)
    np.testing.assert_array_equal(frame.spread, LEAST_SPREAD)
    np.testing.assert_array_equal(target(inputs, ORIGINS, STEPS, frame), 0)


def test_nothing_but_known_covariates_is_read_after_an_origin():
    """Only the first origin is compared: everything from its end on is changed."""
    later = np.arange(N_ROWS) >= ORIGINS.ends[0]
    original = panel(VALUES)
    footfall = np.where(later[:, None], 99.0, original.past.values)
    tampered = replace(original, values=np.where(later, 99.0, VALUES), past=replace(original.past, values=footfall))
    np.testing.assert_array_equal(columns(tampered, DESIGN)[0], columns(original, DESIGN)[0])
    price = np.where(later[:, None], 99.0, original.known.values)
    dearer = replace(original, known=replace(original.known, values=price))
    assert not np.array_equal(columns(dearer, DESIGN)[0], columns(original, DESIGN)[0])
