import numpy as np
import pytest
from scipy.stats import binomtest, genpareto, norm

from tidegate.errors import DataError
from tidegate.scoring.tails import tail_of, threshold_for


def test_surprise_is_the_decimal_logarithm_of_the_chance():
    rng = np.random.default_rng(0)
    tail = tail_of(np.abs(rng.normal(size=20_000)))
    for chance in (0.5, 0.1, 0.01, 1e-3):
        value = norm.isf(chance / 2)
        assert tail.surprise(np.array([value]))[0] == pytest.approx(-np.log10(chance), abs=0.12)


def test_surprise_never_falls_and_keeps_what_is_unknown():
    rng = np.random.default_rng(1)
    tail = tail_of(rng.exponential(size=300))
    told = tail.surprise(np.linspace(-1, 50, 5_000))
    assert (np.diff(told) >= 0).all()
    assert told[0] == 0
    assert np.isnan(tail.surprise(np.array([np.nan])))[0]


def test_the_tail_is_found():
    heavy = genpareto(0.3, scale=2.0).rvs(100_000, random_state=2)
    made = tail_of(heavy)
    assert made.shape == pytest.approx(0.3, abs=0.1)
    assert made.reached(1e-4) == pytest.approx(genpareto(0.3, scale=2.0).isf(1e-4), rel=0.25)


def test_numbers_that_are_all_the_same_make_anything_else_odd():
    tail = tail_of(np.zeros(50))
    assert tail.surprise(np.array([0.0, 0.1])).tolist()[0] == 0
    assert tail.surprise(np.array([0.1]))[0] > 100


@pytest.mark.parametrize(("n", "rate", "method"), [(5_000, 0.01, "counted"), (400, 0.01, "fitted")])
def test_the_stated_rate_holds(n, rate, method):
    rng = np.random.default_rng(3)
    got, inside = [], 0
    for _ in range(40):
        made = threshold_for(rng.exponential(size=n), rate)
        assert made.method == method
        got.append(np.exp(-made.value))
        inside += made.low <= got[-1] <= made.high
    assert np.mean(got) == pytest.approx(rate, rel=0.35)
    assert binomtest(inside, 40, 0.95).pvalue > 0.001, "the interval holds what it states"


def test_scores_that_are_high_together_widen_the_interval():
    rng = np.random.default_rng(4)
    alone = rng.exponential(size=3_000)
    together = np.repeat(alone[:300], 10)
    widths = [(lambda made: made.high - made.low)(threshold_for(scores, 0.02)) for scores in (alone, together)]
    assert widths[1] > 1.5 * widths[0]


def test_too_few_are_refused():
    with pytest.raises(DataError, match="there are 19 normal steps to fit a threshold to; it needs 20"):
        tail_of(np.arange(19.0))
