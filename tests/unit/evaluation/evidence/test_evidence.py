import json
from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.evidence import evidence
from tidegate.evaluation.selection import verdict
from tidegate.evaluation.significance import compare
from tidegate.scoring.folds import Folds

MODELS = ["naive", "historic-mean", "drift", "seasonal-naive"]


@pytest.fixture
def proved(monthly):
    """Evidence of real forecasts: K folds of N series."""

    def make(n_folds, n_series, *, models=MODELS, horizon=4, **folds):
        panel = monthly((120,) * n_series, noise=2.0, seasons=(12,))
        settings = Settings(levels=())
        found = backtest(panel, models, folds=Folds(horizon, n_folds, **folds), settings=settings)
        said = verdict(found)
        return found, said, evidence(found, said)

    return make


@pytest.mark.parametrize(("n_folds", "n_series"), [(5, 1), (12, 2), (2, 12)])
def test_scores_are_those_of_the_table(proved, n_folds, n_series):
    found, _, made = proved(n_folds, n_series)
    table = found.scores().set_index("model")
    for model, scores in made.intervals.items():
        for score, interval in scores.items():
            assert interval.value == pytest.approx(table.loc[model, score], rel=1e-12)
            assert interval.lower <= interval.value <= interval.upper


def test_series_are_the_unit_from_ten_on(proved):
    assert (proved(3, 9)[2].unit, proved(3, 9)[2].n) == ("fold", 3)
    assert (proved(3, 10)[2].unit, proved(3, 10)[2].n) == ("series", 10)


def test_every_pair_is_there_and_found_in_either_order(proved):
    made = proved(5, 1)[2]
    assert len(made.pairs) == 6
    assert made.pair("naive", "drift") is made.pair("drift", "naive")


def test_a_clear_winner_is_alone_in_the_set_and_first_in_rank(proved):
    _, said, made = proved(12, 1)
    assert said.winner == "seasonal-naive"
    assert made.best == ("seasonal-naive",)
    assert next(iter(made.ranks.mean)) == "seasonal-naive"
    assert made.pair("seasonal-naive", "historic-mean").clear
    assert any("seasonal-naive is the best of them" in sentence for sentence in made.sentences)


def test_steps_compare_with_the_baseline(judged):
    wobble = np.linspace(-0.1, 0.1, 8)[:, None]
    found = judged({"seasonal-naive": 1.0 + wobble, "ets": 0.6 - wobble})
    made = evidence(found, verdict(found))
    assert (made.steps.model, made.steps.other) == ("ets", "seasonal-naive")
    assert made.steps.p.shape == (12,)
    assert (made.steps.p < 0.05).all()
    assert made.steps.difference == pytest.approx(-0.4)
    assert "ets is clearly better at 12 of 12 steps ahead than seasonal-naive" in made.sentences[-1]


def test_too_few_folds_give_intervals_or_nothing_and_say_how_many_are_needed(proved):
    made = proved(2, 1)[2]
    assert made.confidence == {}
    assert made.ranks is None
    said = str(made)
    assert "at least 5 folds or 5 series are needed" in said
    assert "at least 3 folds without overlap are needed, or 10 series" in said
    assert "needs 10 folds without overlap or 10 series; there are 2 folds" in said
    assert "no test" not in str(proved(5, 1)[2])


def test_overlapping_folds_count_as_those_without_overlap(proved):
    _, _, made = proved(12, 1, stride=1)
    assert made.n == 3
    assert made.confidence == {}
    assert made.ranks is None
    assert all(pair.comparison.n == 3 for pair in made.pairs)
    assert proved(40, 1, stride=1)[2].confidence


def test_one_model_alone_has_its_interval(proved):
    made = proved(5, 1, models=["seasonal-naive"])[2]
    assert (made.pairs, made.confidence, made.ranks, made.steps) == ((), {}, None, None)
    assert len(made.sentences) == 1


