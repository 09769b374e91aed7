import numpy as np
import pytest

from tidegate.evaluation.evidence.confidence_set import FEWEST, confidence_set


def blocks_of(n, *offsets, seed=0, shared=1.0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, shared, n)
    return {f"m{k}": 5 + offset + common + rng.normal(0, 1, n) for k, offset in enumerate(offsets)}


def test_models_that_are_clearly_worse_leave():
    found = confidence_set(blocks_of(60, 0, 0, 2, 4))
    assert list(found)[:2] == ["m3", "m2"]
    assert found["m3"] <= found["m2"] < 0.1
    assert min(found["m0"], found["m1"]) > 0.1
    assert max(found.values()) == 1.0


def test_it_holds_the_best_model_as_often_as_it_says():
    kept = [confidence_set(blocks_of(30, 0, 0.15, 0.3, seed=seed), draws=300)["m0"] >= 0.1 for seed in range(200)]
    assert np.mean(kept) >= 0.87


def test_equal_models_all_stay_most_of_the_time():
    stayed = [
        min(confidence_set(blocks_of(30, 0, 0, 0, 0, seed=seed), draws=300).values()) >= 0.1 for seed in range(200)
    ]
    assert 0.82 <= np.mean(stayed) <= 0.97


def test_what_all_models_share_does_not_matter():
    calm, wild = (confidence_set(blocks_of(30, 0, 1.2, shared=shared)) for shared in (0.1, 20.0))
    assert calm["m1"] == pytest.approx(wild["m1"], abs=0.02)


def test_blocks_in_a_row_are_drawn_together():
    """Errors that repeat over folds that overlap are fewer witnesses: the worse model is kept more easily."""
    few = blocks_of(12, 0, 0.8, seed=3)
    repeated = {name: np.repeat(values, 4) for name, values in few.items()}
    alone, together = (confidence_set(repeated, run=run)["m1"] for run in (1, 4))
    assert together > alone


def test_identical_models_stay():
    assert confidence_set(dict.fromkeys("abc", np.random.default_rng(0).normal(size=20))) == {
        "a": 1.0,
        "b": 1.0,
        "c": 1.0,
    }


def test_too_few():
    assert confidence_set(blocks_of(FEWEST - 1, 0, 1)) == {}
    assert confidence_set(blocks_of(20, 0)) == {}


def test_the_same_seed_gives_the_same_bits():
    blocks = blocks_of(20, 0, 0.5, 1)
    assert confidence_set(blocks, seed=2) == confidence_set(blocks, seed=2)
    assert confidence_set(blocks, seed=2) != confidence_set(blocks, seed=3)
