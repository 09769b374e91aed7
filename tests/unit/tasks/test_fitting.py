import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.tasks import fitting
from tidegate.tasks.fitting import Schedule
from tidegate.tasks.learning import Examples
from tidegate.training.settings import Training


class Sum(torch.nn.Module):
    """Says w times the sum of a sequence."""

    def __init__(self, w=0.0):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(w))

    def forward(self, batch):
        return self.w * batch.inputs[..., 0].sum(0)


def squared(made, target):
    return (made - target) ** 2


def examples(n, factor=3.0):
    rng = np.random.default_rng(0)
    items = [rng.random((rng.integers(1, 6), 1)).astype(np.float32) for _ in range(n)]
    return Examples(items, torch.tensor([factor * float(one.sum()) for one in items]), np.arange(n))


def run(network, known, **schedule):
    settings = Schedule(**{"epochs": 30, "batch_size": 8, "seed": 0} | schedule)
    training = Training(learning_rate=0.1, weight_decay=0.0, patience=5, held_out_fraction=0.0)
    return fitting.fitted(network, squared, known, settings, training=training, run=("r", torch.Generator()))


def test_each_epoch_is_checked_and_sees_every_example():
    course = run(Sum(), (examples(20), examples(5)), epochs=4)
    assert course.updates == (0, 3, 6, 9, 12)
    assert list(course.held_out) == sorted(set(course.held_out), reverse=True)
    found = fitting.history(course)
    assert found["epoch"] == [0, 1, 2, 3, 4]
    assert found["val_loss"] == list(course.held_out)
    assert len(found["loss"]) == 5


def test_the_best_epoch_is_kept_and_the_run_stops_when_none_is_better():
    network = Sum(3.0)
    course = run(network, (examples(20, factor=9.0), examples(5, factor=3.0)))
    assert network.w.item() == 3.0
    assert course.best == 0
    assert len(course.updates) == 6


def test_without_a_held_out_part_the_last_epoch_is_kept():
    network = Sum()
    course = run(network, (examples(20), None))
    assert network.w.item() == pytest.approx(3.0, abs=0.1)
    assert len(course.updates) == 31


def test_what_is_told_stands_in_the_order_of_the_examples(monkeypatch):
    monkeypatch.setattr("tidegate.tasks.reading.AT_ONCE", 7)
    known = examples(40)
    made = fitting.told(Sum(1.0), known.items, lambda outputs: outputs)
    assert [float(one) for one in made] == pytest.approx([float(one.sum()) for one in known.items], rel=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n_updates": 9}, "training: n_updates is 9, which does not count for sequences: epochs of fit"),
        ({"batch_size": 8}, "batch_size of fit"),
        ({"n_checks": 3}, "training: n_checks is 3"),
        ({"held_out_fraction": 0.2}, "validation of fit says what is held out"),
        ({"patience": 0}, "training: patience is 0; it must be"),
    ],
)
def test_settings_of_training_that_do_not_count_are_refused(given, said):
    with pytest.raises(SettingError, match=said):
        fitting.check_training(Training(**given))


def test_what_follows_from_fit_may_be_left_as_it_is():
    fitting.check_training(Training(learning_rate=0.1))
    fitting.check_training(fitting.TRAINING)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(0, 1, 0), "epochs is 0; it must be a whole number, at least 1"),
        (Schedule(1, 0, 0), "batch_size is 0"),
        (Schedule(1, 2.5, 0), "batch_size is 2.5"),
        (Schedule(1, 1, -1), "seed is -1; it must be a whole number, at least 0"),
    ],
)
def test_schedules_outside_their_limits(schedule, said):
    with pytest.raises(SettingError, match=said):
        fitting.check(schedule)


def test_the_digest_changes_with_all_that_decides_a_run():
    schedule = Schedule(3, 8, 0)
    known = examples(5), None
    first = fitting.digest({"cell": "gru"}, schedule, known, Sum())
    assert first == fitting.digest({"cell": "gru"}, schedule, (examples(5), None), Sum())
    others = [
        fitting.digest({"cell": "lstm"}, schedule, known, Sum()),
        fitting.digest({"cell": "gru"}, schedule._replace(epochs=4), known, Sum()),
        fitting.digest({"cell": "gru"}, schedule, (known[0], examples(2)), Sum()),
        fitting.digest({"cell": "gru"}, schedule, (examples(5, factor=2.0), None), Sum()),
        fitting.digest({"cell": "gru"}, schedule, known, Sum(1.0)),
    ]
    assert len({first, *others}) == 6
    joined, apart = (
        Examples([np.array(part) for part in parts], torch.zeros(2), np.arange(2))
        for parts in ([[1, 2], [3]], [[1], [2, 3]])
    )
    assert fitting.digest({}, schedule, (joined, None), Sum()) != fitting.digest({}, schedule, (apart, None), Sum())
    joined, apart = (
        Examples([np.zeros(3), np.zeros(3)], [np.array(part) for part in parts], np.arange(2))
        for parts in ([[1, 2], [3]], [[1], [2, 3]])
    )
    assert fitting.digest({}, schedule, (joined, None), Sum()) != fitting.digest({}, schedule, (apart, None), Sum())


@pytest.mark.parametrize(
    ("updates_per_epoch", "epochs"), [(1, 500), (3, 500), (4, 375), (187, 9), (188, 8), (3_125, 8)]
)
def test_epochs_make_about_as_many_updates_of_few_sequences_as_of_many(updates_per_epoch, epochs):
    assert fitting.Usual().epochs(updates_per_epoch) == epochs


def test_few_sequences_are_all_learned_from():
    assert fitting.held_out(499) is None
    assert fitting.held_out(500) == 0.1