def test_identical_models(judged):
    errors = np.random.default_rng(0).gamma(2.0, size=(12, 1))
    found = judged(dict.fromkeys(["naive", "seasonal-naive", "drift"], errors), folds=Folds(4, 12))
    made = evidence(found, verdict(found))
    assert all(pair.p_holm == 1.0 for pair in made.pairs)
    assert set(made.confidence.values()) == {1.0}
    assert made.ranks.p == 1.0
    assert "any of the 3 models may be the best" in str(made)
    assert "By ranks there is no evidence" in str(made)


def test_missing_values_are_in_no_test(proved, monthly):
    panel = monthly((120,), noise=2.0, seasons=(12,), fill="keep")
    values = panel.values.copy()
    values[100:104] = np.nan
    gappy = type(panel)(**{**{f: getattr(panel, f) for f in panel.__dataclass_fields__}, "values": values})
    found = backtest(gappy, MODELS, folds=Folds(4, 5), settings=Settings(levels=()))
    made = evidence(found, verdict(found))
    assert made.n == 4
    assert all(np.isfinite(scores["MASE"].value) for scores in made.intervals.values())


def test_the_same_bits_for_the_same_seed_and_plain_json(proved):
    found, said, made = proved(12, 1)
    again = evidence(found, said)
    assert json.dumps(made.to_dict()) == json.dumps(again.to_dict())
    assert json.dumps(made.to_dict()) != json.dumps(evidence(found, said, seed=1).to_dict())
    document = made.to_dict()
    assert document["best"] == list(made.best)
    assert document["pairs"][0]["sentence"] == str(made.pairs[0])
    assert document["intervals"]["naive"]["MASE"]["value"] == pytest.approx(made.intervals["naive"]["MASE"].value)


def test_intervals_are_in_the_document(monthly):
    found = backtest(monthly((120,)), MODELS, folds=Folds(4, 9), settings=Settings(levels=(80, 95)))
    made = evidence(found, verdict(found))
    document = json.loads(json.dumps(made.to_dict()))
    assert document["pit"]["sentence"] == str(made.pit)
    assert document["pit"]["shares"] == pytest.approx(made.pit.shares)
    assert document["alternatives"][0]["kinds"]["adaptive"]["share"] == made.alternatives[0].kinds["adaptive"].share
    assert len(document["intervals_held"][0]["by_series"]) == len(document["intervals_held"][0]["p_by_series"]) == 1


def test_tests_that_disagree_are_said(judged):
    rng = np.random.default_rng(0)
    ours = 1.0 - np.abs(rng.normal(0.3, 0.05, (1, 40)))
    ours[0, 0] = 30.0
    found = judged({"seasonal-naive": np.full((1, 40), 1.0), "ets": ours - 0.9}, costs={"ets": 0})
    made = evidence(found, verdict(found))
    pair = made.pair("ets", "seasonal-naive")
    if pair.comparison.significant != (pair.p_wilcoxon < 0.05):
        assert any("would decide the other way" in sentence for sentence in made.sentences)
    else:
        pytest.fail("the data no longer make the tests disagree")


def test_the_spread_over_seeds_is_said_and_enters_the_tests(monthly):
    models = ["naive", tidegate.RandomForest(n_trees=2, lags=6)]
    found = backtest(monthly((96,)), models, folds=Folds(4, 6), settings=Settings(levels=(), seeds=4))
    made = evidence(found, verdict(found))
    scores = made.seeds["random-forest"]
    assert list(made.seeds) == ["random-forest"]
    assert len(scores) == 4
    assert np.mean(scores) == pytest.approx(found.scores().set_index("model").loc["random-forest", "MASE"])
    assert made.intervals["random-forest"]["RMSE"].value == pytest.approx(
        found.scores().set_index("model").loc["random-forest", "RMSE"]
    )
    assert any("the mean over 4 seeds, which give from" in sentence for sentence in made.sentences)
    once = replace(found, results={name: replace(one, others=()) for name, one in found.results.items()})
    assert evidence(once, verdict(once)).seeds == {}
    pair = made.pair("naive", "random-forest").comparison
    errors = [found.scaled_errors(name) for name in ("naive", "random-forest")]
    assert pair.p > compare(*errors).p
