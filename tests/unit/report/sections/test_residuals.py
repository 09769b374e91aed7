from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.forecasters.registry import forecaster
from tidegate.report.sections import residuals
from tidegate.report.view import View


def test_residuals_are_errors_one_step_ahead(view, one):
    naive = forecaster("naive").fit(one.backtest.panel, horizon=6)
    times, errors = residuals.one_step(view, naive, 0)
    values = one.backtest.panel.values
    assert errors == pytest.approx(np.diff(values)[-len(errors) :])
    assert times.tolist() == one.backtest.panel.times[-len(errors) :].tolist()


def test_a_short_series_is_not_checked(view, one):
    few = replace(view.backtest, panel=view.panel.before(np.array([20]), 1))
    assert residuals.one_step(View(few, view.verdict), one.model, 0) is None
    made = residuals.section(View(few, view.verdict), one.model)
    assert "too short" in made["blocks"][-1]["sentences"][0]


def test_a_model_that_cannot_read_so_little_is_not_checked(view):
    class Refusing:
        def forecast(self, *_):
            raise DataError("too short")

    assert residuals.one_step(view, Refusing(), 0) is None


def test_charts_words_and_figures(view, one, specification):
    made = residuals.section(view, one.model)
    figures = [figure for block in made["blocks"] for figure in block.get("figures", [])]
    assert [figure["title"] for figure in figures] == ["Over time", "Distribution", "Autocorrelation of the residuals"]
    assert sum(figures[1]["data"]["count"]) == len(figures[0]["data"]["lines"][0]["x"])
    for figure in figures:
        specification(figure)
    said = " ".join(text for block in made["blocks"] if block["kind"] == "text" for text in block["sentences"])
    assert "Ljung-Box" in said


@pytest.mark.parametrize(("mean", "said"), [(0.0, "close to 0"), (5.0, "5 too low"), (-5.0, "5 too high")])
def test_a_lean_is_said(mean, said):
    errors = np.tile([1.0, -1.0], 40) + mean
    assert said in residuals._bias(errors)


def test_constant_residuals_have_no_tests():
    assert residuals._figures_of(None) is None
