import numpy as np
import pytest
import torch

from tidegate.tasks.generation import passages
from tidegate.tasks.generation.passages import Passages, Stretches, Surprise, Writing, surprises
from tidegate.training.epochs import Epochs


def tokens(*lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 5, n + 1).astype(np.int32) for n in lengths]


def of(whole, truncate=None):
    return Passages([one[:-1] for one in whole], [one[1:] for one in whole], np.arange(len(whole)), truncate=truncate)


def test_a_stretch_ends_where_its_sequence_does():
    inputs, target = of(tokens(5, 2)).stretch([0, 1], slice(1, 4))
    assert inputs.inputs.shape == target.shape == (3, 2)
    assert inputs.lengths.tolist() == [3, 1]
    assert target[:, 1].tolist()[1:] == [-1, -1]
    assert target.dtype == torch.int64


def test_steps_of_numbers_end_in_nan():
    whole = [np.ones((n, 3), dtype=np.float32) for n in (4, 2)]
    _, target = of(whole).batch([0, 1])
    assert target.shape == (3, 2, 3)
    assert target.isnan().sum() == 6


def test_one_long_sequence_is_cut_into_neighbouring_parts():
    whole = of(tokens(103), truncate=10)
    parts = whole.cut(4)
    assert sorted(parts.lengths.tolist()) == [25, 26, 26, 26]
    np.testing.assert_array_equal(np.concatenate(parts.items), whole.items[0])
    np.testing.assert_array_equal(np.concatenate(parts.targets), whole.targets[0])
    assert parts.truncate == 10


def test_stretches_follow_each_other_and_batches_change_places():
    order = Stretches(np.array([3, 25, 24, 4, 26]), (2, 10), seed=0)
    assert len(order) == 1 + 3 + 3
    epochs = [[order(e * len(order) + k).tolist() for k in range(len(order))] for e in range(8)]
    for epoch in epochs:
        places = [[one % 5 for one in chosen] for chosen in epoch]
        stretches = [chosen[0] // 5 for chosen in epoch]
        for now, before, here, there in zip(stretches[1:], stretches, places[1:], places, strict=False):
            assert now == 0 or (now == before + 1 and here == there)
        assert sorted(zip(map(tuple, places), stretches, strict=True)) == sorted(
            [((0, 3), 0)] + [(pair, s) for pair in ((2, 1), (4,)) for s in range(3)]
        )
    assert len({str(epoch) for epoch in epochs}) > 1
    assert isinstance(of(tokens(3, 4)).order(2, 0), Epochs)
    assert isinstance(of(tokens(3, 4), truncate=2).order(2, 0), Stretches)


def test_the_losses_of_stretches_are_those_of_the_whole(network):
    """With the state carried on; the loss of the last stretch alone differs if the state is not."""
    one, whole = network(), tokens(30, 30)
    losses = Surprise(None)
    problem = Writing(one, losses, of(whole, truncate=10))
    with torch.no_grad():
        parts = [problem.loss(torch.tensor([0, 1]) + 2 * s).item() for s in range(3)]
        alone = Writing(one, losses, of(whole, truncate=10)).loss(torch.tensor([4, 5])).item()
        full = Writing(one, Surprise(30.0), of(whole)).loss(torch.tensor([0, 1])).item()
    assert np.mean(parts) == pytest.approx(full, rel=1e-5)
    assert abs(alone - parts[2]) > 1e-5
    assert not problem._states


def test_no_gradient_goes_back_over_the_cut(network):
    one = network()
    problem = Writing(one, Surprise(None), of(tokens(20), truncate=10))
    problem.loss(torch.tensor([0])).backward()
    kept = problem._states[(0,)]
    assert all(not part.requires_grad for part in kept)
    problem.loss(torch.tensor([1])).backward()


def test_surprises_are_the_same_in_few_steps_at_a_time(network, monkeypatch):
    one, known = network(), of(tokens(40, 7, 23))
    before = surprises(one, known)
    monkeypatch.setattr(passages, "MOST_SAID", 60)
    after = surprises(one, known)
    assert [len(found) for found in after] == [40, 7, 23]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_the_held_out_loss_is_the_mean_over_the_steps(network):
    one, known = network(), of(tokens(10, 3))
    problem = Writing(one, Surprise(6.5), known, known)
    wanted = np.concatenate(surprises(one, known)).mean()
    assert problem.held_out_loss() == pytest.approx(wanted)
    assert Writing(one, Surprise(6.5), known).held_out_loss() is None


def test_what_broke_a_run_is_named(network):
    one, losses = network(), Surprise(None)
    whole = tokens(20, 20, 20)
    drawn = Passages([one[:-1] for one in whole], [one[1:] for one in whole], np.array([7, 4, 9]), truncate=10)
    problem = Writing(one, losses, drawn)
    assert problem.named(torch.tensor([1 + 3, 2 + 3])) == "stretch 1 of sequences 4, 9"
    assert Writing(one, losses, of(tokens(20, 20))).named(torch.tensor([1])) == "sequences 1"


def test_the_probe_is_short(network):
    one = network()
    problem = Writing(one, Surprise(None), of(tokens(1_000), truncate=10))
    short = Writing(one, Surprise(None), of([tokens(1_000)[0][:201]], truncate=10))
    assert problem.probe().item() == pytest.approx(short.probe().item())


def test_neighbours_in_a_batch_change_nothing(network):
    one, whole = network(), tokens(40, 7, 23)
    for alone, beside in zip(whole, surprises(one, of(whole)), strict=True):
        np.testing.assert_allclose(surprises(one, of([alone]))[0], beside, rtol=1e-5)


@pytest.mark.parametrize(("most", "n_at_once"), [(1, 1), (50, 5), (10**6, 12)])
def test_no_more_is_said_at_once_than_fits(network, monkeypatch, most, n_at_once):
    monkeypatch.setattr(passages, "MOST_SAID", most)
    parts = list(passages.walked(network(), torch.zeros((12, 2), dtype=torch.int32)))
    assert parts[0][1].shape == (n_at_once, 2, 5)
    assert [steps.start for steps, _, _ in parts] == list(range(0, 12, n_at_once))
