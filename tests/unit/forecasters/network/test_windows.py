from dataclasses import replace

import numpy as np
import pytest
import torch

from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins
from tidegate.forecasters.network.reference import Reference
from tidegate.forecasters.network.windows import Windows
from tidegate.panel import Covariates, Future, Panel


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    lengths = np.array([60, 50])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Panel(
        ids=np.array(["a", "b"], dtype=object),
        offsets=offsets,
        times=np.concatenate([np.arange(60), np.arange(50)]),
        values=rng.normal(size=110).cumsum(),
        frequency="1",
        seasons=(4,),
        known=Covariates(("k",), rng.normal(size=(110, 1))),
        past=Covariates(("p",), rng.normal(size=(110, 1))),
        static=Covariates(("s",), np.array([[1.0], [5.0]])),
        future=Future(np.array([0, 3, 6]), Covariates(("k",), rng.normal(size=(6, 1)))),
    )


def windows_of(panel, units=(2.0, 0.5), steps=6):
    encoding = Encoding.learn(panel)
    return Windows(
        Reference.of(panel, 4), Inputs(panel, encoding, 3), np.array(units), seasons=panel.seasons, window_steps=steps
    )


def test_shapes(panel):
    batch = windows_of(panel).batch(Origins(np.array([0, 1, 1]), np.array([30, 20, 50])))
    assert batch.window.shape[:2] == (6, 3)
    assert batch.context.shape == (3, 2)
    assert batch.known.shape[:2] == (3, 3)
    assert {part.dtype for part in batch} == {torch.float32}


def test_newest_value_is_the_level_and_comes_last(panel):
    windows, origins = windows_of(panel), Origins(np.array([0]), np.array([30]))
    made = windows.batch(origins).window[:, 0, 0].double().numpy()
    adjusted = windows.reference.adjusted_at(origins, np.arange(-5, 1))[0]
    np.testing.assert_allclose(made, (adjusted - adjusted[-1]) / 2.0, rtol=1e-6)
    assert made[-1] == 0


def test_forecast_undoes_target(panel):
    windows, origins = windows_of(panel), Origins(np.array([0, 1]), np.array([30, 40]))
    made = windows.forecast(origins, windows.target(origins).double().numpy())
    actual = panel.values[np.array([[30, 31, 32], [60 + 40, 60 + 41, 60 + 42]])]
    np.testing.assert_allclose(made, actual, atol=1e-5)


def test_left_of_the_first_row_everything_is_zero(panel):
    window = windows_of(panel).batch(Origins(np.array([1]), np.array([2]))).window[:, 0]
    assert not window[:4].any()
    assert window[4:, -1].tolist() == [1, 1]


def test_no_batch_depends_on_what_follows_its_origins(panel):
    values, past, known = (array.copy() for array in (panel.values, panel.past.values, panel.known.values))
    values[35:60], past[35:60], known[38:60] = 1e3, -50, 99
    later = replace(
        panel, values=values, past=replace(panel.past, values=past), known=replace(panel.known, values=known)
    )
    origins, encoding = Origins(np.array([0, 0]), np.array([20, 35])), Encoding.learn(panel)
    batches = [
        Windows(Reference.of(p, 4), Inputs(p, encoding, 3), np.ones(2), seasons=(4,), window_steps=6).batch(origins)
        for p in (panel, later)
    ]
    assert all(torch.equal(a, b) for a, b in zip(*batches, strict=True))


def test_known_covariates_of_the_future_are_read(panel):
    future = replace(panel.future, covariates=replace(panel.future.covariates, values=np.full((6, 1), 9.0)))
    origins = Origins(np.array([0, 1]), np.array([60, 50]))
    before, after = (windows_of(p).batch(origins).known for p in (panel, replace(panel, future=future)))
    assert bool((before != after).any(dim=2).all())


def test_a_series_without_a_unit_is_all_zeros(panel):
    windows = windows_of(panel, units=(0.0, 1.0))
    origins = Origins(np.array([0]), np.array([30]))
    assert not windows.batch(origins).window[:, :, 0].any()
    assert not windows.target(origins).any()
    assert np.array_equal(windows.forecast(origins, np.ones((1, 3))), windows.forecast(origins, np.zeros((1, 3))))
