import numpy as np
import pytest
import torch

from tidegate.tasks.learning import PADDING, Examples, Learning


class Mean(torch.nn.Module):
    """Says a times the mean of a sequence."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, batch):
        return self.a * batch.inputs[..., 0].sum(0) / batch.lengths


def squared(made, target):
    return (made - target) ** 2


@pytest.fixture
def examples():
    items = [np.full((n, 1), float(n), dtype=np.float32) for n in (1, 2, 3)]
    return Examples(items, torch.tensor([2.0, 4.0, 7.0]), np.array([10, 11, 12]))


def test_some_of_them_keep_what_is_theirs(examples):
    some = examples.take(np.array([2, 0]))
    assert (some.lengths.tolist(), some.targets.tolist(), some.numbers.tolist()) == ([3, 1], [7.0, 2.0], [12, 10])
    assert some.items[0] is examples.items[2]
    lists = Examples(examples.items, [np.array([k]) for k in range(3)], examples.numbers)
    assert [one.tolist() for one in lists.take(np.array([1, 2])).targets] == [[1], [2]]


def test_the_loss_is_the_mean_over_the_chosen(examples):
    problem = Learning(Mean(), squared, examples)
    assert len(problem) == 3
    assert problem.loss(torch.tensor([0, 1])).item() == 0
    assert problem.loss(torch.tensor([2, 0])).item() == pytest.approx(0.5)
    assert problem.held_out_loss() is None
    assert problem.probe().item() == pytest.approx(1 / 3)


def test_the_held_out_loss_is_over_all_of_them(examples, monkeypatch):
    monkeypatch.setattr("tidegate.tasks.reading.AT_ONCE", 2)
    assert Learning(Mean(), squared, examples, examples).held_out_loss() == pytest.approx(1 / 3)


def test_examples_that_break_the_loss_are_named(examples):
    examples.targets[1] = torch.nan
    problem = Learning(Mean(), squared, examples)
    assert problem.named(torch.tensor([2, 1, 0])) == "sequences 11"
    assert problem.named(torch.tensor([2, 0])) == "sequences 12, 10"
    held_out = Examples(examples.items, torch.tensor([2.0, 4.0, torch.nan]), np.array([20, 21, 22]))
    assert Learning(Mean(), squared, examples, held_out).named(None) == "sequences 22"
    assert problem.named(torch.zeros(9, dtype=torch.long)) == "sequences 10, 10, 10, 10, 10 and 4 more"


def test_targets_of_unequal_length_stand_side_by_side():
    known = Examples([np.zeros((2, 1))] * 3, [np.array([4, 5]), np.array([6]), np.array([7, 8, 9])], np.arange(3))
    _, target = known.batch([2, 1])
    assert target.T.tolist() == [[7, 8, 9], [6, PADDING, PADDING]]
    assert [target.shape for _, target in known.batches()] == [(3, 3)]


def test_examples_say_in_which_batches_and_against_what_they_are_learned_from(examples):
    order = examples.order(2, 0)
    assert sorted(torch.cat([order(k) for k in range(len(order))]).tolist()) == [0, 1, 2]
    assert examples.problem(Mean(), squared, examples).held_out_loss() == pytest.approx(1 / 3)
    assert examples.problem(Mean(), squared, None).held_out_loss() is None
