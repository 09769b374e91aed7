from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.forecasters.naive import MovingAverage, Naive
from tidegate.forecasters.narn import NARN
from tidegate.forecasters.recurrent import GRU
from tidegate.forecasters.rolling import Rolling
from tidegate.panel import Covariates, Intervals, Panel
from tidegate.training.settings import Training

LENGTHS = np.array([70, 55, 48, 90])
HORIZON, OLDEST = 4, 20
SEEN = [0, 1, 3]
STEPS = np.array([0, 1, 2, 7, 15])
QUICK = Training(n_updates=12)
DAY = 86_400 * 10**9


def panel_of(*, fill="error", missing=0.0, seed=0) -> Panel:
    """Four daily series of unequal length with a week and all kinds of covariates."""
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    n_rows = int(offsets[-1])
    step = np.arange(n_rows) - np.repeat(offsets[:-1], LENGTHS)
    values = 20 + 0.3 * rng.normal(size=n_rows).cumsum() + 4 * np.sin(2 * np.pi * step / 7)
    values[offsets[1] : offsets[2]] = np.exp(values[offsets[1] : offsets[2]] / 10)
    gone = rng.random(n_rows) < missing
    gone[offsets[:-1]] = False
    values[gone] = np.nan
    known = np.column_stack([rng.normal(size=n_rows), rng.integers(0, 3, n_rows)])
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(LENGTHS))], dtype=object),
        offsets=offsets,
        times=np.datetime64("2021-03-01", "ns").astype(np.int64) + step * DAY,
        values=values,
        frequency="D",
        seasons=(7,),
        known=Covariates(("price", "day"), known, {"day": ("free", "half", "full")}),
        past=Covariates(("visits",), rng.normal(size=(n_rows, 1))),
        static=Covariates(("kind",), np.array([[0.0], [1.0], [0.0], [1.0]]), {"kind": ("shop", "web")}),
        fill=fill,
    )


def ends_of(panel):
    return panel.lengths - OLDEST + STEPS[:, None]


def fitted(model, panel):
    """The model, fitted before the oldest origin on all series but the third."""
    return model.fit(panel.take(SEEN).before(ends_of(panel)[0, SEEN], HORIZON), horizon=HORIZON)


def one_by_one(model, panel, ends, levels=(), window=None):
    return [model.forecast(panel.before(row, HORIZON, window=window), levels=levels) for row in ends]


def bits(forecasts):
    return np.stack([np.concatenate([one.mean[..., None], *one.intervals[1:]], axis=-1) for one in forecasts])


class Counting(GRU):
    """Says how many origins each pass has."""

    def _predict_at(self, panel, origins, levels):
        self.passes.append(len(origins.ends))
        return super()._predict_at(panel, origins, levels)


class Averaging(Naive):
    """Works from the rows it is given and has no pass of its own."""

    def _predict(self, panel, levels):
        mean = np.array([panel.series(n)[-3:].mean() for n in range(len(panel))])
        return np.repeat(mean[:, None], self.horizon_, axis=1), None


class Peeking(GRU):
    """The planted offender: adds a trifle of what comes after an origin."""

    def _predict_at(self, panel, origins, levels):
        mean, intervals = super()._predict_at(panel, origins, levels)
        return mean + 1e-9 * panel.values.mean(), intervals


@pytest.mark.parametrize(
    ("fill", "missing"), [("error", 0.0), ("interpolate", 0.2), ("zero", 0.2), ("forward", 0.2), ("keep", 0.2)]
)
def test_all_origins_at_once_are_what_they_are_one_by_one(fill, missing):
    panel = panel_of(fill=fill, missing=missing)
    model = fitted(NARN(training=QUICK, n_members=1), panel)
    made = model.forecast_at(panel, ends_of(panel), levels=[80, 95])
    wanted = one_by_one(model, panel, ends_of(panel), levels=[80, 95])
    np.testing.assert_allclose(bits(made), bits(wanted), rtol=2e-6, atol=2e-6 * np.nanstd(panel.values))
    for one, other in zip(made, wanted, strict=True):
        assert np.array_equal(one.times, other.times)
        assert np.array_equal(one.origins, other.origins)
        assert (one.model, one.ids.tolist(), one.intervals.levels) == ("narn", panel.ids.tolist(), (80, 95))


