import numpy as np
import pytest
from scipy.stats import permutation_test, wilcoxon

from tidegate.evaluation.evidence.pairs import holm, pairwise
from tidegate.evaluation.significance import compare


def gamma(shape, seed, factor=1.0):
    return factor * np.random.default_rng(seed).gamma(4.0, size=shape)


def test_every_two_models_once_the_better_first():
    errors = {"a": gamma((5, 1), 0), "b": gamma((5, 1), 1, 2.0), "c": gamma((5, 1), 2, 0.5)}
    found = pairwise(errors)
    assert [{pair.better, pair.worse} for pair in found] == [{"a", "b"}, {"a", "c"}, {"b", "c"}]
    for pair in found:
        assert pair.errors == tuple(pytest.approx(errors[name].mean()) for name in (pair.better, pair.worse))
        assert pair.errors[0] < pair.errors[1]
        assert pair.comparison.difference == pytest.approx(pair.errors[0] - pair.errors[1])


def test_holm_by_hand():
    made = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert made[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(made[1])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_many_equal_models_are_seldom_told_apart():
    """Ten equal models make 45 pairs: without a correction about two of them would differ clearly by luck."""
    found = [pairwise({str(k): gamma((6, 1), 100 * seed + k) for k in range(10)}) for seed in range(60)]
    any_plain = np.mean([any(pair.comparison.significant for pair in pairs) for pairs in found])
    any_clear = np.mean([any(pair.clear for pair in pairs) for pairs in found])
    assert any_plain > 0.5
    assert any_clear <= 0.1


def test_series_have_permutation_and_rank_tests_that_are_scipys():
    errors = {"a": gamma((2, 30), 0), "b": gamma((2, 30), 1, 1.15)}
    pair = pairwise(errors)[0]
    differences = (errors["a"] - errors["b"]).mean(axis=0)
    theirs = permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(0)
    )
    assert pair.p_permutation == pytest.approx(theirs.pvalue, abs=0.02)
    assert pair.p_wilcoxon == pytest.approx(wilcoxon(differences).pvalue)


def test_one_huge_difference_does_not_sway_the_ranks():
    rng = np.random.default_rng(0)
    differences = np.abs(rng.normal(1, 0.3, size=(1, 40)))
    differences[0, 0] = -300
    pair = pairwise({"a": np.full((1, 40), 500.0) - differences, "b": np.full((1, 40), 500.0)})[0]
    assert pair.p_wilcoxon < 0.001
    assert pair.comparison.p > 0.3
    assert pair.p_permutation > 0.3


def test_folds_have_neither():
    pair = pairwise({"a": gamma((6, 2), 0), "b": gamma((6, 2), 1)})[0]
    assert np.isnan([pair.p_permutation, pair.p_wilcoxon]).all()
    assert pair.comparison.unit == "fold"


def test_identical_models_do_not_differ():
    for shape in ((6, 1), (2, 30)):
        pair = pairwise(dict.fromkeys("ab", gamma(shape, 0)))[0]
        assert (pair.better, pair.worse) == ("a", "b")
        assert pair.p_holm == 1.0
        assert not pair.clear


def test_overlap_reaches_the_test():
    errors = {"a": gamma((8, 1), 0), "b": gamma((8, 1), 1)}
    assert pairwise(errors, overlap=1)[0].comparison.p == compare(errors["a"], errors["b"], overlap=1).p
    assert pairwise(errors, overlap=1)[0].comparison.p != pairwise(errors)[0].comparison.p


def test_sentences():
    base, noise = gamma((6, 1), 0), np.random.default_rng(1).normal(0, 0.01, (6, 1))
    found = pairwise({"old": base + 1, "new": base + noise})[0]
    assert str(found).startswith("new (")
    assert "is better than old" in str(found)
    assert "n = 6 folds" in str(found)
    assert "no evidence of a difference (p = 1, n = 6 folds)" in str(pairwise({"a": base, "b": base})[0])
    assert "no test possible (n = 1 fold)" in str(pairwise({"a": base[:1], "b": base[1:2]})[0])
    wide = {"a": gamma((2, 30), 0), "b": gamma((2, 30), 1, 3.0)}
    assert "n = 30 series" in str(pairwise(wide)[0])
