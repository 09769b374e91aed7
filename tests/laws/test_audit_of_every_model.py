"""Laws 1 and 2 as the audit checks them: every newest value is seen at its lag, and nothing after an origin is."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.audit.blindness import blindness
from tidegate.evaluation.audit.leaks import leaks
from tidegate.evaluation.audit.material import prepared
from tidegate.evaluation.audit.models import Model
from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive

HORIZON, LAGS, ORIGINS = 4, 13, 4


@pytest.fixture
def small(make_panel):
    """One series, the lags of a season, a few origins."""
    made = prepared(make_panel(n_series=1), HORIZON)
    return replace(made, lags=LAGS, origins=made.origins[-ORIGINS:])


@pytest.fixture
def cheaply(brief):
    """Build a model whose fits are cheap: networks train briefly, what is made of models is made of cheap ones."""

    def build(name):
        settings = registry.entry(name).build().get_params(deep=False)
        if "training" in settings:
            return brief(name)
        made_of = [part for part in ("members", "candidates") if part in settings]
        return registry.entry(name).build(dict.fromkeys(made_of, ("ses", "theta")))

    return build


def seen(model, material):
    """What the audit finds of the steps and lags that a model, fitted once, is blind to."""
    subject = Model(model, HORIZON)
    subject.learn(material.panel)
    return blindness(subject, material).finding


def leaked(model, material):
    """What the audit finds of values after an origin, with every fit repeated."""
    subject = Model(model, HORIZON)
    return leaks(subject, material, subject.judged(material.panel, material.origins), noise=0.0)


def test_no_step_is_blind_to_newest_values(model_name, cheaply, small):
    found = seen(cheaply(model_name), small)
    assert found.outcome in ("passed", "warned"), found.statement


def test_no_bit_of_a_past_forecast_comes_from_later_values(model_name, cheaply, small):
    found = leaked(cheaply(model_name), small)
    assert found.finding.outcome == "passed", found.finding.statement
    assert np.array_equal(found.plain, found.changed)


class Stale(Naive):
    """A planted offender: its steps are decoded from values before the newest."""

    name = "stale"

    def _predict(self, panel, levels):
        return panel.values[panel.offsets[1:, None] - HORIZON + np.arange(HORIZON)], None


class Peeking(Naive):
    """A planted offender: what it adds was computed from all values, those after the origin among them."""

    name = "peeking"

    def _predict_at(self, panel, origins, levels):
        newest = panel.values[panel.offsets[origins.series] + origins.ends - 1]
        return np.repeat((newest + 1e-9 * panel.values.sum())[:, None], HORIZON, axis=1), None


def test_offenders_are_caught(small):
    blind = seen(Stale(), small)
    assert blind.outcome == "failed"
    assert "does not see the newest 3 values" in blind.statement
    caught = leaked(Peeking(), small)
    assert caught.finding.outcome == "failed"
    assert caught.source.kind == "own values"
