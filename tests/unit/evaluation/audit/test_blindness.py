import numpy as np
import pytest

import tidegate
from tidegate.evaluation.audit.blindness import blindness, exchanged, raised
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.forecasters.naive import Naive


def looked_at(subject, material):
    if isinstance(subject, Model):
        subject.learn(material.panel)
    return blindness(subject, material)


@pytest.fixture
def of(material, predicting, steps):
    """Audit the sight of a function called by its name."""
    return lambda step, **kind: looked_at(Predict(predicting(steps.get(step, step)), "mine", 6), material(1, **kind))


@pytest.mark.parametrize("step", ["repeated", "seasonal"])
def test_honest_functions_see_the_newest_value(of, step):
    found = of(step)
    assert found.finding.outcome == "passed"
    assert found.finding.statement == "Every step from 1 to 6 sees the newest value."
    assert not found.unseen.any()


@pytest.mark.parametrize("step", ["stale", "robust_stale"])
@pytest.mark.parametrize("seed", range(4))
def test_a_stale_decoder_is_caught_exactly(of, step, seed):
    found = of(step, seed=seed)
    assert found.finding.outcome == "failed"
    assert found.finding.statement == "Step 1 does not see the newest 5 values."
    assert found.unseen.tolist() == [5, 4, 3, 2, 1, 0]
    assert "5, 4, 3, 2, 1, 0" in found.finding.sentences[0]


def test_a_stale_decoder_on_means_and_deviations_is_caught(of):
    def stale_on_mean(values, horizon):
        window = values[-18:]
        level, unit = window.mean(), window.std()
        z, state, states = (window - level) / unit, 0.0, []
        for value in z:
            state = np.tanh(0.5 * state + 0.4 * value)
            states.append(state)
        return level + unit * np.array(states[-horizon:])

    found = of(stale_on_mean)
    assert found.unseen[:4].tolist() == [5, 4, 3, 2]
    assert found.scaled[0, :5].all()
    assert any("scale of the window alone" in sentence for sentence in found.finding.sentences)


def test_a_late_window_is_caught_at_every_step(of):
    found = of(lambda values, horizon: np.full(horizon, values[-3]))
    assert found.finding.statement == "No step sees the newest 2 values."


def test_a_constant_sees_nothing(of):
    found = of(lambda values, horizon: np.full(horizon, 7.0))
    assert found.finding.outcome == "failed"
    assert found.finding.statement == "No step sees any of the newest 24 values."


@pytest.mark.parametrize("window", [1, 2, 3, 12, 84])
def test_a_mean_knows_its_values_although_their_place_does_not_matter(of, window):
    found = of(lambda values, horizon: np.full(horizon, values[-window:].mean()))
    assert found.finding.outcome == "passed"


def test_a_forecast_that_returns_to_its_mean_is_no_blind_spot(of):
    def returning(values, horizon):
        return 100 + 0.5 ** np.arange(1, horizon + 1) * (values[-1] - 100)

    assert of(returning).finding.outcome == "passed"

    def moving_average(values, horizon):
        return np.where(np.arange(horizon) < 2, values[-1], 100.0)

    found = of(moving_average)
    assert found.finding.outcome == "warned"
    assert "Step 3 to 6 sees no value" in found.finding.sentences[0]


def test_random_forecasts_hide_nothing_and_prove_nothing(of):
    rng = np.random.default_rng(1)
    assert of(lambda values, horizon: values[-1] + rng.normal(0, 0.01, horizon)).finding.outcome == "passed"
    wild = of(lambda values, horizon: values[-1] + rng.normal(0, 1e4, horizon))
    assert wild.finding.outcome == "unchecked"


@pytest.mark.parametrize("name", ["naive", "drift", "historic-mean", "ets", "linear"])
def test_our_models_see_it(material, name):
    assert looked_at(Model(tidegate.forecaster(name), 6), material(1)).finding.outcome == "passed"


def test_a_network_sees_it(material):
    from tidegate.training.settings import Training

    model = tidegate.GRU(training=Training(n_updates=100, n_checks=2), n_members=1)
    assert looked_at(Model(model, 6), material(1)).finding.outcome == "passed"


def test_seasonal_naive_is_what_it_is(material):
    made = material(1)
    for subject in (
        Model(tidegate.forecaster("seasonal-naive"), 6),
        Fitted(tidegate.forecaster("seasonal-naive").fit(made.panel, horizon=6)),
    ):
        found = looked_at(subject, made)
        assert found.finding.outcome == "passed"
        assert found.unseen.tolist() == [11, 10, 9, 8, 7, 6]
        assert "by definition" in found.finding.sentences[0]


class StaleDecoder(Naive):
    """A forecaster of one's own, and no registered name to excuse it."""

    name = "stale-decoder"

    def _predict(self, panel, levels):
        ends = panel.offsets[1:, None]
        return panel.values[ends - self.horizon_ + np.arange(self.horizon_)], None


def test_a_forecaster_of_ones_own_is_not_excused(material):
    assert looked_at(Model(StaleDecoder(), 6), material(1)).finding.outcome == "failed"


def test_the_slope_has_its_sign(of):
    found = of(lambda values, horizon: values[-1] - 0.5 * values[-2] + np.zeros(horizon))
    assert found.slope[0, :3] == pytest.approx([1.0, -0.5, 0.0])


def test_exchanged_panels_hold_the_same_values(panel):
    one, other = exchanged(panel(2), 3, np.array([5.0, 7.0]))
    assert sorted(one.values) == sorted(other.values)
    assert not np.array_equal(one.values, other.values)
    assert raised(panel(2), 1, np.array([5.0, 7.0])).values[-1] == panel(2).values[-1] + 7
