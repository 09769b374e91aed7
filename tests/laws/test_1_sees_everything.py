"""Law 1: raising the newest observation by three training standard deviations changes every step of the forecast."""

from dataclasses import replace

import numpy as np

from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive
from tidegate.panel import Panel

HORIZON = 6
SHARE = {"random-forest": 0.9, "xgboost": 0.9}
"""Trees move in 90 % of the cells: a split need not lie between the old and the new value."""
EXEMPT = {"seasonal-naive"}
"""It repeats the value one season ago; and a pure moving average of order q knows nothing beyond step q."""


def share_moved(model, panel: Panel) -> float:
    """Share of forecast cells that the newest observation of their series moves, at fixed weights."""
    model.fit(panel, horizon=HORIZON)
    before = model.forecast(panel).mean
    raised = panel.values.copy()
    newest = panel.offsets[1:] - 1
    raised[newest] += 3 * np.array([panel.series(n).std() for n in range(len(panel))])
    after = model.forecast(Panel(panel.ids, panel.offsets, panel.times, raised, panel.frequency, panel.seasons)).mean
    return float(np.mean(before != after))


def test_newest_observation_moves_every_step(model_name, make_panel):
    if model_name in EXEMPT:
        return
    panel = make_panel(n_series=8 if model_name in SHARE else 2)
    model = registry.forecaster(model_name)
    moved = share_moved(model, panel)
    if model_name == "ma":
        orders = [order[2] for order in model.orders_]
        assert moved >= np.mean([min(order, HORIZON) / HORIZON for order in orders])
        return
    assert moved >= SHARE.get(model_name, 1.0)


def test_the_newest_value_that_is_there_moves_every_step(gap_reader, gappy_panel, brief):
    model = brief(gap_reader).fit(gappy_panel, horizon=HORIZON)
    before = model.forecast(gappy_panel).mean
    for n in range(len(gappy_panel)):
        raised = gappy_panel.values.copy()
        newest = gappy_panel.offsets[n] + np.flatnonzero(~np.isnan(gappy_panel.series(n)))[-1]
        raised[newest] += 3 * np.nanstd(gappy_panel.series(n))
        after = model.forecast(replace(gappy_panel, values=raised)).mean
        assert (before[n] != after[n]).all()


def test_whether_a_value_is_missing_moves_the_forecast(gap_reader, gappy_panel, brief):
    """A value that is where the straight line would put it is no gap: the time since the newest value counts."""
    model = brief(gap_reader).fit(gappy_panel, horizon=HORIZON)
    flat = gappy_panel.values.copy()
    end = gappy_panel.offsets[1]
    flat[end - 2 : end] = flat[end - 3]
    before, after = (model.forecast(replace(gappy_panel, values=v)).mean[0] for v in (gappy_panel.values, flat))
    assert (before != after).all()


def test_seasonal_naive_is_exempt_because_it_must_be(panel):
    assert share_moved(registry.forecaster("seasonal-naive"), panel) == 0


class StaleDecoder(Naive):
    """The planted offender: step k is decoded from the state that many steps before the origin."""

    def _predict(self, panel, levels):
        steps = np.arange(self.horizon_)
        ends = panel.offsets[1:, None]
        return panel.values[ends - self.horizon_ + steps], None


def test_a_stale_decoder_is_caught(panel):
    assert share_moved(StaleDecoder(), panel) < 0.5
