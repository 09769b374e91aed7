import numpy as np
import pytest

from tidegate.evaluation.audit.echo import echo
from tidegate.evaluation.audit.subject import Judged


@pytest.fixture
def of(material):
    """Audit forecasts one step ahead, made from the values before (G, N) and the value itself."""

    def run(step, n_origins=40, **kind):
        made = material(2)
        ends = made.origins[-n_origins:]
        rows = made.panel.offsets[:-1] + ends
        ahead = step(made.panel.values[rows - 1], made.panel.values[rows])
        return echo(made, Judged(ends, np.repeat(ahead[..., None], 6, axis=2)), **kind)

    return run


def test_a_copy_is_an_echo(of):
    found = of(lambda newest, actual: newest)
    assert found.finding.outcome == "warned"
    assert found.correlations[3] == pytest.approx(1.0)
    assert found.skill == 0
    assert "never moves away from the newest value" in found.finding.sentences[1]


def test_a_copy_with_a_little_noise_is_one_too(of):
    rng = np.random.default_rng(2)
    found = of(lambda newest, actual: newest + rng.normal(0, 0.3, newest.shape))
    assert found.finding.outcome == "warned"
    assert 0.3 < found.direction < 0.7
    assert "no more than chance" in found.finding.sentences[1]


def test_a_forecast_is_none(of):
    rng = np.random.default_rng(2)
    found = of(lambda newest, actual: actual + rng.normal(0, 2, newest.shape))
    assert found.finding.outcome == "passed"
    assert found.skill > 0.5
    assert np.nanargmax(found.correlations) == 2
    assert "% below that of the naive forecast, over 80 forecasts" in found.finding.sentences[0]


def test_a_bad_forecast_is_worse_but_no_echo(of):
    found = of(lambda newest, actual: 2 * newest - actual)
    assert found.finding.outcome == "passed"
    assert "above that of the naive forecast" in found.finding.sentences[0]


def test_the_naive_forecast_may(of):
    found = of(lambda newest, actual: newest, declared=True)
    assert found.finding.outcome == "passed"
    assert found.finding.statement == "It is the naive forecast: an echo by definition."


def test_few_origins_and_constants_are_not_judged(of):
    assert of(lambda newest, actual: newest, n_origins=5).finding.outcome == "unchecked"
    assert of(lambda newest, actual: 0 * newest).finding.outcome == "unchecked"
