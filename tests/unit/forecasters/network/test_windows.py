import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, training_origins
from tidegate.forecasters.network.windows import Frame, Layout, Windows
from tidegate.panel import Covariates, Future, Panel

HORIZON = 3
PLAIN = Layout(window_steps=6, seasons=(), lags=(), tail_steps=4)
SEASONAL = Layout(window_steps=6, seasons=(4,), lags=(), tail_steps=4)


def panel_of(*series, seasons=(1,), **columns):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=seasons,
        **columns,
    )


def windows_of(panel, layout, logs=None, units=None, horizon=HORIZON):
    n = len(panel)
    return Windows(
        Inputs(panel, Encoding.learn(panel), horizon),
        layout,
        logs=np.zeros(n, dtype=bool) if logs is None else np.array(logs),
        units=np.ones(n) if units is None else np.array(units),
        numbers=np.arange(1, n + 1),
    )


def at(*pairs):
    series, ends = zip(*pairs, strict=True)
    return Origins(np.array(series), np.array(ends))


def walk(length=60, seed=0):
    return np.random.default_rng(seed).normal(size=length).cumsum()


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    return panel_of(
        walk(60),
        walk(50, 1),
        seasons=(4,),
        known=Covariates(("k",), rng.normal(size=(110, 1))),
        past=Covariates(("p",), rng.normal(size=(110, 1))),
        static=Covariates(("s",), np.array([[1.0], [5.0]])),
        future=Future(np.array([0, 3, 6]), Covariates(("k",), rng.normal(size=(6, 1)))),
    )


def test_level_and_unit_without_a_season_by_hand():
    frame = windows_of(panel_of([5, 1, 2, 4, 7, 3, 6, 8]), PLAIN).batch(at((0, 7))).frame
    steps = [1, 2, 3, 4, 3]  # of 1, 2, 4, 7, 3, 6
    assert frame.level.tolist() == [[6.0]]
    assert frame.unit.tolist() == [[np.mean(steps)]]


def test_level_is_the_mean_of_the_last_season_and_unit_at_least_half_its_changes():
    values = [0, 10, 0, 10, 1, 30, 1, 30, 2]
    frame = windows_of(panel_of(values, seasons=(2,)), Layout(4, (2,), (), 4)).batch(at((0, 8))).frame
    assert frame.level.tolist() == [[15.5]]
    assert frame.unit.tolist() == [[29.0]]  # single steps 29, 29, 29; over the season (1 + 20 + 0 + 0) / 4
    slow = [0, 1, 10, 11, 20, 21, 30, 31]
    frame = windows_of(panel_of(slow, seasons=(2,)), Layout(4, (2,), (), 4)).batch(at((0, 8))).frame
    assert frame.unit[0, 0] == max(np.mean([1, 9, 1]), 0.5 * 10)


@pytest.mark.parametrize(("shift", "level"), [("level", 4.5), ("mean", 3.0), ("last", 6.0), ("none", 0.0)])
def test_what_is_subtracted(shift, level):
    panel = panel_of([9, 9, 2, 1, 3, 6], seasons=(2,))
    windows = windows_of(panel, Layout(4, (2,), (), 2, shift))
    batch = windows.batch(at((0, 6)))
    assert batch.frame.level.tolist() == [[level]]
    wanted = (np.array([2, 1, 3, 6]) - level) / batch.frame.unit[0, 0]
    np.testing.assert_allclose(batch.reading.window[:, 0, 0], wanted, rtol=1e-6)


def test_units_of_the_series_hold_at_all_its_origins():
    panel = panel_of(walk(), walk(50, 1))
    windows = windows_of(panel, PLAIN._replace(by_series=True), units=[2.0, 0.5])
    frame = windows.batch(at((0, 20), (0, 50), (1, 30))).frame
    assert frame.unit.tolist() == [[2.0], [2.0], [0.5]]


