from itertools import product

import numpy as np
import pytest
import torch

from tidegate.nn.dropout import Dropout
from tidegate.nn.initialisation import built
from tidegate.tasks.network import Layers, recurrent
from tidegate.tasks.reading import Batch, batch
from tidegate.tasks.transcription.augmentation import Augmentation, Changes
from tidegate.tasks.transcription.network import Emission, Front, Surprise, TranscribingNetwork, each, steps_of


def drawn(stacked=2, convolution=0):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    front = Front(3, convolution, stacked)
    layers = recurrent(Layers("gru", 5, 1, True, 0.0), front.width, generator)
    changes = Augmentation(Changes(0.0, 0.0, 0, 0.0), generator)
    return TranscribingNetwork(changes, front, layers, Dropout(0.0, generator), n_tokens=4)


def test_places_in_a_transcript_count_in_what_is_kept():
    steps, wanted = np.array([10, 10, 20]), np.array([3, 4, 3])
    short, long, slow = drawn(stacked=2).kept(steps, wanted)
    assert long - short == 5 * 2 * 2
    assert slow == 2 * short
    assert drawn(stacked=1).kept(steps, wanted)[0] > short


def test_steps_are_stacked_in_their_order():
    items = [np.arange(15, dtype=np.float32).reshape(5, 3), np.arange(6, dtype=np.float32).reshape(2, 3)]
    steps, lengths = Front(3, 0, 2)(batch(items))
    assert steps.shape == (3, 2, 6)
    assert lengths.tolist() == [3, 1] == [steps_of(5, 2), steps_of(2, 2)]
    assert steps[0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert steps[2, 0].tolist() == [12, 13, 14, 0, 0, 0]
    assert steps[0, 1].tolist() == [0, 1, 2, 3, 4, 5]
    assert not steps[1:, 1].any()


@pytest.mark.parametrize(("stacked", "convolution"), [(1, 0), (2, 0), (2, 6), (3, 4)])
def test_what_is_said_of_a_sequence_does_not_depend_on_its_neighbours(stacked, convolution):
    network = drawn(stacked, convolution).eval()
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(n, 3)).astype(np.float32) for n in (11, 4, 7, 1)]
    together = each(network(batch(items)))
    for item, told in zip(items, together, strict=True):
        alone = each(network(batch([item])))[0]
        assert alone.shape == (steps_of(len(item), stacked), 5)
        torch.testing.assert_close(alone, told, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(alone.exp().sum(1), torch.ones(len(alone), dtype=torch.float64), rtol=1e-6, atol=0)


def test_the_loss_is_minus_the_log_likelihood_over_all_alignments():
    scores = torch.randn(4, 3, 3, generator=torch.Generator().manual_seed(1)).log_softmax(2)
    made = Emission(scores, torch.tensor([4, 3, 2]))
    target = torch.tensor([[1, 1, -1], [2, -1, -1]])  # (L, B): 1 2, then 1, then nothing
    lost = Surprise(2.0)(made, target)
    for b, wanted in enumerate([(1, 2), (1,), ()]):
        whole = 0.0
        for path in product(range(3), repeat=int(made.lengths[b])):
            said = tuple(one for k, one in enumerate(path) if one and (not k or path[k - 1] != one))
            if said == wanted:
                whole += float(scores[range(len(path)), b, list(path)].sum().exp())
        assert float(lost[b]) == pytest.approx(-np.log(whole) / 2, rel=1e-5)


def test_a_sequence_that_became_too_short_teaches_nothing_that_time():
    scores = torch.randn(2, 2, 3).log_softmax(2).requires_grad_()
    lost = Surprise(1.0)(Emission(scores, torch.tensor([2, 2])), torch.tensor([[1, 1], [1, 2]]))
    assert lost[0] == 0 < lost[1]
    lost.sum().backward()
    assert not scores.grad[:, 0].any()
    assert scores.grad[:, 1].any()


def test_only_training_changes_what_is_read():
    network, given = drawn(), Batch(torch.randn(6, 2, 3), torch.tensor([6, 5]))
    network.augmentation.changes = Changes(0.0, 0.5, 0, 0.0)
    assert torch.equal(network.eval()(given).scores, network(given).scores)
    assert not torch.equal(network.train()(given).scores, network(given).scores)


def test_before_training_it_says_nothing_new_at_most_steps():
    network = built(drawn, torch.Generator().manual_seed(0)).eval()
    said = network(Batch(torch.randn(40, 3, 3), torch.tensor([40, 30, 20]))).scores.exp()
    assert 0.85 < said[..., 0].mean() < 0.95
