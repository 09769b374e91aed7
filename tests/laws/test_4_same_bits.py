"""Law 4: same seed, same bits, for any number of threads."""

import numpy as np
import pytest
import torch

from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive


def forecast_bits(model, panel) -> np.ndarray:
    made = model.fit(panel, horizon=4).forecast(levels=[80])
    return np.concatenate([made.mean[..., None], made.intervals.lower, made.intervals.upper], axis=-1)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_two_runs_agree(model_name, panel, threads):
    threads(1)
    first = forecast_bits(registry.forecaster(model_name), panel)
    threads(2)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 (the law must hold whatever the global state)
    assert np.array_equal(first, forecast_bits(registry.forecaster(model_name), panel))


def test_stochastic_models_listen_to_their_seed(model_name, panel):
    if not registry.traits(model_name).stochastic:
        return
    models = [registry.entry(model_name).build({"seed": seed}).fit(panel, horizon=4) for seed in (0, 1)]
    if any(model.traits.stochastic for model in models):  # one that chooses may have chosen what draws nothing
        assert not np.array_equal(*(model.forecast().mean for model in models))


class GlobalRandom(Naive):
    """The planted offender: draws from global state."""

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return mean + np.random.normal(size=mean.shape), intervals  # noqa: NPY002


def test_global_random_state_is_caught(panel):
    assert not np.array_equal(forecast_bits(GlobalRandom(), panel), forecast_bits(GlobalRandom(), panel))