def test_one_pass_makes_all_that_later_rows_cannot_change():
    panel = panel_of()
    model = Counting(training=QUICK, n_members=1, hidden_size=8)
    model.passes = []
    fitted(model, panel).forecast_at(panel, ends_of(panel))
    assert model.passes == [len(SEEN) * len(STEPS), *[1] * len(STEPS)]


def altered(panel, ends):
    """The panel with targets and past covariates changed after the first `ends` rows of each series."""
    step = np.arange(len(panel.times)) - np.repeat(panel.offsets[:-1], panel.lengths)
    late = step >= np.repeat(ends, panel.lengths)
    values = np.where(late, np.where(np.isnan(panel.values), 3.0, panel.values * -5 + 100), panel.values)
    past = np.where(late[:, None], 9.0 - panel.past.values, panel.past.values)
    return replace(panel, values=values, past=replace(panel.past, values=past))


def same_bits(model, panel, g=2):
    """Whether what comes after origin `g` changes no bit of the forecasts up to it."""
    fitted(model, panel)
    ends = ends_of(panel)
    made = [bits(model.forecast_at(data, ends, levels=[80])) for data in (panel, altered(panel, ends[g]))]
    assert not np.array_equal(made[0][g + 1 :], made[1][g + 1 :])
    return np.array_equal(made[0][: g + 1], made[1][: g + 1])


@pytest.mark.parametrize(("fill", "missing"), [("error", 0.0), ("interpolate", 0.3), ("keep", 0.3)])
def test_nothing_after_an_origin_changes_a_bit(fill, missing):
    assert same_bits(GRU(training=QUICK, n_members=1, hidden_size=8), panel_of(fill=fill, missing=missing))


def test_a_pass_that_peeks_is_caught():
    assert not same_bits(Peeking(training=QUICK, n_members=1, hidden_size=8), panel_of())


def test_a_model_without_a_pass_reads_the_series_cut_at_each_origin():
    panel = panel_of()
    model = Averaging().fit(panel.before(ends_of(panel)[0], HORIZON), horizon=HORIZON)
    made = model.forecast_at(panel, ends_of(panel), levels=[80])
    assert np.array_equal(bits(made), bits(one_by_one(model, panel, ends_of(panel), levels=[80])))
    assert model.ignored_ == ("price", "day", "visits", "kind")


def test_a_window_is_all_that_is_read():
    panel = panel_of()
    model = fitted(GRU(training=QUICK, n_members=1, hidden_size=8), panel)
    made = model.forecast_at(panel, ends_of(panel), levels=[80], window=15)
    assert np.array_equal(bits(made), bits(one_by_one(model, panel, ends_of(panel), levels=[80], window=15)))
    assert not np.allclose(bits(made), bits(model.forecast_at(panel, ends_of(panel), levels=[80])))


def test_intervals_from_past_errors_are_scaled_at_each_origin():
    panel = panel_of().take(SEEN)
    ends = panel.lengths - OLDEST + STEPS[:, None]
    model = NARN(training=QUICK._replace(held_out_fraction=0.0), n_members=1)
    model.fit(panel.before(ends[0], HORIZON), horizon=HORIZON)
    made = model.forecast_at(panel, ends, levels=[80])
    np.testing.assert_allclose(bits(made), bits(one_by_one(model, panel, ends, levels=[80])), rtol=1e-6)


def test_known_covariates_that_end_before_the_horizon_are_refused():
    panel = panel_of()
    model = fitted(GRU(training=QUICK, n_members=1, hidden_size=8), panel)
    with pytest.raises(DataError, match=r"known covariates \(price, day\) reach 3 steps beyond"):
        model.forecast_at(panel, np.stack([panel.lengths - 5, panel.lengths - 3]))


