import numpy as np
import pytest
import torch

from tidegate import SequenceClassifier, SequenceGenerator
from tidegate.errors import DataError
from tidegate.nn.layers import GRU
from tidegate.tasks.generation.passages import Passages
from tidegate.tasks.learning import Examples
from tidegate.tasks.limits import check_memory, kept_per_step


def examples(*lengths, numbers=None):
    items = [np.zeros((length, 1), dtype=np.float32) for length in lengths]
    places = np.arange(len(items)) if numbers is None else np.array(numbers)
    return Examples(items, torch.zeros(len(items)), places)


@pytest.mark.parametrize(
    ("network", "kept"),
    [
        (GRU(1, 8), 32),
        (GRU(1, 8, num_layers=3, bidirectional=True), 4 * 8 * 2 * 3),
        (torch.nn.Sequential(torch.nn.Conv1d(1, 10, 3), GRU(10, 5)), 60),
        (torch.nn.Linear(5, 5), 0),
    ],
)
def test_what_an_update_keeps_follows_from_the_layers_that_walk_over_time(network, kept):
    assert kept_per_step(network) == kept


def test_a_batch_that_would_not_fit_is_refused_with_the_one_that_would():
    network = GRU(1, 100)
    check_memory(examples(1_000, 50), 32, network)
    check_memory(examples(5, 2_000_000), 1, network)
    with pytest.raises(
        DataError, match=r"sequence 7 has 2,000,000 steps; to learn from 2 like it at once takes"
    ) as told:
        check_memory(examples(5, 2_000_000, numbers=[3, 7]), 32, network)
    assert "about 6 GB, more than 4" in str(told.value)
    assert "Lower batch_size (--batch-size) to 1 or cut long sequences into shorter ones" in str(told.value)
    with pytest.raises(DataError, match="Cut long sequences into shorter ones"):
        check_memory(examples(3_000_000), 32, network)


def test_a_generator_is_offered_stretches_and_needs_no_more_than_one_at_a_time():
    network, n_steps = GRU(1, 100), 3_000_000
    item, target = np.zeros(n_steps, dtype=np.int32), np.zeros(n_steps, dtype=np.int64)
    with pytest.raises(DataError, match="Set truncate=100"):
        check_memory(Passages([item], [target], np.arange(1)), 1, network)
    check_memory(Passages([item], [target], np.arange(1), truncate=100), 1, network)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (SequenceClassifier(), ([np.zeros((1_500_000, 1)), np.ones((1_500_000, 1))], ["a", "b"])),
        (SequenceGenerator(hidden_size=500), (["ab" * 100_000] * 3,)),
    ],
)
def test_estimators_refuse_before_any_work(model, data):
    with pytest.raises(DataError, match="more than 4"):
        model.fit(*data, epochs=1, validation=None)
