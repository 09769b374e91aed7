import numpy as np
import pytest

from tidegate.evaluation.selection import verdict

WOBBLE = np.array([[0.05], [-0.05], [0.02], [-0.04], [0.02]])
COSTS = {"ses": 1, "gru": 5}


def level(value, wobble=1.0):
    return value + wobble * WOBBLE


def said(backtest):
    return verdict(backtest).sentences


def test_a_clear_winner(judged):
    sentences = said(judged({"seasonal-naive": level(1.0), "gru": level(0.6, -1)}, costs=COSTS))
    assert sentences[:2] == (
        "Use gru: its error is 40 % lower than that of seasonal-naive (MASE 0.6 against 1), a clear difference "
        "(p < 0.001, n = 5 folds).",
        "It has the lowest error of 2 models; every cheaper model is clearly worse.",
    )
    assert "From simple to complex, starting at seasonal-naive, the error falls with gru (40 % less)." in sentences
    assert (
        "These scores are from the folds that chose the winner and flatter it: expect a little less on new data."
        in (sentences)
    )
    assert (
        "A model is clearly worse if its error is above the winner's by a difference unlikely to be luck (p < 0.05), "
        "or by more than 20 %." in sentences
    )


def test_the_row_of_auto_is_nested(judged):
    errors = {"seasonal-naive": level(1.0), "gru": level(0.6, -1)}
    nested = "auto chose anew before each origin: what it chose does not flatter its own score."
    assert nested not in said(judged(errors, costs=COSTS))
    assert nested in said(judged({**errors, "auto": level(0.7)}, costs={**COSTS, "auto": 5}))


def test_a_cheaper_model_that_is_as_good_as_can_be_told(judged):
    errors = {"seasonal-naive": level(1.0), "ses": level(0.62, 3), "gru": level(0.6, -1)}
    sentences = said(judged(errors, costs=COSTS))
    assert sentences[0].startswith("Use ses: its error is 38 % lower than that of seasonal-naive (MASE 0.62 against 1)")
    assert sentences[1] == (
        "gru has the lowest error (MASE 0.6), but ses is the cheapest model that is not clearly worse: its error is "
        "3.3 % higher, with no evidence of a difference (p = 0.81, n = 5 folds)."
    )


def test_nothing_beats_the_baseline(judged):
    sentences = said(judged({"naive": level(1.5), "seasonal-naive": level(1.0, 0), "gru": level(1.02, 3)}, costs=COSTS))
    assert sentences[:2] == (
        "Use seasonal-naive: of 3 models nothing beats it (MASE 1).",
        "The closest is gru (MASE 1.02), with no evidence of a difference (p = 0.75, n = 5 folds).",
    )


def test_a_lower_error_that_may_be_luck(judged):
    sentences = said(judged({"seasonal-naive": level(1.0), "gru": level(0.95, 3)}, costs=COSTS))
    assert sentences[0] == "Use seasonal-naive: of 2 models nothing clearly beats it (MASE 1)."
    assert sentences[1].startswith(
        "gru has the lowest error (MASE 0.95), but seasonal-naive is the cheapest model that is not clearly worse: its "
        "error is 5.3 % higher, with no evidence of a difference (p = "
    )


def test_an_error_far_lower_that_so_few_folds_cannot_prove(judged):
    sentences = said(judged({"seasonal-naive": level(1.0, 9), "gru": level(0.6, -9)}, costs=COSTS))
    assert sentences[0] == (
        "Use gru: its error is 40 % lower than that of seasonal-naive (MASE 0.6 against 1), but 5 folds cannot rule "
        "out luck: no evidence of a difference (p = 0.31, n = 5 folds)."
    )


@pytest.mark.parametrize(
    ("folds", "series", "sentence"),
    [
        (2, 1, "2 folds without overlap cannot carry a test; 3 are the least: use more folds."),
        (1, 1, "1 fold without overlap cannot carry a test; 3 are the least: use more folds."),
        (5, 2, "The tests pair the models on 5 folds. With so few, only a difference that is much the same in every "
               "fold can show."),
        (3, 12, "The tests pair the models on 12 series, taken as independent, from 3 origins."),
        (1, 12, "The tests pair the models on 12 series, taken as independent, from one origin."),
    ],
)  # fmt: skip
def test_what_the_test_rests_on(judged, folds, series, sentence):
    rng = np.random.default_rng(0)
    errors = {"seasonal-naive": rng.uniform(0.9, 1.1, (folds, series)), "gru": rng.uniform(0.8, 1.0, (folds, series))}
    sentences = said(judged(errors))
    assert sentence in sentences
    assert ("no test possible on" in " ".join(sentences[:2])) == (series < 10 and folds < 3)


def test_only_the_baseline(judged):
    sentences = said(judged({"seasonal-naive": level(1.0)}))
    assert sentences[0] == "Only seasonal-naive could be judged (MASE 1): there is nothing to compare it with."


def test_no_rung_adds_anything(judged):
    sentences = said(judged({"naive": level(0.5), "seasonal-naive": level(1.0), "gru": level(1.1)}))
    assert "From simple to complex, no model has a lower error than naive." in sentences


def test_what_is_missing_and_what_was_noted_is_repeated(judged):
    made = judged(
        {"seasonal-naive": level(1.0)},
        failures={"ets": "it diverged."},
        left_out={"gru": "not started."},
        notes=("2 of 60 values to judge by are 0.",),
    )
    sentences = said(made)
    assert {"ets failed: it diverged.", "gru was left out: not started.", "2 of 60 values to judge by are 0."} <= set(
        sentences
    )


def test_a_simpler_model_whose_error_equals_that_of_the_baseline(judged):
    sentences = said(judged({"naive": level(1.0), "seasonal-naive": level(1.0)}, costs={"naive": 0}))
    assert sentences[0] == "Use naive: it is simpler than seasonal-naive, and their errors are equal (MASE 1)."
