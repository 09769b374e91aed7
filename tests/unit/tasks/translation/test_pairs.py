import numpy as np
import pytest
import torch

from tidegate.tasks.translation.pairs import PairedExamples, Pairs, taken


def test_what_is_held_out_shares_no_source_with_what_is_learned():
    X = [f"source {k // 3}" for k in range(60)]
    given = Pairs.of(X, [f"target {k}" for k in range(60)])
    learned, held = given.parted(0.25, 0)
    assert len(held.sources) == 15
    assert not set(learned.sources) & set(held.sources)
    assert sorted([*learned.numbers, *held.numbers]) == list(range(60))
    assert all(given.sources[k] == one for k, one in zip(held.numbers, held.sources, strict=True))
    assert (given.parted(0.25, 0)[1].numbers == held.numbers).all()
    assert (given.parted(0.25, 1)[1].numbers != held.numbers).any()


def test_too_few_sources_are_all_learned_from():
    given = Pairs.of(["a"] * 9, ["b"] * 9)
    assert given.parted(0.5, 0) == (given, None)


def test_series_and_arrays_of_texts_are_taken():
    assert taken(np.array(["a b", "c"]), name="X") == ["a b", "c"]
    assert taken((("a", "b"), ["c"]), name="X") == [["a", "b"], ["c"]]


@pytest.fixture
def examples():
    sources = [np.array([5, 6], dtype=np.int32), np.array([7], dtype=np.int32)]
    return PairedExamples(sources, [np.array([2]), np.array([3, 4])], np.array([10, 11]))


def test_what_is_fed_is_what_is_wanted_one_step_late(examples):
    batch, wanted = examples.batch([0, 1])
    assert wanted.T.tolist() == [[2, 0, -1], [3, 4, 0]]
    assert batch.fed.T.tolist() == [[0, 2, 0], [0, 3, 4]]
    assert batch.there.T.tolist() == [[True, True, False], [True, True, True]]
    assert batch.inputs.T.tolist() == [[5, 6], [7, 0]]
    assert batch.lengths.tolist() == [2, 1]


def test_batches_go_by_the_steps_of_both_sides(examples):
    assert examples.lengths.tolist() == [4, 4]
    assert examples.mean_length == 2.5


def test_all_of_them_in_their_order_some_at_once(examples, monkeypatch):
    assert [wanted.shape[1] for _, wanted in examples.batches()] == [2]
    monkeypatch.setattr("tidegate.tasks.translation.pairs._MOST_TOKENS", 4)
    parts = [wanted.T.tolist() for _, wanted in examples.batches()]
    assert parts == [[[2, 0]], [[3, 4, 0]]]
    assert torch.equal(next(examples.batches())[0].lengths, torch.tensor([2]))
