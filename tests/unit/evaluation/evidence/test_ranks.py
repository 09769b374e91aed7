import numpy as np
import pytest
from scipy.stats import friedmanchisquare

from tidegate.evaluation.evidence.ranks import ranks


def blocks_of(n, *offsets, seed=0):
    rng = np.random.default_rng(seed)
    return {f"m{k}": rng.normal(offset, 1, n) for k, offset in enumerate(offsets)}


def test_ranks_by_hand():
    blocks = {"a": np.arange(12.0), "b": np.arange(12.0) + 2, "c": np.arange(12.0) + np.tile([1, 3], 6)}
    found = ranks(blocks)
    assert found.mean == pytest.approx({"a": 1.0, "b": 2.5, "c": 2.5})
    assert found.n == 12


def test_friedman_is_scipys():
    blocks = blocks_of(20, 0, 0.5, 1)
    assert ranks(blocks).p == pytest.approx(friedmanchisquare(*blocks.values()).pvalue)


@pytest.mark.parametrize(
    ("k", "n", "critical"), [(3, 10, 2.343 * np.sqrt(12 / 60)), (5, 30, 2.728 * np.sqrt(30 / 180))]
)
def test_the_critical_difference_is_that_of_the_tables(k, n, critical):
    """Demsar (2006), table 5a: q at 5 % is 2.343 for three models, 2.728 for five."""
    assert ranks(blocks_of(n, *range(k))).critical == pytest.approx(critical, rel=1e-3)


def test_groups_are_those_within_the_critical_difference():
    found = ranks(blocks_of(40, 0, 0.05, 3, 3.05, 9))
    assert [set(group) for group in found.groups] == [{"m0", "m1"}, {"m2", "m3"}]
    assert found.p < 0.001


def test_groups_may_share_models_but_none_holds_another():
    found = ranks(blocks_of(12, 0, 0.6, 1.2, 1.8))
    assert len(found.groups) > 1
    assert set(found.groups[0]) & set(found.groups[1])
    assert all(not set(a) <= set(b) for a in found.groups for b in found.groups if a is not b)
    means = found.mean
    assert all(means[group[-1]] - means[group[0]] <= found.critical for group in found.groups)


def test_ties_share_their_rank():
    found = ranks(dict.fromkeys("abc", np.arange(10.0)))
    assert found.mean == {"a": 2.0, "b": 2.0, "c": 2.0}
    assert found.p == 1.0
    assert found.groups == (("a", "b", "c"),)


def test_too_few():
    assert ranks(blocks_of(9, 0, 1, 2)) is None
    assert ranks(blocks_of(30, 0, 1)) is None
