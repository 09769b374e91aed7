import json
from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import backtest
from tidegate.evaluation.selection import verdict
from tidegate.scoring.folds import Folds

WOBBLE = np.array([[0.05], [-0.05], [0.02], [-0.04], [0.02]])
COSTS = {"ses": 1, "ets": 2, "theta": 2, "gru": 5}


def level(value, wobble=1.0):
    return value + wobble * WOBBLE


def test_the_winner_has_the_lowest_mase(judged):
    made = verdict(judged({"naive": level(1.4), "seasonal-naive": level(1.0, 0), "ets": level(0.6)}, costs=COSTS))
    assert (made.winner, made.recommended, made.baseline, made.score) == ("ets", "ets", "seasonal-naive", "MASE")
    assert made.against_baseline.difference == pytest.approx(-0.4)
    assert made.against_baseline.significant


def test_a_cheaper_model_that_is_not_clearly_worse_is_recommended(judged):
    errors = {"seasonal-naive": level(1.0), "ses": level(0.62, 3), "ets": level(0.7), "gru": level(0.6, -1)}
    made = verdict(judged(errors, costs=COSTS))
    assert (made.winner, made.recommended) == ("gru", "ses")
    assert not made.against_winner.significant
    assert made.gain.difference == pytest.approx(-0.38)


def test_of_equally_cheap_models_the_better_one_is_recommended(judged):
    errors = {"seasonal-naive": level(1.0), "ets": level(0.63, 3), "theta": level(0.62, 3), "gru": level(0.6, -1)}
    assert verdict(judged(errors, costs=COSTS)).recommended == "theta"


def test_a_significant_difference_makes_a_model_clearly_worse(judged):
    errors = {"seasonal-naive": level(1.0), "ses": level(0.63, -1), "gru": level(0.6, -1)}
    assert verdict(judged(errors, costs=COSTS)).recommended == "gru"


def test_an_error_far_above_the_winners_is_clearly_worse_even_if_the_test_is_too_weak(judged):
    errors = {"seasonal-naive": level(1.0, 9), "ses": level(0.8, 9), "gru": level(0.6, -9)}
    made = verdict(judged(errors, costs=COSTS))
    assert made.recommended == "gru"
    assert not made.against_baseline.significant


def test_nothing_beats_the_baseline(judged):
    made = verdict(judged({"naive": level(1.5), "seasonal-naive": level(1.0, -1), "gru": level(1.1)}, costs=COSTS))
    assert made.winner == made.recommended == "seasonal-naive"
    assert made.statement.startswith("Use seasonal-naive: ")


def test_a_tie_goes_to_the_simpler_model(judged):
    assert verdict(judged({"naive": level(1.0), "seasonal-naive": level(1.0)})).winner == "naive"


def test_rungs_say_what_each_model_adds_to_the_best_simpler_one(judged):
    errors = {"naive": level(2.0), "seasonal-naive": level(1.0, 0), "ets": level(1.5), "gru": level(0.8)}
    rungs = verdict(judged(errors, costs=COSTS)).rungs
    assert [rung.model for rung in rungs] == list(errors)
    assert [rung.gain for rung in rungs[1:]] == pytest.approx([0.5, -0.5, 0.2])
    assert np.isnan(rungs[0].gain)
    assert rungs[3].p < 0.05
    assert rungs[3].cost == 5


def test_it_becomes_json_without_nan(judged):
    made = verdict(judged({"naive": level(2.0), "seasonal-naive": level(1.0)})).to_dict()
    text = json.dumps(made, allow_nan=False)
    assert json.loads(text) == made
    assert {"winner", "recommended", "baseline", "statement", "sentences", "rungs"} <= set(made)
    assert made["rungs"][0]["gain"] is None


def test_it_reads_as_text(judged):
    made = verdict(judged({"naive": level(2.0), "seasonal-naive": level(1.0)}))
    assert str(made).splitlines() == list(made.sentences)


def test_a_constant_series_is_decided_by_mae(monthly):
    panel = monthly((96,))
    made = verdict(backtest(replace(panel, values=np.full(96, 7.0)), ["naive"], folds=Folds(horizon=12, count=3)))
    assert made.score == "MAE"
    assert any("errors cannot be scaled: MAE decides" in sentence for sentence in made.sentences)
    assert made.rungs[0].score == 0
    assert json.dumps(made.to_dict(), allow_nan=False)


def test_folds_that_overlap_are_worth_less(judged):
    errors = {"seasonal-naive": level(1.0), "gru": level(0.6, -1)}
    made = verdict(judged(errors, folds=Folds(horizon=12, count=5, stride=6)))
    assert made.against_baseline.n == 3
