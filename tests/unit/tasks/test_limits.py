import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tidegate import SequenceClassifier, SequenceGenerator
from tidegate.errors import DataError
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.layers import GRU
from tidegate.nn.stack import Recurrent
from tidegate.tasks.generation.passages import Passages
from tidegate.tasks.learning import Examples
from tidegate.tasks.limits import check_memory, kept_per_step
from tidegate.tasks.translation.pairs import PairedExamples


def examples(*lengths, numbers=None):
    items = [np.zeros((length, 1), dtype=np.float32) for length in lengths]
    places = np.arange(len(items)) if numbers is None else np.array(numbers)
    return Examples(items, torch.zeros(len(items)), places)


@pytest.mark.parametrize(
    ("network", "kept"),
    [
        (GRU(1, 8), 6 * 8 + 4),
        (GRU(2, 8, num_layers=3, bidirectional=True), 6 * 8 * 2 * 3 + 4 * 2),
        (Recurrent(Slstm(), 1, 8), 32 * 8 + 4),
        (torch.nn.Sequential(torch.nn.Conv1d(1, 10, 3), GRU(10, 5)), 4 * 10 + 6 * 5 + 4 * 10),
        (torch.nn.Linear(5, 5), 0),
    ],
)
def test_what_an_update_keeps_follows_from_the_layers_that_walk_over_time(network, kept):
    assert kept_per_step(network) == kept


def test_a_batch_that_would_not_fit_is_refused_with_the_one_that_would():
    network = GRU(1, 100)
    check_memory(examples(1_000, 50), 32, network)
    check_memory(examples(5, 1_500_000), 1, network)
    with pytest.raises(
        DataError, match=r"sequence 7 has 1,500,000 steps; to learn from 2 like it at once takes"
    ) as told:
        check_memory(examples(5, 1_500_000, numbers=[3, 7]), 32, network)
    assert "about 7 GB, more than 4" in str(told.value)
    assert "Lower batch_size (--batch-size) to 1 or cut long sequences into shorter ones" in str(told.value)
    with pytest.raises(DataError, match="Cut long sequences into shorter ones"):
        check_memory(examples(3_000_000), 32, network)


def test_a_generator_is_offered_stretches_and_needs_no_more_than_one_at_a_time():
    network, n_steps = GRU(1, 100), 3_000_000
    item, target = np.zeros(n_steps, dtype=np.int32), np.zeros(n_steps, dtype=np.int64)
    with pytest.raises(DataError, match="Set truncate=100"):
        check_memory(Passages([item], [target], np.arange(1)), 1, network)
    check_memory(Passages([item], [target], np.arange(1), truncate=100), 1, network)


class Pairwise(torch.nn.Module):
    def kept(self, n_steps, n_wanted):
        return 1_000 * n_steps * n_wanted


def test_what_a_network_says_that_it_keeps_decides():
    """The largest need not be the longest."""
    items = [np.zeros(n, dtype=np.int64) for n in (5_000, 1_200)]
    given = PairedExamples(items, [items[0][:10], items[1]], np.array([4, 9]))
    with pytest.raises(DataError, match=r"sequence 9 has 1,200 steps and 1,201 of its target; to learn from 2"):
        check_memory(given, 32, Pairwise())
    check_memory(given.take(np.array([0])), 32, Pairwise())


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from tidegate import SequenceClassifier, SequenceTagger, SequenceTranslator
from tidegate.tasks import fitting, limits

def taken():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def tokens(n, T, V, seed=0):
    return np.random.default_rng(seed).integers(0, V, (n, T)).astype(str).tolist()

model, data, n, T = {
    "units": (SequenceClassifier(), lambda n, T: ([np.ones((T, 1))] * n, np.arange(n) % 2), 16, 1_000),
    "pairs": (SequenceTranslator(attention="additive", n_tokens=40), lambda n, T: [tokens(n, T, 20)] * 2, 4, 100),
    "moves": (SequenceTagger(), lambda n, T: (tokens(n, T, 2_000), tokens(n, T, 80, seed=1)), 8, 150),
}[sys.argv[1]]
told = []

def spy(examples, batch_size, network):
    told.append(4 * n * int(limits.kept(network, examples.steps_at_once, examples.wanted_at_once).max()))

fitting.check_memory = spy
model.fit(*data(n, 8), epochs=1, batch_size=n, validation=None)
before = taken()
model.fit(*data(n, T), epochs=1, batch_size=n, validation=None)
print(told[-1], taken() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the most memory so far")
@pytest.mark.parametrize("case", ["units", "pairs", "moves"])
def test_what_is_said_to_be_kept_is_about_what_learning_takes(case):
    """In a process of its own, by how much its most memory grows from short sequences to long ones.

    Not by what `resource` tells, to which the process that started it adds its own.
    """
    shown = subprocess.run([sys.executable, "-c", PROGRAM, case], capture_output=True, text=True, check=True)
    told, taken = map(int, shown.stdout.split())
    assert taken > 5e7
    assert told / 3 < taken < 3 * told


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
