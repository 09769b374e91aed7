from dataclasses import replace

import numpy as np
import pytest

from tidegate.report.view import View, role


def test_roles_follow_the_verdict(view):
    verdict = replace(view.verdict, recommended="drift", winner="naive")
    seen = View(view.backtest, verdict)
    assert [seen.role(name) for name in ("drift", "naive", "seasonal-naive", "historic-mean")] == [
        "recommended", "winner", "baseline", "other",
    ]  # fmt: skip
    assert seen.leading == ["drift", "naive", "seasonal-naive"]
    assert seen.titled("drift") == "drift (recommended)"
    assert role(verdict, "naive") == "winner"


def test_a_lone_model_gets_the_next_best_beside_it(view):
    verdict = replace(view.verdict, recommended="seasonal-naive", winner="seasonal-naive")
    seen = View(view.backtest, verdict)
    assert len(seen.leading) == 2
    assert seen.role(seen.leading[1]) == "winner"
    assert seen.opponent == seen.leading[1]
    assert "the next best" in seen.titled(seen.leading[1])


def test_scores_are_those_of_the_backtest(view):
    frame = view.backtest.scores().set_index("model")
    assert view.score("naive", "MAE") == frame.loc["naive", "MAE"]
    assert np.isnan(view.score("absent", "MAE"))


def test_ratios_against_the_baseline(view):
    seen = View(view.backtest, replace(view.verdict, recommended="naive"))
    errors = [np.abs(view.backtest.actual - view.backtest.results[m].mean).mean() for m in ("naive", "seasonal-naive")]
    assert seen.ratios == pytest.approx([errors[0] / errors[1]])


def test_all_of_few_series_are_shown(view):
    assert view.shown == [(0, "")]


def test_of_many_series_a_typical_an_easy_and_a_hard_one_are_shown(view_of_many):
    errors = view_of_many.backtest.scaled_errors(view_of_many.verdict.recommended).mean(axis=0)
    (middle, why), (easy, _), (hard, _) = view_of_many.shown
    assert why == "a typical series"
    assert errors[easy] < errors[middle] < errors[hard]


def test_the_deciding_score_names_the_axis(view):
    assert view.measure_axis == "MASE (1 = naive error in training)"
    assert View(view.backtest, replace(view.verdict, score="MAE")).measure_axis == "MAE (in the data's unit)"
