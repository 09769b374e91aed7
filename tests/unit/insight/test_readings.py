import numpy as np
import pandas as pd
import pytest
import torch

from tidegate.features.windows import Origins
from tidegate.insight.readings import Recipe, in_double


def recipe(model, n=0, end=None):
    opened = model.opened()
    length = int(opened.panel.lengths[n]) if end is None else end
    return Recipe(opened.windows, Origins(np.array([n]), np.array([length]))), opened


@pytest.mark.parametrize("settings", [{}, {"shift": "last"}, {"base": "shift"}, {"unit": "series"}, {"window": 7}])
def test_the_leaves_make_the_reading_they_come_from(make, settings):
    made, _ = recipe(make(**settings))
    assert made.is_faithful()
    whole = made.made(made.leaves)
    for name in ("window", "context", "known", "base"):
        np.testing.assert_allclose(getattr(whole, name), getattr(made.reading, name), atol=1e-4)


def test_a_past_value_moves_what_the_windows_themselves_would_move(make):
    """A value inside the window, behind the level and the unit: both ways of reading it must agree."""
    model = make(shift="last", unit="series")
    made, opened = recipe(model)
    panel, windows = opened.windows.inputs.panel, opened.windows
    origin = Origins(np.array([0]), panel.lengths)
    values = panel.values.copy()
    lag = 9
    unit = float(made.frame.unit[0, 0])
    values[-1 - lag] += 2.0 * unit
    moved = type(windows)(
        type(windows.inputs)(type(panel)(**{**vars(panel), "values": values}), windows.inputs.encoding, 4),
        windows.layout,
        logs=opened.logs,
        units=made.frame.unit[:, 0],
        numbers=np.ones(1, dtype=np.int64),
    )
    leaves = made.leaves._replace(values=made.leaves.values.clone())
    leaves.values[0, lag] += 2.0
    ours, theirs = made.made(leaves), in_double(moved.batch(origin).reading)
    for name in ("window", "context", "known", "base"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-4)
    assert not torch.allclose(ours.window, made.reading.window)


def test_covariates_are_leaves_by_name(make):
    rng = np.random.default_rng(8)
    t = np.arange(96)
    colour = np.where(rng.random(96) < 0.5, "red", "blue")
    data = pd.DataFrame(
        {
            "unique_id": "a",
            "ds": pd.date_range("2010-01-01", periods=96, freq="MS"),
            "price": rng.uniform(1, 2, 96),
            "colour": colour,
            "y": 50 + 5 * np.sin(t / 2) + rng.normal(0, 1, 96),
        }
    )
    made, _ = recipe(make(data=data, known=["price", "colour"]), end=92)
    assert made.is_faithful()
    assert made.leaves.known.shape[-1] == 3
    ones = type(made.leaves)(*(torch.ones(2, *leaf.shape[1:], dtype=torch.float64) for leaf in made.leaves))
    names, totals = made.by_covariate(ones)
    assert names == ("price", "colour")
    steps = made.leaves.known.shape[1] + made.leaves.ahead[0].numel() // 3
    np.testing.assert_allclose(totals, [[steps, 2 * steps]] * 2)


def test_across_gaps_the_recipe_says_that_it_is_not_faithful(make, gappy):
    made, _ = recipe(make(data=gappy))
    assert not made.is_faithful()
