import numpy as np
import pytest
import torch

from tidegate.training.epochs import Epochs


@pytest.mark.parametrize(("n", "size"), [(1000, 7), (8, 8), (3, 8), (1, 1)])
def test_an_epoch_holds_every_example_once(n, size):
    epochs = Epochs(np.random.default_rng(0).integers(1, 60, n), size, seed=1)
    batches = [epochs(update) for update in range(len(epochs))]
    assert sorted(torch.cat(batches).tolist()) == list(range(n))
    assert max(map(len, batches)) <= size


def test_epochs_differ_and_depend_on_nothing_but_seed_and_number():
    lengths = np.random.default_rng(0).integers(1, 60, 300)
    first, again, other = (Epochs(lengths, 16, seed) for seed in (3, 3, 4))
    count = len(first)
    assert not torch.equal(first(0), first(count))
    late = again(count + 2)
    first(0)
    assert torch.equal(first(count + 2), late)
    assert not torch.equal(first(0), other(0))


def test_the_neighbours_in_a_batch_are_of_about_one_length():
    lengths = np.random.default_rng(0).integers(1, 200, 3200)
    epochs = Epochs(lengths, 32, seed=0)
    spread = [np.ptp(lengths[epochs(update).numpy()]) for update in range(len(epochs))]
    assert np.mean(spread) < 20
    firsts = [lengths[epochs(update)[0]] for update in range(len(epochs))]
    assert np.abs(np.corrcoef(firsts, range(len(firsts)))[0, 1]) < 0.3