def test_no_origin_gives_no_forecast():
    panel = panel_of()
    model = fitted(GRU(training=QUICK, n_members=1, hidden_size=8), panel)
    assert model.forecast_at(panel, np.empty((0, 4), dtype=np.int64)) == ()


@pytest.mark.parametrize(
    ("fill", "whole"), [("interpolate", [[True, False], [False, False]]), ("zero", [[True, False]] * 2)]
)
def test_settled_are_known_series_without_a_gap_at_the_origin(fill, whole):
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0, 8.0])
    panel = Panel(
        ids=np.array(["a", "b"], dtype=object),
        offsets=np.array([0, 4, 8]),
        times=np.tile(np.arange(4), 2),
        values=values,
        frequency="1",
        fill=fill,
    )
    rolling = Rolling(panel, np.array([[2, 2], [3, 3]]), 1, ())
    ready = replace(panel, values=np.nan_to_num(values))
    found = rolling.settled(panel, ready, np.array(["a", "c"], dtype=object))
    assert found.tolist() == whole
    kept = rolling.settled(panel, panel, np.array(["a", "c"], dtype=object))
    assert kept.tolist() == [[True, False]] * 2
    assert not replace(rolling, window=2).settled(panel, ready, np.array(["a"], dtype=object)).any()


def test_series_with_a_missing_covariate_are_left_to_cutting():
    panel = panel_of()
    past = panel.past.values.copy()
    past[panel.offsets[1] + 3] = np.nan
    rolling = Rolling(panel, ends_of(panel), HORIZON, ())
    holed = replace(panel, past=replace(panel.past, values=past))
    assert rolling.settled(holed, panel, panel.ids).tolist() == [[True, False, True, True]] * len(STEPS)
    last = panel.before(panel.lengths - 4, HORIZON)
    future = last.future.covariates.values.copy()
    future[-1, 0] = np.nan
    holed = replace(last, future=replace(last.future, covariates=replace(last.known, values=future)))
    rolling = Rolling(last, ends_of(panel), HORIZON, ())
    assert rolling.settled(holed, last, panel.ids).tolist() == [[True, True, True, False]] * len(STEPS)


def test_forecasts_go_where_they_belong():
    panel = panel_of()
    rolling = Rolling(panel, ends_of(panel), HORIZON, (80,))
    rng = np.random.default_rng(4)
    at = rng.random(rolling.ends.shape) < 0.5
    origins = rolling.origins(at)
    mean = (1000.0 * origins.series + origins.ends)[:, None] + np.zeros(HORIZON)
    rolling.keep(at, mean, Intervals((80,), mean[..., None] - 1, mean[..., None] + 1))
    for g, series in rolling.remaining():
        assert rolling.cut(g, series).lengths.tolist() == rolling.ends[g, series].tolist()
        mean = (1000.0 * series + rolling.ends[g, series])[:, None] + np.zeros(HORIZON)
        rolling.keep((g, series), mean, Intervals((80,), mean[..., None] - 1, mean[..., None] + 1))
    made = rolling.forecasts("any")
    wanted = 1000.0 * np.arange(4) + rolling.ends
    assert np.array_equal(np.stack([one.mean[:, -1] for one in made]), wanted)
    assert np.array_equal(np.stack([one.intervals.upper[:, 0, 0] for one in made]), wanted + 1)
    assert list(rolling.remaining()) == []


def test_a_frame_will_do():
    import pandas as pd

    values = np.random.default_rng(5).normal(size=40)
    frame = pd.DataFrame({"ds": pd.date_range("2020", periods=40, freq="D"), "y": values})
    model = MovingAverage(window=2).fit(frame[:30], horizon=2)
    made = model.forecast_at(frame, [[30], [36]])
    assert [one.mean[0, 0] for one in made] == pytest.approx([values[28:30].mean(), values[34:36].mean()])
    assert model.predict_seconds_ > 0
