import sys
from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.errors import DataError, MissingExtraError, ModelError
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.validation import Validation
from tidegate.scoring.folds import Folds

FOLDS = Folds(horizon=6, count=3)


class Refusing(tidegate.Forecaster):
    """Cannot be fitted."""

    name = "refusing"

    def _fit(self, panel, horizon):
        raise ModelError("no model for these")

    _predict = _state = _restore = None


def test_errors_are_those_of_the_backtest(monthly):
    panel = monthly((96, 80, 70))
    made = Validation(panel, FOLDS)
    wanted = backtest(panel, ["ses"], folds=FOLDS, settings=Settings(levels=()))
    assert made.score == "MASE"
    assert (made.errors(tidegate.forecaster("ses")) == wanted.scaled_errors("ses")).all()


def test_series_without_a_scale_are_judged_in_their_unit(monthly):
    panel = monthly((60,), noise=0)
    constant = panel.scaled(np.array([0.0]))
    made = Validation(constant, FOLDS)
    assert made.score == "MAE"
    assert (made.errors(tidegate.forecaster("naive")) == 0).all()


def test_nothing_after_the_newest_origin_and_its_horizon_is_seen(monthly):
    panel = monthly((96,))
    spoiled = replace(panel, values=np.where(np.arange(96) < 90, panel.values, 1000.0))
    before, after = (Validation(one, FOLDS).errors(tidegate.forecaster("ses")) for one in (panel, spoiled))
    assert (before[:2] == after[:2]).all()
    assert before[2] < after[2]


def test_what_was_judged_is_not_judged_again(monthly, tmp_path, monkeypatch):
    model = tidegate.forecaster("ses")
    first = Validation(monthly((96,)), FOLDS, tmp_path)
    found = first.errors(model)
    monkeypatch.setattr("tidegate.evaluation.validation.judge", None)
    assert first.errors(model) is not None
    assert (Validation(monthly((96,)), FOLDS, tmp_path).errors(model) == found).all()


def test_what_a_study_is_about(monthly):
    made = Validation(monthly((96,)), FOLDS)
    texts = {
        made.about(tidegate.forecaster("ses")),
        made.about(tidegate.forecaster("naive")),
        made.about(tidegate.GRU(layers=2)),
        made.about(tidegate.GRU(layers=3)),
        Validation(monthly((96,)), Folds(horizon=7, count=3)).about(tidegate.forecaster("ses")),
        Validation(monthly((96,), seed=1), FOLDS).about(tidegate.forecaster("ses")),
    }
    assert len(texts) == 6


def test_too_short_a_panel_is_refused(monthly):
    with pytest.raises(DataError, match="3 folds of 6 steps need"):
        Validation(monthly((18,)), FOLDS)


def test_a_model_that_cannot_be_fitted_says_why(monthly):
    with pytest.raises(ModelError, match="no model for these"):
        Validation(monthly((96,)), FOLDS).judged(Refusing(), 0)


def test_a_missing_library_is_named(monthly, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(
        MissingExtraError, match=r"xgboost is not installed. Install it with: pip install 'tidegate\[boost"
    ):
        Validation(monthly((96,)), FOLDS).judged(tidegate.XGBoost(), 0)
