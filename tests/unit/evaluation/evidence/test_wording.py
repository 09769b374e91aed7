"""What is said of a backtest; the rest of the sentences are tested with the evidence they come from."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.evidence import evidence
from tidegate.evaluation.evidence.wording import of_intervals
from tidegate.evaluation.selection import verdict
from tidegate.scoring.folds import Folds


def said(found):
    return evidence(found, verdict(found)).sentences


def test_the_interval_comes_first_then_the_pairs_that_matter(judged):
    wobble = np.linspace(-0.1, 0.1, 12)[:, None]
    errors = {"seasonal-naive": 1.0 + wobble, "ses": 0.8 - wobble, "ets": 0.6 + 0.5 * wobble}
    found = judged(errors, folds=Folds(4, 12))
    sentences = said(found)
    assert sentences[0].startswith("MASE of ets is 0.6; over resampled folds and series it lies from 0.5")
    assert sentences[1] == "Of 3 pairs of models 3 differ clearly after Holm's correction."
    assert sentences[2].startswith("ets (0.6) is better than seasonal-naive (1): p < 0.001 after Holm's correction")
    assert sentences[3] == "With 90 % confidence ets is the best of them (model confidence set)."


def test_two_models_are_one_pair_without_a_count(judged):
    sentences = said(judged({"seasonal-naive": np.linspace(0.9, 1.1, 6)[:, None], "ets": np.full((6, 1), 0.5)}))
    assert not any("pairs of models" in sentence for sentence in sentences)


@pytest.mark.parametrize(("n_models", "named"), [(4, "m0"), (9, "and 3 more")])
def test_a_long_set_is_cut(judged, n_models, named):
    rng = np.random.default_rng(0)
    errors = {"seasonal-naive": 3 + rng.normal(0, 0.1, (12, 1))}
    errors |= {f"m{k}": 1 + rng.normal(0, 0.1, (12, 1)) for k in range(n_models)}
    sentence = next(one for one in said(judged(errors, folds=Folds(4, 12))) if "confidence set" in one)
    assert f"one of {n_models}" in sentence
    assert named in sentence


def test_no_step_differs(judged):
    rng = np.random.default_rng(0)
    errors = {"seasonal-naive": rng.normal(1, 0.3, (5, 1)), "ets": rng.normal(0.95, 0.3, (5, 1))}
    assert "At none of the 12 steps ahead does" in said(judged(errors))[-1]


@pytest.mark.parametrize(
    ("own", "said_of_ranks"),
    [
        (0.6, r"By ranks ses and ets come first \(mean 1\.5\); no other ranks"),
        (0.7, r"By ranks ets comes first \(mean 1\);"),
    ],
)
def test_models_that_rank_the_same_come_first_together(judged, own, said_of_ranks):
    wobble = np.linspace(-0.1, 0.1, 12)[:, None]
    errors = {"seasonal-naive": 1.0 + wobble, "ses": own + wobble / 9, "ets": 0.6 + wobble / 9}
    sentence = next(one for one in said(judged(errors, folds=Folds(4, 12))) if one.startswith("By ranks"))
    assert re.match(said_of_ranks, sentence), sentence


def test_what_is_said_of_intervals_comes_last(monthly):
    found = backtest(monthly((120,) * 3), ["drift"], folds=Folds(4, 9), settings=Settings(levels=(80, 95)))
    whole = evidence(found, verdict(found))
    own = of_intervals(whole)
    assert whole.sentences[-len(own) :] == own
    assert own[:2] == tuple(map(str, whole.intervals_held))
    assert own[2] == "Series by series no interval is clearly off after Holm's correction."
    off = replace(whole.intervals_held[0], p_by_series=np.array([0.01, 0.5, 0.02]))
    said_of_series = of_intervals(replace(whole, intervals_held=(off, whole.intervals_held[1])))[2]
    start = "Series by series the intervals are clearly off, after Holm's correction: those of 80 % for 2 of 3 series"
    assert said_of_series.startswith(start)
    assert "those of 95 % for none of 3 series" in said_of_series
    assert own[3:] == (str(whole.pit), str(whole.alternatives[0]))
    few = backtest(monthly((120,) * 3), ["drift"], folds=Folds(4, 2), settings=Settings(levels=(80,)))
    assert "Whether the intervals hold for each series cannot be tested: at least 3 folds are needed." in said(few)
    one = backtest(monthly((120,)), ["drift"], folds=Folds(4, 9), settings=Settings(levels=(80,)))
    assert not any("Series by series" in sentence for sentence in said(one))
