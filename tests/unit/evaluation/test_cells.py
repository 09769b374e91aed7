from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.errors import SettingError
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.cells import CELLS, answer, matched, rivals
from tidegate.evaluation.evidence.evidence import evidence
from tidegate.evaluation.selection import verdict
from tidegate.scoring.folds import Folds
from tidegate.training.settings import Training

FOLDS = Folds(horizon=6, count=3)


def test_hidden_sizes_are_solved_for_equal_parameters(monthly):
    panel = monthly((96,))
    made = matched(CELLS, panel, FOLDS, seed=3)
    assert [one.name for one in made] == list(CELLS)
    assert [one.seed for one in made] == [3, 3, 3]
    assert made[0].hidden_size == 64
    assert made[1].hidden_size < made[2].hidden_size < 64
    counts = []
    for one in made:
        quick = one.set_params(training=Training(n_updates=1), n_members=1)
        counts.append(quick.fit(panel, horizon=6).n_parameters)
    assert max(counts) < 1.03 * min(counts)


def test_the_first_cell_sets_the_measure(monthly):
    made = matched(("lstm", "rnn"), monthly((96,)), FOLDS)
    assert made[0].hidden_size == 64
    assert made[1].hidden_size > 64


def test_no_other_size_is_nearer(monthly):
    panel = monthly((96,))
    made = matched(("rnn", "gru"), panel, FOLDS)
    drafts = [
        one.set_params(training=Training(n_updates=1), n_members=1).fit(panel.before(panel.lengths - 18, 6), horizon=6)
        for one in made
    ]
    target, size = drafts[0].n_parameters, made[1].hidden_size
    distance = [abs(drafts[1].parameters_with(one) - target) for one in (size - 1, size, size + 1)]
    assert distance[1] == min(distance)
    assert drafts[1].parameters_with(size) == drafts[1].n_parameters


def test_hidden_units_alike_change_nothing_else(monthly):
    made = matched(("gru", "lstm"), monthly((96,)), FOLDS, match="hidden")
    assert [one.hidden_size for one in made] == [64, 64]
    assert [one.training for one in made] == [None, None]


def test_time_alike_is_a_budget_of_what_the_first_needs(monthly):
    made = matched(("gru", "lstm"), monthly((60,)), FOLDS, match="time")
    budgets = [one.training.budget for one in made]
    assert budgets[0] == budgets[1] > 0


@pytest.mark.parametrize(
    ("cells", "match", "said"),
    [
        (("gur", "gru"), "hidden", "There is no cell 'gur' to compare; they are: rnn, lstm, gru"),
        (("gru",), "hidden", "cells are gru; name at least two, each once"),
        (("gru", "gru"), "hidden", "cells are gru, gru; name at least two"),
        (("gru", "rnn"), "speed", "match is 'speed'; it must be one of 'parameters', 'hidden', 'time'"),
    ],
)
def test_what_cannot_be_compared_is_refused(monthly, cells, match, said):
    with pytest.raises(SettingError, match=said):
        matched(cells, monthly((96,)), FOLDS, match=match)


@pytest.fixture(scope="module")
def compared():
    """Three cells of different sizes, quickly trained with two seeds."""
    quick = Training(n_updates=5)
    sizes = {"rnn": 20, "lstm": 12, "gru": 8}
    models = [tidegate.forecaster(name).set_params(hidden_size=h, training=quick) for name, h in sizes.items()]
    return backtest(tidegate.example("air-passengers"), models, folds=FOLDS, settings=Settings(levels=(), seeds=2))


def test_what_was_measured_of_each_cell_the_best_first(compared):
    proof = evidence(compared, verdict(compared))
    found = rivals(compared, proof, CELLS)
    assert [one.score for one in found] == sorted(one.score for one in found)
    table = compared.scores().set_index("model")
    for one in found:
        assert one.score == pytest.approx(table.loc[one.model, "MASE"])
        assert one.parameters == table.loc[one.model, "parameters"]
        assert one.deviation == pytest.approx(np.std(proof.seeds[one.model], ddof=1))
        runs = compared.results[one.model].runs
        assert one.fit_seconds == pytest.approx(np.mean([run.fit_seconds for run in runs]))
    assert {one.model: one.hidden_size for one in found} == {"rnn": 20, "lstm": 12, "gru": 8}


def test_the_answer_says_what_is_luck_and_what_is_not(compared):
    proof = evidence(compared, verdict(compared))
    measured = rivals(compared, proof, CELLS)
    found = [replace(one, fit_seconds=seconds) for one, seconds in zip(measured, (3.0, 1.0, 2.0), strict=True)]
    said = answer(found, proof)
    assert said[0] == str(proof.pair(found[0].model, found[1].model))
    assert any(sentence.startswith(f"{found[1].model} trains quickest: 1 s a fit") for sentence in said)
    assert any("has the fewest parameters" in sentence for sentence in said)
    assert "depends least on its seed" in said[-1]
    alike = [replace(one, parameters=100, deviation=float("nan"), fit_seconds=1.0) for one in found]
    assert not any(word in sentence for word in ("fewest", "seed", "quickest") for sentence in answer(alike, proof))


def test_a_cell_that_failed_is_left_out(compared):
    proof = evidence(compared, verdict(compared))
    assert {one.model for one in rivals(compared, proof, ("gru", "absent"))} == {"gru"}
    assert answer(rivals(compared, proof, ("gru",)), proof) == []
