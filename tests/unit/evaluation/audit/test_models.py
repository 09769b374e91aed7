from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.errors import ModelError
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.forecasters.naive import Naive


def test_histories_are_forecast_by_one_fit(material):
    made = material(2)
    subject = Model(tidegate.forecaster("drift"), 6)
    subject.learn(made.panel)
    other = replace(made.panel, values=made.panel.values * 2)
    found = subject.forecasts([made.panel, other])
    assert found.shape == (2, 2, 6)
    assert np.allclose(found[1], 2 * found[0])


def test_past_origins_are_those_of_a_backtest(material):
    made = material(1)
    judged = Model(tidegate.forecaster("naive"), 6).judged(made.panel, made.origins)
    newest = made.panel.values[made.origins[:, 0] - 1]
    assert judged.mean[:, 0, 3].tolist() == newest.tolist()


def test_a_fitted_model_is_never_fitted_again(material):
    made = material(1)
    model = tidegate.forecaster("historic-mean").fit(made.panel, horizon=6)
    subject = Fitted(model)
    judged = subject.judged(made.panel, made.origins)
    assert judged.mean.shape == (40, 1, 6)
    assert "not what it learned from" in subject.notes[0]
    before, after = subject.saved(made.panel)
    assert (before == after).all()


class Failing(Naive):
    name = "failing"

    def _fit(self, panel, horizon):
        raise ModelError("there is no solution")


def test_a_model_that_cannot_be_fitted_says_why(material):
    made = material(1)
    with pytest.raises(ModelError, match="failing cannot be audited: there is no solution"):
        Model(Failing(), 6).judged(made.panel, made.origins)
