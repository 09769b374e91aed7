"""Law 3: every comparison includes seasonal naive and says in words whether the difference is significant."""

import pytest

from tidegate.evaluation.backtest import backtest
from tidegate.evaluation.selection import verdict
from tidegate.scoring.folds import Folds


def hides_the_baseline(compared, judged) -> bool:
    """Whether a comparison lacks seasonal naive or a sentence that weighs the evidence against it."""
    if "seasonal-naive" not in compared.results or judged.baseline != "seasonal-naive":
        return True
    said = " ".join([judged.statement, *judged.sentences])
    weighed = any(words in said for words in ("p =", "p <", "no evidence", "nothing beats"))
    return not ("seasonal naive" in said.replace("-", " ") and weighed)


def test_every_comparison_names_the_baseline(model_name, panel):
    compared = backtest(panel, [model_name], folds=Folds(horizon=3, count=2, stride=3))
    judged = verdict(compared)
    if model_name == "seasonal-naive":
        assert judged.winner == "seasonal-naive"
        assert "Only seasonal-naive" in judged.statement
        return
    assert not hides_the_baseline(compared, judged)


def test_a_comparison_without_it_is_caught(panel):
    compared = backtest(panel, ["naive"], folds=Folds(horizon=3, count=2, stride=3))
    judged = verdict(compared)
    del compared.results["seasonal-naive"]
    assert hides_the_baseline(compared, judged)


@pytest.mark.parametrize("models", [["seasonal-naive"], ["naive", "seasonal-naive", "drift"]])
def test_it_is_never_doubled(models, panel):
    compared = backtest(panel, models, folds=Folds(horizon=3, count=2, stride=3))
    assert list(compared.results).count("seasonal-naive") == 1
