import numpy as np
import pytest
import torch

from tidegate.nn import crf
from tidegate.nn.crf import Chain
from tidegate.tasks.handicap import FEWEST, chosen, held_back
from tidegate.tasks.learning import Examples

CLASSES = np.array(["B-x", "I-x", "O"])


class Shy(torch.nn.Module):
    """Reads the log-odds of an entity that begins, less than there are by `shyness`."""

    def __init__(self, shyness):
        super().__init__()
        self.shyness = shyness

    def forward(self, batch):
        odds = batch.inputs[..., 0] - self.shyness
        steps = torch.stack([odds, torch.full_like(odds, -50.0), torch.zeros_like(odds)], dim=-1)
        return Chain(steps, batch.lengths, torch.zeros(3), torch.zeros(3), torch.zeros(3, 3))


def examples(n, seed=0):
    rng = np.random.default_rng(seed)
    items = [rng.normal(0, 2, (5, 1)).astype(np.float32) for _ in range(n)]
    tags = [np.where(rng.random(5) < 1 / (1 + np.exp(-one[:, 0])), 0, 2) for one in items]
    return Examples(items, tags, np.arange(n))


def test_only_one_tag_is_held_back():
    chain = Shy(0.0)(next(examples(3).batches())[0])
    made = held_back(chain, 2, 0.75)
    assert torch.equal(made.steps[..., :2], chain.steps[..., :2])
    torch.testing.assert_close(made.steps[..., 2], chain.steps[..., 2] - 0.75)
    assert made.moves is chain.moves
    least = [sum(int((tags == 0).sum()) for tags in crf.best(one)) for one in (chain, held_back(chain, 2, 2.0))]
    assert least[0] < least[1]


def test_who_says_o_too_often_is_held_back_more():
    held = examples(400)
    found = [chosen(Shy(shyness), held, CLASSES) for shyness in (0.0, 1.0)]
    assert 0 <= found[0] < found[1] <= 2
    assert chosen(Shy(-2.0), held, CLASSES) == 0


@pytest.mark.parametrize("classes", [CLASSES, np.array(["B-x", "I-x", "other"])])
def test_nothing_is_chosen_by_few_entities_or_without_an_o(classes):
    few = examples(12)
    assert sum(int((tags == 0).sum()) for tags in few.targets) < FEWEST
    held = few if classes is CLASSES else examples(400)
    assert chosen(Shy(1.0), held, classes) == 0


def test_an_o_that_is_no_outside_is_left_alone():
    """Tags of another scheme are judged one by one, and so is what is said of them."""
    assert chosen(Shy(1.0), examples(400), np.array(["B-x", "E-x", "O"])) == 0
