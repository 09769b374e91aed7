import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from tidegate.tasks.anomalies.judging import Judgement, Said


def judged(ours, simple, n_steps=2_000, seed=0):
    """Detectors that see events with such strength, over noise of their own."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(n_steps, dtype=bool)
    for start in range(100, n_steps, 200):
        truth[start : start + 10] = True
    said = []
    for name, strength in (("the network", ours), ("PCA residuals", simple), ("a moving z-score", 0.0)):
        scores = rng.normal(size=n_steps) + strength * truth
        said.append(Said(name, [scores[:1_000], scores[1_000:]], [scores[:1_000] > 3, scores[1_000:] > 3]))
    return Judgement([truth[:1_000], truth[1_000:]], said)


@pytest.mark.parametrize(
    ("ours", "simple", "verdict", "opening"),
    [
        (4.0, 1.0, "better", "The network is better than PCA residuals here (VUS-PR"),
        (1.0, 4.0, "worse", "The network is worse than PCA residuals here: use that one (VUS-PR"),
        (
            2.0,
            2.0,
            "no evidence of a difference",
            "No evidence that the network and PCA residuals differ: the simpler is",
        ),
    ],
)
def test_the_verdict_is_tested_and_in_words(ours, simple, verdict, opening):
    told = judged(ours, simple)
    assert told.verdict == verdict
    assert told.sentences()[0].startswith(opening)
    assert (told.p_value < 0.05) is (verdict != "no evidence of a difference")


def test_too_little_to_test_is_said():
    told = judged(4.0, 1.0, n_steps=250)
    assert np.isnan(told.p_value)
    assert told.verdict == "not tested"
    assert told.to_dict()["p_value"] is None
    assert "too little to test which is better" in told.sentences()[0]


def test_rows_are_of_steps_and_events():
    told = judged(9.0, 1.0)
    row = told.rows[0]
    truth, scores = np.concatenate(told.truth), np.concatenate(told.said[0].scores)
    assert row["average precision"] == pytest.approx(average_precision_score(truth, scores))
    assert row["event recall"] == 1.0
    assert row["false alarms"] == ((scores > 3) & ~truth).sum()
    assert told.n_events == 10
    assert told.simple["detector"] == "PCA residuals"
    assert "Of 10 labelled events its alarms meet 100 %" in told.sentences()[1]
    met, n_false = told.rows[1]["event recall"], told.rows[1]["false alarms"]
    ending = f"Those of PCA residuals meet {100 * met:.0f} %; {n_false:,} normal steps lie in them."
    assert told.sentences()[1].endswith(ending)


def test_equal_detectors_are_seldom_told_apart():
    assert sum(judged(1.5, 1.5, n_steps=1_200, seed=seed).p_value < 0.05 for seed in range(4)) <= 1


def test_an_event_does_not_reach_into_the_next_recording():
    """One ends with an event, the next begins with one: as if they were far apart."""
    odd, usual = np.ones(10, dtype=bool), np.zeros(200, dtype=bool)
    rng = np.random.default_rng(0)
    truth = [np.concatenate([usual, odd]), np.concatenate([odd, usual])]
    scores = [rng.normal(size=210) + 9 * truth[0], rng.normal(size=210)]
    quiet = np.full(400, min(one.min() for one in scores))
    apart = [np.concatenate([scores[0], quiet]), scores[1]]
    longer = [np.concatenate([truth[0], quiet > 0]), truth[1]]
    values = [
        Judgement(labels, [Said(name, told, [one > 3 for one in told]) for name in "ab"]).rows[0]["VUS-PR"]
        for labels, told in ((truth, scores), (longer, apart))
    ]
    assert values[0] == pytest.approx(values[1], rel=0.05)


def test_the_opponent_is_the_best_by_what_is_tested():
    rng = np.random.default_rng(1)
    truth = [np.arange(1_000) % 100 < 5]
    said = [
        Said(name, [rng.normal(size=1_000) + k * truth[0]], [truth[0]]) for name, k in (("a", 2), ("b", 1), ("c", 3))
    ]
    told = Judgement(truth, said)
    assert told.simple["detector"] == "c"
    assert told.verdict != "better"
