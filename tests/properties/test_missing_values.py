"""Networks that read gaps as gaps: whatever is missing, they forecast; what is missing tells them something."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.data.frames import from_frame
from tidegate.errors import DataError
from tidegate.forecasters.naive import Naive
from tidegate.forecasters.narn import NARN
from tidegate.forecasters.network.building import DECODERS
from tidegate.forecasters.network.windows import SHIFTS
from tidegate.forecasters.recurrent import GRU, RecurrentForecaster
from tidegate.nn.heads import HEADS
from tidegate.panel import Panel
from tidegate.training.settings import Training

NAN = np.nan
HORIZON = 6
QUICK = Training(n_updates=40)


def panel_of(rows, **changes) -> Panel:
    n_series, length = rows.shape
    made = Panel(
        ids=np.array([f"s{n}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1) * length,
        times=np.tile(np.arange(length), n_series),
        values=rows.ravel(),
        frequency="1",
        seasons=(12,),
        fill="keep",
    )
    return replace(made, **changes)


def seasonal(n_series=4, length=120, seed=0):
    """Positive counts with season 12, each series 50 above the one before."""
    rng = np.random.default_rng(seed)
    wave = 10 * np.sin(2 * np.pi * np.arange(length) / 12)
    return np.round(50 * np.arange(1, n_series + 1)[:, None] + wave + rng.normal(size=(n_series, length)))


def holed(rows, seed=1, share=0.2):
    rows = rows.copy()
    rows[np.random.default_rng(seed).random(rows.shape) < share] = NAN
    return rows


@pytest.fixture
def awkward():
    """A fifth is missing everywhere; then the newest values, the first ones, four seasons, and a whole series."""
    rows = holed(seasonal())
    rows[0, -5:] = NAN
    rows[1, :20] = NAN
    rows[2, 30:80] = NAN
    rows[3] = NAN
    return panel_of(rows)


def check(model, panel):
    made = model.fit(panel, horizon=HORIZON).forecast(levels=[80])
    actual = seasonal(3, 120 + HORIZON)[:, 120:]
    assert np.isfinite(made.mean).all()
    assert (made.intervals.upper >= made.intervals.lower).all()
    assert np.abs(made.mean[:3] - actual).mean() < 3.5
    assert np.abs(made.mean[3]).max() < 3


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_whatever_is_missing_every_decoder_forecasts(awkward, decoder, head):
    training = Training(n_updates=120) if head == "negative-binomial" else QUICK
    check(RecurrentForecaster(decoder=decoder, head=head, hidden_size=8, n_members=1, training=training), awkward)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("unit", ["window", "series"])
def test_whatever_is_missing_every_unit_and_shift_will_do(awkward, shift, unit):
    check(RecurrentForecaster(shift=shift, unit=unit, hidden_size=8, n_members=1, training=QUICK), awkward)


def test_lags_may_be_missing(awkward):
    check(NARN(hidden_size=8, n_members=1, training=QUICK), awkward)


def test_nothing_but_gaps_is_forecast_as_nothing():
    model = GRU(hidden_size=8, training=QUICK).fit(panel_of(np.full((2, 60), NAN)), horizon=HORIZON)
    assert np.abs(model.forecast().mean).max() < 0.1
    with pytest.raises(DataError, match="values are missing, so that intervals cannot be calibrated"):
        model.forecast(levels=[80])


def test_intervals_where_all_that_was_held_out_is_missing_come_from_refits():
    rows = seasonal(2)
    rows[:, -14:] = NAN
    made = GRU(hidden_size=8, training=QUICK).fit(panel_of(rows), horizon=HORIZON).forecast(levels=[80])
    assert np.isfinite(made.intervals.upper).all()
    assert (made.intervals.upper > made.intervals.lower).all()


def test_many_origins_at_once_are_those_one_by_one_where_gaps_are_kept(awkward):
    model = GRU(hidden_size=8, training=QUICK).fit(awkward.before(np.full(4, 100), HORIZON), horizon=HORIZON)
    ends = np.array([[100], [104], [114]]) + np.zeros(4, dtype=np.int64)
    for made, end in zip(model.forecast_at(awkward, ends), ends, strict=True):
        alone = model.forecast(awkward.before(end, HORIZON))
        np.testing.assert_allclose(made.mean, alone.mean, rtol=1e-5, atol=1e-5)


def test_a_newer_gap_is_read_by_a_network_that_knows_gaps():
    rows = holed(seasonal())
    model = GRU(hidden_size=8, training=QUICK).fit(panel_of(rows[:, :100]), horizon=HORIZON)
    whole = rows[:, :110].copy()
    whole[:, -3:] = seasonal()[:, 107:110]
    silent = whole.copy()
    silent[:, -3:] = NAN
    before, after = (model.forecast(panel_of(values)).mean for values in (whole, silent))
    assert np.isfinite(after).all()
    assert (before != after).all()
    lines = model.forecast(panel_of(silent, fill="interpolate")).mean
    assert (lines != after).any(axis=1).all()


def test_intervals_hold_their_level_where_values_are_missing():
    rows = seasonal(20, 160, seed=3)
    panel = panel_of(holed(rows, share=0.3))
    model = GRU(hidden_size=16, training=Training(n_updates=150)).fit(panel.before(np.full(20, 110), 6), horizon=6)
    inside = []
    for end in (116, 128, 140, 152):
        made = model.forecast(panel.before(np.full(20, end), 6), levels=[80]).intervals
        actual = rows[:, end : end + 6, None]
        inside.append((made.lower <= actual) & (actual <= made.upper))
    assert 0.72 < np.mean(inside) < 0.88


def oven(n_steps, rng):
    """Odd stamps and the heat of an oven that reports only while it heats, by 1 a step; silent, it cools by as much."""
    heating = np.cumsum(rng.random(n_steps) < 0.12) % 2 == 0
    heat = np.where(heating, 1.0, -1.0).cumsum() + rng.normal(0, 0.2, n_steps)
    at = np.flatnonzero(heating)
    seconds = (900 * at + rng.uniform(0, 900, len(at))).astype(int)
    return pd.DataFrame({"ds": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s"), "y": heat[at]})


def error_on_ovens(model, fill):
    """Mean absolute error over the values that are there, four steps ahead from every third origin after training."""
    rng = np.random.default_rng(0)
    ovens = pd.concat([oven(400, rng).assign(unique_id=f"oven {n}") for n in range(6)])
    options = Options(fill=fill, resample="mean", frequency="15min", season=1)
    panel = from_frame(ovens, Columns(), options)
    assert 0.4 < np.isnan(panel.values).mean() < 0.6
    model.fit(panel.before(np.full(6, 300), 4), horizon=4)
    ends = np.tile(np.arange(300, int(panel.lengths.min()) - 4, 3)[:, None], 6)
    made = np.stack([one.mean for one in model.forecast_at(panel, ends)])
    rows = (panel.offsets[:-1] + ends)[..., None] + np.arange(4)
    return np.nanmean(np.abs(panel.values[rows] - made))


def test_irregular_stamps_on_a_grid_with_gaps_say_more_than_lines():
    def network():
        return GRU(hidden_size=16, n_members=1, training=Training(n_updates=150))

    kept, lines = (error_on_ovens(network(), fill) for fill in ("keep", "interpolate"))
    assert kept < 0.8 * lines
    assert kept < 0.65 * error_on_ovens(Naive(), "keep")
