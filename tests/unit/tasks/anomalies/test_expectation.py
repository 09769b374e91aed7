import numpy as np
import pytest
import torch

from tidegate.nn.initialisation import built
from tidegate.tasks.anomalies.expectation import Expectation
from tidegate.tasks.anomalies.network import SETTLING, Foreseer, Rebuilder, rebuilt_errors
from tidegate.tasks.anomalies.relearning import Relearning
from tidegate.tasks.anomalies.windows import Cut
from tidegate.tasks.network import Layers
from tidegate.tasks.reading import Reader

LAYERS = Layers("gru", 5, 1, bidirectional=False, dropout=0.0)
VALUES = np.random.default_rng(0).normal(size=(60, 2))


def drawn(kind):
    generator = torch.Generator().manual_seed(0)
    network = built(lambda: kind(LAYERS, 2, generator), generator).double()
    with torch.no_grad():
        network.head.weight.normal_(generator=generator)
    return network.eval()


def relearning(ahead):
    reader = Reader("values", None, (np.zeros(2), np.ones(2)))
    return Relearning(25, 40, Cut(reader, np.array([True, True]), 8, ahead), 0)


def test_a_forecast_sees_every_step_before_and_none_after():
    before = Expectation(drawn(Foreseer), 8).errors(VALUES)
    changed = VALUES.copy()
    changed[20] += 0.5
    after = Expectation(drawn(Foreseer), 8).errors(changed)
    np.testing.assert_array_equal(after[:20], before[:20])
    assert (after[20:] != before[20:]).all()
    assert np.isnan(before[:SETTLING]).all()
    assert np.isfinite(before[SETTLING:]).all()


def test_who_rebuilds_judges_whole_windows():
    network = drawn(Rebuilder)
    np.testing.assert_array_equal(Expectation(network, 8).errors(VALUES), rebuilt_errors(network, VALUES, VALUES, 8))


@pytest.mark.parametrize("kind", [Foreseer, Rebuilder])
@pytest.mark.parametrize("learns", [False, True])
def test_chunks_of_any_length_have_the_same_errors(kind, learns):
    given = relearning(int(kind is Foreseer)) if learns else None
    at_once = Expectation(drawn(kind), 8, given).errors(VALUES)
    one = Expectation(drawn(kind), 8, given)
    parts = [one.errors(VALUES[start:stop]) for start, stop in ((0, 1), (1, 3), (3, 24), (24, 51), (51, 51), (51, 60))]
    np.testing.assert_allclose(np.concatenate(parts), at_once, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [Foreseer, Rebuilder])
def test_errors_change_after_learning_on_and_not_before(kind):
    network = drawn(kind)
    kept, learned = (
        Expectation(network, 8, given).errors(VALUES) for given in (None, relearning(int(kind is Foreseer)))
    )
    np.testing.assert_array_equal(learned[:25], kept[:25])
    assert (learned[25:] != kept[25:]).all()
    assert np.abs(learned[25:]).mean() < np.abs(kept[25:]).mean()
