from dataclasses import replace

import pytest

from tidegate.evaluation.significance import Comparison
from tidegate.evaluation.trials import Finished
from tidegate.evaluation.worth import Account, Contest

TRIALS = [
    Finished(0, {"n": 1}, "complete", 0.8, 5, ""),
    Finished(1, {"n": 2}, "complete", 0.6, 5, ""),
    Finished(2, {"n": 3}, "pruned", 0.9, 1, ""),
    Finished(3, {"n": 4}, "failed", float("nan"), 0, "too large"),
]
CHOSEN = Contest(0.6, 0.8, Comparison(-0.2, 0.01, 5, "fold"), 5)
ACCOUNT = Account("gru", "MASE", TRIALS, 4, 1, CHOSEN, None, stopped=False)


def test_a_clear_gain():
    assert ACCOUNT.sentences() == (
        "Tuned settings (trial 1) have an error 25 % lower than the defaults on the 5 validation folds "
        "(MASE 0.6 against 0.8), a clear difference (p = 0.01, n = 5 folds).",
        "4 trials: 2 judged on every fold, 1 pruned, 1 failed.",
        "The validation folds chose these settings and flatter them: expect a little less on new data.",
    )


@pytest.mark.parametrize(
    ("gain", "finding"),
    [
        (Comparison(-0.2, 0.3, 40, "series"), "but that may be luck (p = 0.3, n = 40 series)"),
        (Comparison(-0.2, float("nan"), 1, "fold"), "with no test possible on 1 fold; 3 are the least"),
    ],
)
def test_a_gain_that_may_be_luck(gain, finding):
    assert finding in replace(ACCOUNT, chosen=replace(CHOSEN, gain=gain)).sentences()[0]


def test_held_out_horizons_have_the_last_word():
    later = Contest(0.9, 0.75, Comparison(0.15, 0.2, 12, "series"), 1)
    flattered, said = replace(ACCOUNT, held_out=later).sentences()[2:]
    assert flattered == "The validation folds chose these settings and flatter them."
    assert said == (
        "They have an error 20 % higher than the defaults on the newest horizon, which took no part in the choice "
        "(MASE 0.9 against 0.75), but that may be luck (p = 0.2, n = 12 series)."
    )
    assert "the newest 2 horizons" in replace(ACCOUNT, held_out=replace(later, n_folds=2)).sentences()[3]


def test_the_defaults_stay():
    same = Contest(0.8, 0.8, Comparison(0.0, 1.0, 5, "fold"), 5)
    assert replace(ACCOUNT, best=0, chosen=same).sentences()[0] == (
        "Tuning does not beat the defaults of gru on the 5 validation folds: no other settings have a lower error "
        "(MASE 0.8)."
    )
    alone = replace(ACCOUNT, best=0, chosen=replace(same, n_folds=1), trials=TRIALS[:1], stopped=True)
    assert alone.sentences() == (
        "Only the defaults of gru were judged (MASE 0.8): they stay.",
        "1 trial: 1 judged on every fold.",
        "The budget ended the search after 1 of 4 trials.",
    )


def test_a_budget_that_was_too_small():
    found = replace(ACCOUNT, best=0, chosen=None, trials=[], stopped=True).sentences()
    assert found == ("The budget ended before the defaults of gru were judged: they stay. Give more time.",)


def test_perfect_defaults():
    same = Contest(0.5, 0.0, Comparison(0.5, 0.5, 5, "fold"), 5)
    assert "no higher than the defaults" in replace(ACCOUNT, chosen=same).sentences()[0]
