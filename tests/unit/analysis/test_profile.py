"""The whole study: right on series that are known to the last bit, calm on every degenerate one."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

from tidegate.analysis.profile import Profile, profile
from tidegate.display import Displayed
from tidegate.errors import SettingError

PARTS = ("decomposition", "trend", "stationarity", "autocorrelation", "residuals", "sampling")


@pytest.fixture
def rng():
    return np.random.default_rng(101)


def _said(found):
    return " ".join(found.sentences())


def test_a_growing_seasonal_series(make_panel, monthly):
    found = profile(make_panel(monthly, target="passengers"))
    assert (found.series, found.target, found.cadence, found.step) == ("one", "passengers", "monthly", "month")
    assert found.seasons == (12,)
    assert found.decomposition.kind == "multiplicative"
    assert found.trend.direction == "rising"
    assert found.stationarity.seasonal_d == 1
    assert found.residuals.values.mean() == pytest.approx(0, abs=0.01)
    assert all(getattr(found, name) is not None for name in PARTS)
    said = found.sentences()
    assert said[0].startswith(
        "120 values of passengers, monthly, from 2001-01-01 to 2010-12-01, none missing; they lie between 1"
    )
    assert said[1].startswith("Cycles of 12 months agree (mean correlation 0.9")
    assert "season of 12 months 0.9" in _said(found)


def test_every_sentence_is_one(make_panel, monthly, rng):
    panel = make_panel({"a": monthly, "b": rng.poisson(0.4, 90), "c": np.zeros(40)})
    for name in "abc":
        for sentence in profile(panel, name).sentences():
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith(".")
            assert "nan" not in sentence.split()


def test_arrays_belong_to_the_newest_values(make_panel, rng):
    values = np.tile(np.arange(24.0), 500) + rng.standard_normal(12_000)
    found = profile(make_panel(values, "h"))
    assert len(found.times) == len(found.observed) == len(found.trend.line) == 12_000
    chosen = found.decomposition.chosen
    assert len(chosen.trend) == 10_000
    np.testing.assert_allclose(chosen.trend + chosen.season_effect + chosen.residual, values[-10_000:], atol=1e-9)
    assert found.notes == (
        "To stay quick, the stationarity tests the newest 5,000, the decomposition and its remainder the newest "
        "10,000 and the correlograms the newest 10,000 of the 12,000 values were read.",
    )


def test_the_trend_is_judged_on_the_whole_series(make_panel, rng):
    """A level that moved long ago is seen although the decomposition reads only the newest values."""
    values = np.tile(np.arange(24.0), 600) + rng.standard_normal(14_400)
    values[:4_000] -= 300
    assert profile(make_panel(values, "h")).trend.start < -280


def test_to_dict_has_every_field_and_survives_json(make_panel, monthly):
    values = monthly.copy()
    values[50] = np.nan
    found = profile(make_panel(values, fill="interpolate"))
    made = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert list(made) == [*(field.name for field in fields(Profile)), "sentences"]
    assert made["times"][:2] == ["2001-01-01", "2001-02-01"]
    assert made["observed"][50] is None
    assert made["observed"][51] == values[51]
    assert made["figures"]["missing"] == 1
    assert made["decomposition"]["candidates"][0]["seasons"] == [12]
    assert made["sentences"] == found.sentences()


def test_to_dict_without_arrays_is_short(make_panel, monthly):
    made = profile(make_panel(monthly)).to_dict(arrays=False)
    assert "observed" not in made
    assert "times" not in made
    assert "trend" in made
    assert "line" not in made["trend"]
    assert len(json.dumps(made)) < 12_000


@pytest.mark.parametrize(
    ("frequency", "zone", "first"),
    [
        ("1", None, 1),
        ("h", None, "2001-01-01T00:00:00"),
        ("D", None, "2001-01-01"),
        ("h", "Europe/Berlin", "2001-01-01T01:00:00"),
        ("ms", None, "2001-01-01T00:00:00.000000000"),
    ],
)
def test_times_are_said_at_the_precision_of_a_step(make_panel, rng, frequency, zone, first):
    found = profile(make_panel(rng.standard_normal(20), frequency, timezone=zone))
    assert found.to_dict()["times"][0] == first


def test_one_of_many_series(make_panel, rng):
    panel = make_panel({f"shop{n}": 10 + rng.standard_normal(60) for n in range(4)})
    found = profile(panel)
    assert found.overview.n_series == 4
    assert found.choice.startswith(f"Series '{found.series}' is studied in depth: it lies nearest the middle")
    assert found.sentences()[1] == found.choice
    asked = profile(panel, "shop3")
    assert (asked.series, asked.choice) == ("shop3", "Series 'shop3' is studied in depth, as asked.")
    np.testing.assert_array_equal(asked.observed, panel.series(3))


def test_identifiers_that_are_numbers(make_panel, rng):
    panel = make_panel({7: rng.standard_normal(30), 8: rng.standard_normal(30)})
    assert profile(panel, 8).series == profile(panel, "8").series == "8"


def test_an_unknown_series_is_refused_with_its_neighbours(make_panel, rng):
    panel = make_panel({f"shop{n}": rng.standard_normal(20) for n in range(4)})
    with pytest.raises(SettingError, match=r"series 'shp2' is not in the data, which hold 4 series.*'shop2'"):
        profile(panel, "shp2")
    with pytest.raises(SettingError, match=r"such as 'shop0', 'shop1' and 'shop2'"):
        profile(panel, "x")


def test_constant_series_say_so(make_panel):
    zero, five = (profile(make_panel(np.full(40, level))) for level in (0.0, 5.0))
    assert "The series is constant at zero" in _said(zero)
    assert "The series is constant at 5" in _said(five)
    assert all(getattr(zero, name) is None for name in PARTS)
    assert "every sound model will continue it unchanged" in _said(five)


def test_intermittent_series_say_so(make_panel, rng):
    found = profile(make_panel(rng.poisson(0.3, 100)))
    assert found.figures.intermittent
    assert "Demand is intermittent" in _said(found)
    assert "croston" in _said(found)


def test_missing_series_say_so(make_panel):
    found = profile(make_panel(np.full(30, np.nan), fill="interpolate"))
    assert "All 30 values of y are missing: there is nothing to study." in _said(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_cycle_off_the_calendar_is_pointed_out(make_panel, rng):
    steps = np.arange(2_000)
    values = 50 + 40 * np.sin(2 * np.pi * steps / 131) + 8 * rng.standard_normal(2_000)
    found = profile(make_panel(values))
    assert found.seasons == (1,)
    assert found.seasonality.cycle == pytest.approx(131, abs=3)
    assert "do not agree" in _said(found)
    assert f"set the season to {found.seasonality.cycle}" in _said(found)


def test_integer_time_without_a_cycle(make_panel, rng):
    found = profile(make_panel(rng.standard_normal(100), "1"))
    assert found.seasonality.statement.startswith("No cycle of a fixed length was found. No season is used")


def test_seasons_that_are_set_are_used(make_panel, monthly):
    found = profile(make_panel(monthly, seasons=(6,)))
    assert found.seasons == (6,)
    assert found.decomposition.chosen.seasons == (6,)


def test_notes_of_the_panel_are_kept(make_panel, rng):
    found = profile(make_panel(rng.standard_normal(30), notes=("Rows were not in time order: sorted.",)))
    assert found.notes == ("Rows were not in time order: sorted.",)
    assert found.sentences()[-1] == "Rows were not in time order: sorted."


def _degenerate(length):
    steps = np.arange(length, dtype=np.float64)
    rng = np.random.default_rng(length)
    gaps = rng.standard_normal(length)
    gaps[rng.random(length) < 0.4] = np.nan
    return {
        "line": 2 * steps + 1,
        "curve": steps**2,
        "growth": np.exp(0.5 * np.minimum(steps, 100)),
        "swing": np.sin(2 * np.pi * steps / 12),
        "pattern": np.tile([1.0, 2, 3, 4], length)[:length],
        "alternating": (-1.0) ** steps,
        "spike": (steps == length // 2) * 1.0,
        "step": (steps >= length // 2) * 1.0,
        "negative": -np.exp(rng.standard_normal(length)),
        "coin": rng.integers(0, 2, length).astype(float),
        "gaps": gaps,
        "large": 1e120 * (1 + rng.random(length)),
        "small": 1e-120 * (1 + rng.random(length)),
        "offset": 1e15 + rng.integers(0, 3, length),
    }


@pytest.mark.parametrize("length", [1, 2, 3, 5, 7, 8, 11, 12, 13, 20, 25, 32, 60, 150])
def test_degenerate_series_are_studied_in_silence(make_panel, length):
    for frequency in ("MS", "1"):
        for values in _degenerate(length).values():
            found = profile(make_panel(values, frequency, fill="interpolate"))
            json.dumps(found.to_dict(), allow_nan=False)
            assert all(len(sentence) > 10 and "unknown" not in sentence for sentence in found.sentences())


def test_short_series_say_what_is_left_out(make_panel):
    assert "too short for the tests" in _said(profile(make_panel([1.0, 3, 2, 4])))


def test_a_profile_draws_itself():
    assert issubclass(Profile, Displayed)
