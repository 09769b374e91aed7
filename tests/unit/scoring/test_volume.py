from itertools import pairwise

import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.scoring.alarms import events
from tidegate.scoring.volume import range_pr, vus_pr


def literally(labels, scores, buffer, n_thresholds):
    """The area for one buffer, threshold by threshold and step by step, as the definition has it."""
    n_steps, half = len(labels), buffer // 2
    runs = [(start, stop - 1) for start, stop in events(labels).tolist()]
    weights = labels.astype(float)
    for start, end in runs:
        for t in range(n_steps):
            if end < t <= end + half:
                weights[t] += np.sqrt(1 - (t - end) / buffer)
            if start - half <= t < start:
                weights[t] += np.sqrt(1 - (start - t) / buffer)
    weights = np.minimum(weights, 1)
    wide, begin = [], max(runs[0][0] - half, 0)
    for (_, end), (following, _) in pairwise(runs):
        if end + half < following - half:
            wide.append((begin, end + half))
            begin = following - half
    wide.append((begin, min(runs[-1][1] + half, n_steps - 1)))
    falling = np.sort(scores)[::-1]
    area = before = 0.0
    for place in np.linspace(0, n_steps - 1, n_thresholds).astype(int):
        said = scores >= falling[place]
        right = sum(weights[t] for t in range(n_steps) if said[t])
        positives = (labels.sum() + sum(1 if labels[t] else weights[t] * said[t] for t in range(n_steps))) / 2
        existence = np.mean([said[start : end + 1].any() for start, end in wide])
        recall = min(right / positives, 1) * existence
        area += (recall - before) * right / said.sum()
        before = recall
    return area


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("buffer", [0, 1, 5, 12, 30])
def test_it_is_the_definition_taken_literally(seed, buffer):
    rng = np.random.default_rng(seed)
    labels = np.zeros(60, dtype=int)
    for start in rng.choice(55, 3, replace=False):
        labels[start : start + rng.integers(1, 6)] = 1
    scores = np.round(rng.random(60) + 0.4 * labels, 1 + seed % 2)  # with ties
    assert range_pr(labels, scores, buffer=buffer, n_thresholds=23) == pytest.approx(
        literally(labels, scores, buffer, 23), abs=1e-12
    )


def test_the_volume_is_the_mean_over_buffers():
    rng = np.random.default_rng(1)
    labels, scores = (np.arange(80) // 7 == 4).astype(int), rng.random(80)
    areas = [range_pr(labels, scores, buffer=width) for width in range(11)]
    assert vus_pr(labels, scores, buffer=10) == pytest.approx(np.mean(areas), abs=1e-12)


def test_worked_by_hand():
    labels, scores = np.array([0, 0, 1, 0]), np.array([0.1, 0.3, 0.2, 0.0])
    # thresholds 0.3, 0.2, 0.1, 0: recall 0, 1, 1, 1; precision 0, 1/2, 1/3, 1/4
    assert range_pr(labels, scores, buffer=0, n_thresholds=None) == pytest.approx(1 / 2)
    # with half a step of tolerance on either side nothing changes; with one step, step 1 weighs sqrt(1 - 1/2)
    assert range_pr(labels, scores, buffer=1, n_thresholds=None) == pytest.approx(1 / 2)
    weight = np.sqrt(1 / 2)
    first, second = weight / (1 + weight / 2), 1.0
    assert range_pr(labels, scores, buffer=2, n_thresholds=None) == pytest.approx(
        first * weight + (second - first) * (1 + weight) / 2
    )


def test_what_knows_everything_has_it_all():
    labels = (np.arange(50) // 10 == 2).astype(int)
    assert vus_pr(labels, labels.astype(float), buffer=0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("labels", "scores", "said"),
    [
        ([0, 1], [0.0], "labels of 2 steps, and scores of 1"),
        ([0, 1], [0.0, np.nan], "the score of step 1 is not a number"),
        ([0, 0], [0.0, 1.0], "0 of 2 steps are labelled"),
        ([1, 1], [0.0, 1.0], "2 of 2 steps are labelled"),
    ],
)
def test_what_cannot_be_ranked_is_refused(labels, scores, said):
    with pytest.raises(DataError, match=said):
        vus_pr(np.array(labels), np.array(scores))


def test_settings_are_checked():
    with pytest.raises(SettingError, match="buffer is -1"):
        vus_pr(np.array([0, 1]), np.array([0.0, 1.0]), buffer=-1)
    with pytest.raises(SettingError, match="n_thresholds is 1"):
        range_pr(np.array([0, 1]), np.array([0.0, 1.0]), buffer=0, n_thresholds=1)
