import numpy as np
import pytest
import torch

from tidegate.features.windows import Origins
from tidegate.insight.contributions import COMPLETE, integrated
from tidegate.insight.readings import Recipe
from tidegate.nn.cells.catalogue import CELLS


def opened(model):
    found = model.opened()
    return found, Recipe(found.windows, Origins(np.array([0]), found.panel.lengths))


DECODERS = [{"decoder": decoder} for decoder in ("recurrent", "segment", "attention")]


@pytest.mark.parametrize("settings", [{"cell": cell} for cell in CELLS] + DECODERS)
def test_contributions_add_up(make, settings):
    found, recipe = opened(make(**settings))
    made = integrated(found.networks[0], recipe, (1, 3, 4), found.trust)
    assert made.gap <= COMPLETE
    sums = sum(leaf.reshape(3, -1).sum(1).numpy() for leaf in made.leaves)
    size = np.abs(made.forecast - made.baseline).max()
    np.testing.assert_allclose(sums, made.forecast - made.baseline, atol=COMPLETE * size)


def test_they_add_up_to_what_the_model_forecasts(gru):
    found, recipe = opened(gru)
    made = integrated(found.networks[0], recipe, (1, 2, 3, 4), found.trust)
    working = recipe.frame.outside(made.forecast[None])
    forecast = found.factors * (np.exp(working) if found.logs[0] else working)[0]
    np.testing.assert_allclose(forecast, gru.forecast().mean[0], rtol=1e-5)


def test_of_a_linear_forecast_they_are_its_weights_times_its_inputs(gru):
    """With no trust in the network the forecast is the seasonal naive one: a single value, whole."""
    found, recipe = opened(gru)
    made = integrated(found.networks[0], recipe, (1,), 0.0)
    season_back = recipe.leaves.values.shape[1] * [0.0]
    season_back[11] = float(recipe.leaves.values[0, 11])
    np.testing.assert_allclose(made.leaves.values[0], season_back, atol=1e-12)


def test_a_value_that_is_at_the_level_contributes_nothing(gru):
    found, recipe = opened(gru)
    recipe.leaves.values[0, 3] = 0.0
    assert integrated(found.networks[0], recipe, (1,), found.trust).leaves.values[0, 3] == 0.0


def test_the_network_stays_as_it_was(gru):
    found, recipe = opened(gru)
    before = [parameter.clone() for parameter in found.networks[0].parameters()]
    integrated(found.networks[0], recipe, (1,), found.trust)
    after = list(found.networks[0].parameters())
    assert all(torch.equal(a, b) and b.dtype == torch.float32 for a, b in zip(before, after, strict=True))
