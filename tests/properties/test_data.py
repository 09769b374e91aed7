"""What must hold of the readers for any data."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tidegate.data.calendar import advance, infer
from tidegate.data.columns import Columns, Options
from tidegate.data.frames import frame_of, from_frame, id_column, stamps
from tidegate.data.gaps import filled, filled_values
from tidegate.data.reading import read
from tidegate.data.steps import weekdays
from tidegate.panel import Panel

FREQUENCIES = [
    "s",
    "5min",
    "30min",
    "h",
    "6h",
    "D",
    "B",
    "W-SUN",
    "W-WED",
    "MS",
    "ME",
    "QS-FEB",
    "QE-DEC",
    "YS-JAN",
    "YE-JUN",
]
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

finite = st.floats(-1e12, 1e12, allow_subnormal=False)
first_days = st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")).map(
    lambda day: pd.Timestamp(day.date())
)


@st.composite
def regular(draw):
    """Draw a frequency and a panel in long form on its grid, in the order of the panel."""
    frequency = draw(st.sampled_from(FREQUENCIES))
    names = draw(st.lists(st.text("abcxyz0123456789", min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
    parts = []
    for name in names:
        length = draw(st.integers(8, 30))
        days = pd.date_range(draw(first_days), periods=length, freq=frequency, unit="ns")
        parts.append(
            pd.DataFrame({"unique_id": name, "ds": days, "y": draw(arrays.arrays(float, length, elements=finite))})
        )
    return frequency, pd.concat(parts, ignore_index=True)


def back(panel):
    return frame_of(
        {
            "unique_id": id_column(np.repeat(panel.ids, panel.lengths)),
            "ds": stamps(panel.times, panel),
            panel.target: panel.values,
        },
        panel.source,
    )


def ordered(frame):
    """Return the frame as a panel would: whole-number names as numbers if all are, then sorted."""
    ids = frame["unique_id"]
    if all(name.isdecimal() and str(int(name)) == name for name in ids):
        frame = frame.assign(unique_id=ids.astype(np.int64))
    return frame.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)


@quick
@given(regular(), st.randoms(use_true_random=False), st.sampled_from(["pandas", "polars"]))
def test_a_frame_comes_back_whatever_its_order(drawn, random, kind):
    frequency, frame = drawn
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order]
    panel = from_frame(shuffled if kind == "pandas" else pl.from_pandas(shuffled), options=Options(frequency=frequency))
    made = back(panel)
    made = made if kind == "pandas" else made.to_pandas()
    pd.testing.assert_frame_equal(made, ordered(frame), check_dtype=False)


@quick
@given(regular())
def test_a_file_reads_as_the_frame(tmp_path, drawn):
    frequency, frame = drawn
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    panel = read(path, options=Options(frequency=frequency))
    pd.testing.assert_frame_equal(back(panel), ordered(frame), check_dtype=False)


@quick
@given(st.sampled_from(FREQUENCIES), first_days, st.integers(12, 60), st.data())
def test_the_step_is_found_in_grids_with_gaps(frequency, first, length, data):
    times = pd.date_range(first, periods=length, freq=frequency, unit="ns").asi8
    gaps = data.draw(st.lists(st.integers(1, length - 2), max_size=length // 5, unique=True))
    kept = np.delete(times, gaps)
    assume(frequency != "D" or (weekdays(kept) > 4).any())
    assert infer(kept) == infer(times)
    np.testing.assert_array_equal(advance(times[:1], np.arange(length), frequency), times)


@quick
@given(st.sampled_from(["h", "D", "W-SUN", "MS"]), first_days, st.integers(3, 200))
def test_advancing_goes_there_and_back_in_a_zone(frequency, first, steps):
    zone = "Europe/Berlin"
    start = pd.date_range(first, periods=1, freq=frequency, tz=zone).as_unit("ns").asi8
    there = advance(start, steps, frequency, timezone=zone)
    np.testing.assert_array_equal(advance(there, -steps, frequency, timezone=zone), start)


@st.composite
def gappy(draw):
    """Draw values with gaps and the offsets of a few series."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    element = st.one_of(finite, st.just(np.nan))
    values = draw(arrays.arrays(float, sum(lengths), elements=element))
    return values, np.concatenate([[0], np.cumsum(lengths)])


WAYS = ["interpolate", "zero", "forward", "keep"]


@quick
@given(gappy(), st.sampled_from(WAYS))
def test_filling_stays_within_what_is_there(drawn, how):
    values, offsets = drawn
    made = filled_values(values, offsets, how)
    there = ~np.isnan(values)
    np.testing.assert_array_equal(made[there], values[there])
    for start, stop in itertools.pairwise(offsets):
        seen = values[start:stop][there[start:stop]]
        low, high = (min(seen, default=0), max(seen, default=0))
        if how == "zero":
            low, high = min(low, 0), max(high, 0)
        slack = 1e-12 * max(abs(low), abs(high))
        assert ((made[start:stop] >= low - slack) & (made[start:stop] <= high + slack)).all()


@quick
@given(gappy(), st.sampled_from(WAYS), st.data())
def test_filling_before_an_origin_reads_nothing_after_it(drawn, how, data):
    values, offsets = drawn
    lengths = np.diff(offsets)
    ends = np.array([data.draw(st.integers(1, int(length))) for length in lengths])
    ids = np.array([f"s{n}" for n in range(len(lengths))], dtype=object)
    later = np.arange(len(values)) >= np.repeat(offsets[:-1] + ends, lengths)
    panels = [
        Panel(ids, offsets.copy(), np.arange(len(values)), one, "1", fill=how)
        for one in (values.copy(), np.where(later, 1e6, values))
    ]
    before, changed = (filled(panel.before(ends, 3)).values for panel in panels)
    np.testing.assert_array_equal(before, changed)
    assert not np.isnan(before).any()


@pytest.mark.parametrize("how", WAYS)
def test_the_check_above_catches_filling_before_the_cut(how):
    """A planted offender: filling the whole series first lets a value after the origin through."""
    values, later = np.array([1.0, np.nan, 3.0]), np.array([1.0, np.nan, 9.0])
    offsets = np.array([0, 3])
    early = [filled_values(one, offsets, how)[:2] for one in (values, later)]
    assert np.array_equal(*early) == (how not in ("interpolate", "keep"))


@quick
@given(regular(), st.integers(0, 10))
def test_the_future_continues_where_the_rows_end(drawn, seed):
    frequency, frame = drawn
    generator = np.random.default_rng(seed)
    frame = frame.assign(k=generator.normal(size=len(frame)))
    lengths = frame.groupby("unique_id")["y"].transform("size")
    frame.loc[frame.groupby("unique_id").cumcount() >= lengths - 3, "y"] = np.nan
    panel = from_frame(frame, Columns(known=("k",)), Options(frequency=frequency))
    np.testing.assert_array_equal(np.diff(panel.future.offsets), 3)
    whole = ordered(frame)
    np.testing.assert_array_equal(panel.known.values[:, 0], whole.loc[whole["y"].notna(), "k"])
    np.testing.assert_array_equal(panel.future.covariates.values[:, 0], whole.loc[whole["y"].isna(), "k"])
