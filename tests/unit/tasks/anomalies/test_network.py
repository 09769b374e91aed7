import numpy as np
import pytest
import torch

from tidegate.nn.initialisation import built
from tidegate.tasks.anomalies.network import ROOM, Foreseer, Misses, Rebuilder, read, rebuilt_errors
from tidegate.tasks.network import Layers
from tidegate.tasks.reading import Batch

LAYERS = Layers("gru", 5, 1, bidirectional=False, dropout=0.0)


def drawn(kind, seed=0):
    generator = torch.Generator().manual_seed(seed)
    network = built(lambda: kind(LAYERS, 2, generator), generator).double()
    with torch.no_grad():
        network.head.weight.normal_(generator=generator)
    return network.eval()


def test_a_foreseer_begins_as_the_naive_forecast():
    generator = torch.Generator().manual_seed(0)
    network = built(lambda: Foreseer(LAYERS, 2, generator), generator)
    inputs = torch.randn(6, 3, 2, generator=generator)
    torch.testing.assert_close(network(Batch(inputs, torch.full((3,), 6))), inputs)


def test_a_rebuilder_judges_by_the_window_that_ends_with_the_step():
    network, values = drawn(Rebuilder), np.random.default_rng(0).normal(size=(30, 2))
    made = rebuilt_errors(network, values, values, 8)
    assert np.isnan(made[:7]).all()
    window = torch.from_numpy(values[13:21])[:, None]
    rebuilt = network(Batch(window, torch.tensor([8])))[:, 0].detach().numpy()
    np.testing.assert_allclose(made[20], np.sqrt(((values[13:21] - rebuilt) ** 2).mean(axis=0)), rtol=1e-12)


def test_a_decoder_knows_the_summary_alone_and_gives_the_last_step_first():
    network = drawn(Rebuilder)
    window = torch.randn(6, 1, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    summary = network.encoder(window)[0][-1]
    by_hand, _ = network.decoder(summary.expand(6, 1, -1))
    made = network(Batch(window, torch.tensor([6])))
    torch.testing.assert_close(made[-1], network.head(by_hand[0]))
    torch.testing.assert_close(made[0], network.head(by_hand[-1]))


def test_what_is_missing_is_read_as_last_seen():
    given = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, 99.0]])
    assert read(given).tolist() == [[0.0, 1.0], [2.0, 1.0], [2.0, ROOM]]
    assert read(given, np.array([-1.0, 5.0]))[0].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("ahead", [0, 1])
def test_losses_count_what_is_there(ahead):
    made = torch.zeros(4, 1, 2)
    target = torch.tensor([[[1.0, 9.0], [0.5, torch.nan], [torch.nan, torch.nan], [3.0, 0.0]]])
    by_hand = [0.125, 0.0, 2.5] + ([0.5, 8.5] if ahead == 0 else [])
    assert Misses(ahead)(made, target).item() == pytest.approx(sum(by_hand) / len(by_hand))


def test_a_window_without_any_value_loses_nothing():
    assert Misses(1)(torch.zeros(4, 1, 2), torch.full((1, 4, 2), torch.nan)).item() == 0
