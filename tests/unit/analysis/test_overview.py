"""A panel at a glance, and the series nearest its middle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tidegate.analysis.overview import is_constant, is_intermittent, overview
from tidegate.analysis.seasonality import resolved


@pytest.fixture
def rng():
    return np.random.default_rng(91)


def _season(length, rng):
    return 10 + 3 * np.sin(2 * np.pi * np.arange(length) / 12) + rng.standard_normal(length)


def test_shares_are_counted(make_panel, rng):
    series = {f"season{n}": _season(120, rng) for n in range(5)}
    series |= {f"trend{n}": 50 + np.arange(120) + rng.standard_normal(120) for n in range(2)}
    series |= {f"rare{n}": rng.poisson(0.3, 120) for n in range(2)}
    series |= {"still": np.full(60, 4.0)}
    series["season0"][3] = np.nan
    found, _ = overview(resolved(make_panel(series)))
    assert (found.n_series, found.shortest, found.longest, found.median_length) == (10, 60, 120, 120)
    assert (found.missing, found.sampled) == (1, 10)
    assert found.constant_fraction == pytest.approx(0.1)
    assert found.intermittent_fraction == pytest.approx(0.2)
    assert found.trend_fraction == pytest.approx(0.2, abs=0.11)
    assert found.season_fraction == pytest.approx(0.5, abs=0.11)
    zeros = sum(int(np.sum(values == 0)) for values in series.values())
    assert found.zeros_fraction == pytest.approx(zeros / (9 * 120 + 60 - 1))
    assert found.statement.startswith("10 series of 60 to 120 months; ")
    assert "Of these, 10 % are constant, 20 % are intermittent" in found.statement
    assert "show a season of 12 months" in found.statement


def test_two_hundred_series_are_looked_at(make_panel, rng):
    panel = make_panel({f"{n:03d}": rng.standard_normal(20) for n in range(250)})
    found, _ = overview(replace(panel, seasons=(1,)))
    assert (found.n_series, found.sampled) == (250, 200)
    assert "Of 200 of them, spread evenly and looked at more closely, " in found.statement


def test_the_representative_series_is_in_the_middle(make_panel, rng):
    series = {f"season{n}": _season(120, rng) for n in range(6)}
    series |= {"a-still": np.full(120, 1.0), "z-walk": np.cumsum(rng.standard_normal(120)), "short": _season(40, rng)}
    _, name = overview(resolved(make_panel(series)))
    assert name.startswith("season")


def test_a_constant_series_represents_only_constant_ones(make_panel, rng):
    still = {"a": np.zeros(30), "b": np.ones(30), "c": np.zeros(30)}
    assert overview(resolved(make_panel(still)))[1] == "a"
    assert overview(resolved(make_panel(still | {"d": _season(30, rng)})))[1] == "d"


def test_one_series(make_panel, rng):
    found, name = overview(resolved(make_panel(_season(48, rng))))
    assert (name, found.statement) == ("one", "One series of 48 months.")


def test_nothing_special(make_panel, rng):
    panel = replace(make_panel({"a": [1.0, 2, 1, 2], "b": [2.0, 1, 2, 1]}), seasons=(1,))
    assert overview(panel)[0].statement.endswith("none is constant, intermittent, trending or seasonal.")


@pytest.mark.parametrize(
    ("values", "constant", "intermittent"),
    [
        ([3.0, 3.0, 3.0], True, False),
        ([], True, False),
        ([0.0, 0.0], True, False),
        ([0.0, 2.0, 0.0, 1.0], False, True),
        ([1.0, 2.0, 0.0, 1.0, 3.0], False, False),
        ([0.0, -2.0, 0.0, 1.0], False, False),
        ([1e9, 1e9 + 1e-3], True, False),
    ],
)
def test_constant_and_intermittent(values, constant, intermittent):
    known = np.array(values)
    assert (is_constant(known), is_intermittent(known)) == (constant, intermittent)
