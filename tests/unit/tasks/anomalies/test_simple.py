import numpy as np
import pytest

from tidegate.tasks.anomalies.simple import MovingDeviation, PrincipalResiduals


@pytest.mark.parametrize("kind", [PrincipalResiduals, MovingDeviation])
def test_simple_detectors_find_a_jump(kind, waves):
    watched = waves(300, 1)
    watched[150] += 3.0
    model = kind().fit(waves(900, 0), false_alarms=0.01)
    scores = model.score_samples(watched)
    assert scores.argmax() in range(150, 158)
    assert (model.predict(watched) == (scores > model.threshold_.value)).all()
    assert model.predict(watched)[60:150].mean() < 0.15
    assert [len(one) for one in model.predict([watched, watched[:40]])] == [300, 40]


def test_components_find_channels_out_of_step_where_each_value_is_usual(waves):
    watched = waves(300, 1)
    watched[150:170, 1] = 6 - watched[150:170, 1]
    told = {kind: kind().fit(waves(900, 0)).score_samples(watched) for kind in (PrincipalResiduals, MovingDeviation)}
    ranks = {kind: (scores > scores[155:165].max()).sum() for kind, scores in told.items()}
    assert ranks[PrincipalResiduals] <= 15 < ranks[MovingDeviation]


def test_constant_recordings_and_gaps_are_scored():
    model = PrincipalResiduals().fit(np.full(200, 2.0))
    assert (model.score_samples(np.full(50, 2.0)) == 0).all()
    gap = np.full(50, 2.0)
    gap[10:20] = np.nan
    assert np.isfinite(model.score_samples(gap)).all()


@pytest.mark.parametrize("value", [1.0, 0.1, -1234567.1, 0.0])
def test_another_constant_than_that_of_training_is_odd_from_its_first_step(value):
    model = PrincipalResiduals().fit(np.full(600, value))
    assert model.predict(np.full(50, value)).sum() == 0
    assert model.predict(np.full(50, value + 5)).sum() == 50


def test_a_moving_score_sees_nothing_after():
    values = np.random.default_rng(0).normal(size=400)
    model = MovingDeviation().fit(values)
    whole = model.score_samples(values)
    np.testing.assert_array_equal(model.score_samples(values[:200]), whole[:200])