@pytest.mark.parametrize("by_series", [False, True])
def test_units_of_counts_are_at_least_1(by_series):
    values = np.concatenate([np.zeros(20), np.full(10, 50.0) + walk(10)])
    layout = PLAIN._replace(by_series=by_series, least_unit=1.0, shift="none")
    frame = windows_of(panel_of(values, values), layout, units=[0.1, 7.0]).batch(at((0, 20), (1, 25))).frame
    assert frame.unit[0, 0] == 1
    assert frame.unit[1, 0] > 1


def test_newest_value_comes_last_and_changes_beside_it():
    values = walk(30)
    batch = windows_of(panel_of(values), PLAIN).batch(at((0, 20)))
    z = (values[14:20] - batch.frame.level[0]) / batch.frame.unit[0]
    window = batch.reading.window[:, 0].double().numpy()
    np.testing.assert_allclose(window[:, 0], z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(window[1:, 1], np.diff(z), rtol=1e-5, atol=1e-6)
    assert window[0, 1] == 0
    assert window[:, 2].tolist() == [1] * 6


def test_changes_over_the_season_reach_before_the_window():
    values = walk(30)
    batch = windows_of(panel_of(values, seasons=(4,)), SEASONAL).batch(at((0, 20)))
    wanted = (values[14:20] - values[10:16]) / batch.frame.unit[0]
    np.testing.assert_allclose(batch.reading.window[:, 0, 1], wanted, rtol=1e-5, atol=1e-6)


def test_values_of_a_year_before_stand_beside_each_step_and_each_future_step():
    values = walk(60)
    layout = PLAIN._replace(lags=(30,))
    batch = windows_of(panel_of(values), layout).batch(at((0, 50)))
    inside = (values - batch.frame.level[0]) / batch.frame.unit[0]
    np.testing.assert_allclose(batch.reading.window[:, 0, 2], inside[14:20], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(batch.reading.known[0, :, 1], inside[20:23], rtol=1e-5, atol=1e-6)


def test_a_lag_shorter_than_the_horizon_is_read_as_often_as_it_takes():
    values = walk(60)
    batch = windows_of(panel_of(values), PLAIN._replace(lags=(2,)), horizon=5).batch(at((0, 50)))
    inside = (values - batch.frame.level[0]) / batch.frame.unit[0]
    np.testing.assert_allclose(batch.reading.known[0, :, 1], inside[[48, 49, 48, 49, 48]], rtol=1e-5, atol=1e-6)


def test_the_same_places_of_two_earlier_cycles_are_known_of_each_future_step():
    values = walk(60)
    batch = windows_of(panel_of(values, seasons=(4,)), SEASONAL, horizon=5).batch(at((0, 50)))
    inside = (values - batch.frame.level[0]) / batch.frame.unit[0]
    known = batch.reading.known[0].double().numpy()
    np.testing.assert_allclose(known[:, 1], inside[[46, 47, 48, 49, 46]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(known[:, 2], inside[[42, 43, 44, 45, 42]], rtol=1e-5, atol=1e-6)


def seasonal_naive(values, end, seasons):
    """The forecast by its definition: per step the newest value of its place in the longest cycle that was seen."""
    made = []
    for k in range(1, HORIZON + 1):
        places = [end - 1 + k - m * -(-k // m) - back * m for m in reversed(seasons) for back in (0, 1)]
        seen = [values[p] for p in places if p >= 0 and not np.isnan(values[p])]
        newest = values[:end][~np.isnan(values[:end])][-1:]
        made.append((seen or list(newest) or [0.0])[0])
    return made


@pytest.mark.parametrize("end", [1, 3, 8, 9, 10, 12, 30, 60])
@pytest.mark.parametrize("seasons", [(), (4,), (2, 9)])
def test_base_is_the_seasonal_naive_forecast_of_the_longest_season_that_is_there(seasons, end):
    values = walk(60)
    batch = windows_of(panel_of(values), SEASONAL._replace(seasons=seasons)).batch(at((0, end)))
    made = batch.frame.outside(batch.reading.base.double().numpy())[0]
    np.testing.assert_allclose(made, seasonal_naive(values, end, seasons), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", [PLAIN, SEASONAL, SEASONAL._replace(shift="mean")])
def test_base_is_what_the_window_is_shifted_by(layout):
    batch = windows_of(panel_of(walk(60)), layout._replace(base="shift")).batch(at((0, 30), (0, 60)))
    assert np.array_equal(
        batch.frame.outside(batch.reading.base.double().numpy()), np.repeat(batch.frame.level, HORIZON, 1)
    )


@pytest.mark.parametrize("end", [10, 14, 20])
def test_base_reads_around_missing_values(end):
    values = walk(20)
    values[[9, 13, 15, 16, 19]] = np.nan
    batch = windows_of(panel_of(values), SEASONAL).batch(at((0, end)))
    made = batch.frame.outside(batch.reading.base.double().numpy())[0]
    np.testing.assert_allclose(made, seasonal_naive(values, end, (4,)), rtol=1e-5, atol=1e-5)


def test_base_looks_further_back_where_values_are_missing():
    values = walk(40)
    values[[32, 36]] = np.nan
    found = []
    for gaps in (True, False):
        batch = windows_of(panel_of(values), SEASONAL._replace(gaps=gaps)).batch(at((0, 40)))
        found.append(batch.frame.outside(batch.reading.base.double().numpy())[0, 0])
    np.testing.assert_allclose(found, values[[28, 39]], rtol=1e-5)


def test_missing_values_are_masked_and_counted():
    values = np.array([1.0, 2, np.nan, np.nan, 5, 6, np.nan, 9])
    batch = windows_of(panel_of(values), PLAIN._replace(gaps=True)).batch(at((0, 7)))
    window = batch.reading.window[:, 0].double().numpy()
    assert batch.frame.level.tolist() == [[6.0]]
    assert batch.frame.unit.tolist() == [[2.0]]  # from 2 to 5 and from 5 to 6
    assert window[:, 0].tolist() == [-2, -2, -2, -0.5, 0, 0]  # the newest before stands in
    assert window[:, 1].tolist() == [0, 0, 0, 1.5, 0.5, 0]
    assert window[:, 2].tolist() == [1, 0, 0, 1, 1, 0]
    np.testing.assert_allclose(window[:, 3], np.log1p([0, 1, 2, 0, 0, 1]), rtol=1e-6)
    assert torch.isfinite(batch.reading.context).all()


def test_a_missing_value_is_stood_in_for_by_that_of_the_longest_cycle_before():
    values = walk(40)
    values[[35, 38, 39]] = np.nan
    values[[29, 30]] = np.nan  # nine before 38 and 39; four before 39 is missing too
    batch = windows_of(panel_of(values), SEASONAL._replace(seasons=(4, 9), gaps=True)).batch(at((0, 40)))
    inside = (values - batch.frame.level[0]) / batch.frame.unit[0]
    window, context = batch.reading.window[:, 0].double().numpy(), batch.reading.context[0].double().numpy()
    wanted = inside[[34, 26, 36, 37, 34, 34]]
    np.testing.assert_allclose(window[:, 0], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(context[:4], wanted[2:], rtol=1e-5, atol=1e-6)


def test_missing_values_of_earlier_cycles_are_as_the_base():
    values = walk(40)
    values[36] = np.nan
    reading = windows_of(panel_of(values), SEASONAL._replace(gaps=True)).batch(at((0, 40))).reading
    assert torch.equal(reading.known[0, :, 1], reading.base[0])
    assert reading.known[0, 0, 1] == reading.known[0, 0, 2]


def test_the_time_since_the_newest_value_reaches_before_the_window():
    values = np.concatenate([walk(10), np.full(9, np.nan), [3.0]])
    windows = windows_of(panel_of(values), PLAIN._replace(gaps=True))
    reading = windows.batch(at((0, 18), (0, 20))).reading
    np.testing.assert_allclose(reading.window[:, 0, 3], np.log1p([3, 4, 5, 6, 7, 8]), rtol=1e-6)
    np.testing.assert_allclose(reading.window[:, 1, 3], np.log1p([5, 6, 7, 8, 9, 0]), rtol=1e-6)


@pytest.mark.parametrize("gaps", [False, True])
def test_features_are_those_of_training_whatever_is_missing_later(gaps):
    values = walk(30)
    holed = values.copy()
    holed[25] = np.nan
    layout = PLAIN._replace(gaps=gaps)
    readings = [windows_of(panel_of(v), layout).batch(at((0, 30))).reading for v in (values, holed)]
    assert readings[0].window.shape == readings[1].window.shape
    assert readings[0].window.shape[-1] == (4 if gaps else 3)


def test_a_gap_over_the_whole_window_is_finite():
    values = np.concatenate([walk(20), np.full(12, np.nan), [1.0]])
    for layout in (PLAIN, SEASONAL, PLAIN._replace(by_series=True), SEASONAL._replace(gaps=True)):
        windows = windows_of(panel_of(values), layout)
        batch = windows.batch(at((0, 32)))
        assert torch.isfinite(windows.target(at((0, 30)), windows.batch(at((0, 30))).frame)).tolist() == [
            [False, False, True]
        ]
        assert all(torch.isfinite(part).all() for part in batch.reading)
        assert (batch.frame.unit > 0).all()


def test_the_level_of_an_empty_window_is_the_newest_value_before_it():
    values = np.concatenate([walk(20), np.full(12, np.nan)])
    frame = windows_of(panel_of(values), SEASONAL, units=[2.5]).batch(at((0, 32))).frame
    assert frame.level[0, 0] == values[19]
    assert frame.unit[0, 0] == 2.5


def test_a_future_that_no_value_precedes_is_not_learned_from():
    values = np.concatenate([np.full(5, np.nan), walk(10)])
    windows = windows_of(panel_of(values), PLAIN)
    target = windows.target(at((0, 5), (0, 6)), windows.batch(at((0, 5), (0, 6))).frame)
    assert target.isnan().all(dim=1).tolist() == [True, False]


def test_before_the_first_row_there_is_nothing(panel):
    reading = windows_of(panel, SEASONAL).batch(at((1, 2), (1, 40))).reading
    assert not reading.window[:4, 0].any()
    assert reading.window[4:, 0, 0].all()
    assert reading.window[4:, 0, 2].tolist() == [1, 1]
    assert reading.steps.tolist() == [2, 6]


def test_what_is_read_does_not_depend_on_what_follows(panel):
    values, past, known = (array.copy() for array in (panel.values, panel.past.values, panel.known.values))
    values[35:60], past[35:60], known[38:60] = 1e3, -50, 99
    later = replace(
        panel, values=values, past=replace(panel.past, values=past), known=replace(panel.known, values=known)
    )
    encoding = Encoding.learn(panel)
    readings = []
    for one in (panel, later):
        windows = windows_of(one, SEASONAL)
        windows.inputs = Inputs(one, encoding, HORIZON)
        batch = windows.batch(at((0, 20), (0, 35)))
        readings.append([*batch.reading, *map(torch.from_numpy, batch.frame)])
    assert all(torch.equal(a, b) for a, b in zip(*readings, strict=True))


@pytest.mark.parametrize("layout", [PLAIN, SEASONAL, PLAIN._replace(shift="none"), PLAIN._replace(shift="mean")])
def test_the_newest_value_moves_what_is_read(layout):
    values = walk(30)
    raised = values.copy()
    raised[19] += 3
    batches = [windows_of(panel_of(v), layout).batch(at((0, 20))) for v in (values, raised)]
    (before, after), bases = [b.reading for b in batches], [b.frame.outside(b.reading.base.numpy()) for b in batches]
    assert before.window[-1, 0, 1] != after.window[-1, 0, 1]
    assert (before.window[:, 0, 0] != after.window[:, 0, 0]).any()
    if not layout.seasons:
        np.testing.assert_allclose(bases[1] - bases[0], 3, atol=1e-5)
    assert (before.context != after.context).any()


@pytest.mark.parametrize("layout", [PLAIN, SEASONAL, SEASONAL._replace(shift="last")])
def test_times_four_is_read_bit_for_bit_alike(layout):
    values = walk(40) + 50
    plain, scaled = (windows_of(panel_of(v), layout).batch(at((0, 20), (0, 40))) for v in (values, 4 * values))
    kept = [name for name in plain.reading._fields if name != "unit"]
    assert all(torch.equal(getattr(plain.reading, name), getattr(scaled.reading, name)) for name in kept)
    assert np.array_equal(4 * plain.frame.level, scaled.frame.level)
    assert np.array_equal(4 * plain.frame.unit, scaled.frame.unit)


def test_a_factor_is_read_alike_after_logs():
    values = np.exp(walk(40) / 5)
    layout = SEASONAL
    plain, scaled = (
        windows_of(panel_of(np.log(v)), layout, logs=[True]).batch(at((0, 20), (0, 40))) for v in (values, 7 * values)
    )
    for a, b in zip(plain.reading, scaled.reading, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 7.3, -1e6])
@pytest.mark.parametrize("layout", [PLAIN, SEASONAL, PLAIN._replace(shift="none")])
def test_constant_series_are_read_as_finite_numbers(layout, value):
    windows = windows_of(panel_of(np.full(30, value)), layout)
    batch = windows.batch(at((0, 1), (0, 20)))
    assert all(torch.isfinite(part).all() for part in batch.reading)
    np.testing.assert_allclose(batch.frame.outside(batch.reading.base.double().numpy()), value, rtol=1e-6)
    assert torch.isfinite(windows.target(at((0, 20)), windows.batch(at((0, 20))).frame)).all()


def test_target_is_the_future_in_units_of_the_window(panel):
    windows, origins = windows_of(panel, SEASONAL), at((0, 30), (1, 40))
    frame = windows.batch(origins).frame
    made = frame.outside(windows.target(origins, frame).double().numpy())
    np.testing.assert_allclose(made, panel.values[[[30, 31, 32], [100, 101, 102]]], rtol=1e-5, atol=1e-5)


def test_missing_values_of_the_future_stay_missing():
    values = walk(30)
    values[21] = np.nan
    windows = windows_of(panel_of(values), PLAIN)
    target = windows.target(at((0, 20)), windows.batch(at((0, 20))).frame)
    assert target.isnan().tolist() == [[False, True, False]]


def test_inside_and_outside_undo_each_other():
    rng = np.random.default_rng(0)
    frame = Frame(rng.normal(size=(5, 1)), rng.uniform(0.1, 3, size=(5, 1)))
    values = rng.normal(size=(5, 4))
    np.testing.assert_allclose(frame.inside(frame.outside(values)), values)
    np.testing.assert_allclose(frame.inside(frame.level + frame.unit), 1)


def test_known_covariates_are_those_of_their_own_step(panel):
    windows = windows_of(panel, SEASONAL)
    reading = windows.batch(at((0, 30), (1, 50))).reading
    encoded = windows.inputs.encoding.known.encode(panel.known.values, panel.known)[:, 0]
    ahead = windows.inputs.encoding.known.encode(panel.future.covariates.values, panel.known)[:, 0]
    width = reading.known.shape[-1]
    np.testing.assert_allclose(reading.known[0, :, width - 2], encoded[30:33], rtol=1e-6)
    np.testing.assert_allclose(reading.known[1, :, width - 2], ahead[3:6], rtol=1e-6)
    np.testing.assert_allclose(reading.known[0, :, width - 1], encoded[26:29], rtol=1e-6)
    known_before = reading.window[:, 0].double().numpy()
    assert any(np.allclose(column, encoded[24:30]) for column in known_before.T)


def test_past_covariates_end_at_the_origin(panel):
    reading = windows_of(panel, SEASONAL).batch(at((0, 30))).reading
    encoding = Encoding.learn(panel)
    encoded = encoding.past.encode(panel.past.values, panel.past)[:, 0]
    columns = reading.window[:, 0].double().numpy().T
    assert any(np.allclose(column, encoded[24:30], atol=1e-6) for column in columns)


def test_static_attributes_and_the_tail_are_in_the_context(panel):
    windows = windows_of(panel, SEASONAL)
    batch = windows.batch(at((0, 30), (1, 30)))
    static = Encoding.learn(panel).static.encode(panel.static.values, panel.static)[:, 0]
    np.testing.assert_allclose(batch.reading.context[:, -1], static, rtol=1e-6)
    tail = batch.frame.inside(np.stack([panel.series(0)[26:30], panel.series(1)[26:30]]))
    np.testing.assert_allclose(batch.reading.context[:, :4], tail, rtol=1e-5, atol=1e-6)


def test_context_says_how_large_a_step_is_and_whether_logs_were_taken():
    values = walk(30) + 50
    windows = windows_of(panel_of(values, values), PLAIN, logs=[False, True])
    batch = windows.batch(at((0, 20), (1, 20)))
    unit, level = batch.frame.unit[0, 0], batch.frame.level[0, 0]
    relative, length, logs = batch.reading.context[:, 4:7].double().numpy().T
    np.testing.assert_allclose(relative, [np.log(unit / (level + unit)), np.log(unit)], rtol=1e-5)
    np.testing.assert_allclose(length, np.log1p(20 / 6), rtol=1e-6)
    assert logs.tolist() == [0, 1]


def test_far_values_are_cut_where_they_would_drown_the_rest():
    values = np.ones(40)
    values[38] = 1e9
    layout = Layout(window_steps=30, seasons=(4,), lags=(), tail_steps=4)
    reading = windows_of(panel_of(values), layout).batch(at((0, 40))).reading
    assert reading.context[:, :4].abs().max() <= 20
    assert reading.known.abs().max() <= 20


def test_series_go_by_their_number():
    windows = windows_of(panel_of(walk(), walk(50, 1)), PLAIN)
    assert windows.batch(at((1, 20), (0, 20))).reading.series.tolist() == [2, 1]


def test_batches_hold_32_bit_numbers_and_origins_side_by_side(panel):
    reading = windows_of(panel, SEASONAL).batch(at((0, 30), (1, 20), (1, 50))).reading
    floats = (reading.window, reading.context, reading.known, reading.base, reading.unit)
    assert {part.dtype for part in floats} == {torch.float32}
    assert reading.window.shape[:2] == (6, 3)
    assert reading.known.shape[:2] == (3, HORIZON)
    assert reading.base.shape == (3, HORIZON)


def calls_of(work):
    """Return how many functions, of Python and of C, are called while `work` runs."""
    found = 0

    def heard(frame, event, argument):
        nonlocal found
        found += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(heard)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("gaps", [False, True])
def test_a_batch_costs_as_many_calls_for_ten_thousand_series_as_for_ten(gaps):
    counts = []
    for n_series in (10, 10_000):
        length = 24
        values = np.random.default_rng(0).normal(size=(n_series, length))
        if gaps:
            values[:, 5] = np.nan
        panel = Panel(
            ids=np.arange(n_series).astype(object),
            offsets=np.arange(n_series + 1) * length,
            times=np.tile(np.arange(length), n_series),
            values=values.ravel(),
            frequency="1",
            seasons=(4,),
            known=Covariates(("k",), np.ones((n_series * length, 1))),
            past=Covariates(("p",), np.ones((n_series * length, 1))),
            static=Covariates(("s",), np.arange(n_series)[:, None].astype(float)),
        )
        windows = windows_of(panel, SEASONAL._replace(gaps=gaps, lags=(7,)))
        index = training_origins(panel.lengths, past_steps=6, future_steps=HORIZON)
        origins = index.take(np.arange(64) % n_series * (len(index) // n_series))

        def assembled(windows=windows, index=index, n_series=n_series):
            every = index.take(np.arange(n_series) * (len(index) // n_series))
            windows.target(every, windows.batch(every).frame)

        def drawn(windows=windows, origins=origins):
            windows.target(origins, windows.batch(origins).frame)

        counts.append((calls_of(assembled), calls_of(drawn)))
    few, many = counts
    assert many[0] <= 1.1 * few[0]
    assert many[1] <= 1.1 * few[1]
    assert few[0] > 50


def test_the_count_of_calls_sees_a_loop_over_series():
    assert calls_of(lambda: [abs(n) for n in range(10_000)]) > 10_000
