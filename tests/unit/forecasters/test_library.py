"""The bridge to the library: packing, quietness, where newer rows attach, refusals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from tidegate.errors import ModelError
from tidegate.forecasters.library import (
    Outlook,
    Request,
    SeriesForecaster,
    asked,
    gaussian,
    is_constant,
    packed,
    quiet,
    raised,
    seasonal,
    unpacked,
)
from tidegate.panel import Panel


@dataclass(frozen=True, eq=False)
class Seen:
    """A rule that answers with what it was shown: how many values, the first, whether they continue."""

    label: str
    factor: float
    lags: tuple[int, ...]
    weights: Floats  # noqa: F821 (read as text)
    count: int

    @property
    def n_parameters(self) -> int:
        return len(self.weights)

    def forecast(self, values, request: Request) -> Outlook:
        return Outlook(np.array([len(values), values[0], float(request.continued)]), None, None)


class Watcher(SeriesForecaster):
    name = "watcher"
    _rule: ClassVar[type[Any]] = Seen

    def _learn(self, values, seasons):
        if values[0] == 6.5:
            raise ValueError("unlucky start.")
        return Seen("a", 1.5, (1, 2), np.arange(3.0), len(values))

    def _newest(self, seasons):
        return 10


def panel(lengths, start=0, first=0.0):
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(start, start + length) for length in lengths]),
        values=np.concatenate([np.arange(first, first + length) for length in lengths]),
        frequency="1",
        seasons=(1,),
    )


def shown(model, data):
    """Length, first value and continuity that the rule of the first series saw, in raw units."""
    mean = model.forecast(data).mean[0] / model._factors[0]
    return int(mean[0]), float(mean[1] * model._factors[0]), bool(mean[2])


@pytest.fixture
def model():
    return Watcher().fit(panel([16]), horizon=3)


def test_a_cap_is_said_and_only_where_it_acts(model):
    assert model.notes_ == ("watcher reads the last 10 values of each series.",)
    assert model.rules_[0].count == 10
    assert Watcher().fit(panel([9]), horizon=3).notes_ == ()


def test_training_rows_start_where_the_rule_started(model):
    assert shown(model, None) == (10, 6.0, True)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, 20, (14, 6.0, True)),
        (3, 20, (17, 6.0, True)),
        (6, 4, (4, 6.0, True)),
        (9, 12, (15, 6.0, True)),
        (16, 2, (12, 6.0, True)),
        (17, 5, (5, 17.0, False)),
        (0, 5, (5, 0.0, False)),
    ],
    ids=["longer", "later start", "shorter", "overlap", "touching", "gap", "before"],
)
def test_newer_rows_attach_where_they_touch(model, start, length, expected):
    assert shown(model, panel([length], start, float(start))) == expected


def test_a_rule_that_cannot_be_learned_names_its_series():
    data = panel([10, 10])
    values = data.values.copy()
    values[10:] = [26, *[22, 30] * 4, 26]
    with pytest.raises(
        ModelError, match=r"series 's1': watcher could not be fitted \(unlucky start\). Leave the series"
    ):
        Watcher().fit(Panel(data.ids, data.offsets, data.times, values, "1", (1,)), horizon=1)


def test_a_forecast_that_is_not_finite_names_its_series(model, monkeypatch):
    monkeypatch.setattr(Seen, "forecast", lambda *_: Outlook(np.array([1.0, np.nan, 1.0]), None, None))
    with pytest.raises(ModelError, match="series 's0': watcher gave a forecast that is not a finite number"):
        model.forecast()


def test_a_forecast_that_fails_names_its_series(model, monkeypatch):
    monkeypatch.setattr(Seen, "forecast", lambda *_: 1 / 0)
    with pytest.raises(ModelError, match=r"series 's0': watcher could not forecast \(division by zero\)"):
        model.forecast()


def test_rules_survive_packing():
    rules = [Seen("x", 0.1, (), np.array([1.0, np.nan]), 3), Seen("", -2.0, (4, 5), np.empty(0), -1)]
    for before, after in zip(rules, unpacked(packed(rules, Seen), Seen), strict=True):
        assert (before.label, before.factor, before.lags, before.count) == (
            after.label,
            after.factor,
            after.lags,
            after.count,
        )
        np.testing.assert_array_equal(before.weights, after.weights)


def test_parameters_are_summed():
    assert Watcher().fit(panel([12, 12]), horizon=3).n_parameters == 6


def test_quiet_keeps_warnings_in():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            warnings.warn("convergence", RuntimeWarning, stacklevel=1)
            assert np.isinf(np.float64(1) / np.float64(0))


def test_asked_turns_any_exception_into_a_model_error():
    with pytest.raises(ModelError, match=r"^KeyError$"):
        asked(lambda: (_ for _ in ()).throw(KeyError()))
    assert asked(lambda: 3) == 3


@pytest.mark.parametrize(("values", "expected"), [([0.0, 0.0], True), ([0.1, 0.1 + 1e-17], True), ([1, 1.0001], False)])
def test_constancy(values, expected):
    assert is_constant(np.array(values)) is expected


def test_a_season_needs_two_cycles():
    assert [seasonal(np.zeros(length), 12) for length in (23, 24)] == [1, 12]


def test_gaussian_bounds_and_their_shift():
    made = raised(gaussian(np.zeros(2), np.array([1.0, 2.0]), (95,)), np.array([10.0, 20.0]))
    np.testing.assert_allclose(made.upper[:, 0], [11.959964, 23.919928])
    np.testing.assert_allclose(made.lower[:, 0], [8.040036, 16.080072])
    assert raised(Outlook(np.zeros(1), None, None), np.ones(1)).lower is None
