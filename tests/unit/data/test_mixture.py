import numpy as np
import pandas as pd
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.data.frames import from_frame
from tidegate.errors import DataError


def series(name, frequency, length, start="2015-01-01"):
    stamps = pd.date_range(start, periods=length, freq=frequency)
    return pd.DataFrame({"unique_id": name, "ds": stamps, "y": np.arange(float(length))})


def refusal(*parts):
    with pytest.raises(DataError) as refused:
        from_frame(pd.concat(parts))
    return str(refused.value)


def test_months_and_quarters_are_told_apart_whichever_are_more():
    months, quarters = [series(f"m{n}", "MS", 48) for n in range(5)], [series(f"q{n}", "QS", 30) for n in range(2)]
    said = refusal(*months, *quarters)
    assert said.startswith(
        "the series have 2 frequencies, and one panel has one: monthly (MS): 'm0', 'm1', 'm2' and 2 more; "
        "quarterly (QS-JAN): 'q0', 'q1'."
    )
    assert "Split the data by series, such as 'm0' and those like it, and read each part by itself" in said
    assert "--resample sum (or mean, last) and --frequency" in said
    more = refusal(months[0], *[series(f"q{n}", "QS", 200, "1960-01-01") for n in range(4)])
    assert "quarterly (QS-JAN): 'q0', 'q1', 'q2' and 1 more; monthly (MS): 'm0'" in more


def test_days_and_hours_and_weeks():
    said = refusal(series("d", "D", 60), series("h", "h", 500), series("w", "W-SUN", 20))
    assert said.startswith("the series have 3 frequencies")
    for part in ("hourly (h): 'h'", "daily (D): 'd'", "weekly (W-SUN): 'w'"):
        assert part in said


def test_integer_steps():
    rows = [pd.DataFrame({"unique_id": f"s{k}", "ds": k * np.arange(20), "y": 1.0}) for k in (1, 5)]
    assert "every 1 step: 's1'; every 5 steps: 's5'" in refusal(*rows)


def test_gaps_in_series_of_one_frequency_are_gaps():
    holed = series("a", "MS", 48).drop(index=[5, 6])
    assert "2 steps are missing" in refusal(holed, series("b", "MS", 48))


def test_a_few_rows_far_apart_are_gaps():
    few = series("few", "QS", 5)
    assert "8 steps are missing" in refusal(series("b", "MS", 48), few)


def test_a_mixture_can_be_read_as_gaps():
    data = pd.concat([series("m", "MS", 48), series("q", "QS", 16)])
    panel = from_frame(data, Columns(), Options("interpolate"))
    assert panel.frequency == "MS"
    assert panel.lengths.tolist() == [48, 46]
