from itertools import pairwise

import pytest

from tidegate.training.schedule import rate


def test_rises_then_falls():
    rates = [rate(k, 100, 0.1) for k in range(100)]
    assert rates[:10] == pytest.approx([(k + 1) / 10 for k in range(10)])
    assert rates[10] == 1
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001


def test_one_update_without_warmup_is_at_full_rate():
    assert rate(0, 1, 0.5) == 1
