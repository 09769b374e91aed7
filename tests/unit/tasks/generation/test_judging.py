import numpy as np
import pytest
from scipy.stats import ttest_rel

from tidegate.tasks.generation.judging import Judgement, blocks


def judgement(nats, simple, step="character"):
    return Judgement("gru", "5-gram model of characters", step, "block", nats, simple)


def drawn(n, gain, seed=0, lengths=None):
    rng = np.random.default_rng(seed)
    sizes = [40] * n if lengths is None else lengths
    simple = [rng.exponential(2, size) for size in sizes]
    return [one - gain + rng.normal(0, 0.5, len(one)) for one in simple], simple


def test_with_blocks_of_one_length_it_is_the_paired_t_test():
    nats, simple = drawn(20, 0.03)
    wanted = ttest_rel([one.mean() for one in nats], [one.mean() for one in simple]).pvalue
    assert judgement(nats, simple).p_value == pytest.approx(wanted, rel=1e-10)


def test_a_true_null_is_rejected_one_time_in_twenty():
    rng = np.random.default_rng(1)
    sizes = rng.integers(5, 80, 30)
    found = [judgement(*drawn(30, 0.0, seed, sizes)).p_value < 0.05 for seed in range(400)]
    assert 0.02 < np.mean(found) < 0.09


@pytest.mark.parametrize(
    ("gain", "verdict", "said"),
    [
        (0.3, "better", "The gru network is better than the 5-gram model of characters: "),
        (-0.3, "worse", "Use the simple one."),
        (0.0, "no evidence of a difference", "There is no evidence that the gru network differs from the 5-gram"),
    ],
)
def test_the_verdict_in_words(gain, verdict, said):
    made = judgement(*drawn(20, gain))
    assert made.verdict == verdict
    assert said in made.sentences()[0]
    assert f"{made.bits:.3f} against {made.simple_bits:.3f} bits per character" in made.sentences()[0]
    assert "20 blocks" in made.sentences()[0]
    assert made.to_dict()["perplexity"] == pytest.approx(2**made.bits)


def test_too_few_blocks_are_no_test():
    made = judgement(*drawn(2, 1.0))
    assert made.verdict == "no evidence of a difference"
    assert "2 blocks, too few to test" in made.sentences()[0]
    assert made.to_dict()["p_value"] is None


def test_two_that_say_the_same_do_not_differ():
    nats, _ = drawn(5, 0.0)
    assert judgement(nats, nats).p_value == 1
    assert len(judgement(nats, nats, step="step").sentences()) == 1


def test_a_long_text_is_cut_into_blocks():
    found = blocks(np.arange(1_030.0))
    assert len(found) == 50
    np.testing.assert_array_equal(np.concatenate(found), np.arange(1_030.0))
    assert len(blocks(np.zeros(45))) == 2
    assert len(blocks(np.zeros(3))) == 1
