import pytest

from tidegate.insight.subject import spread


@pytest.mark.parametrize(("n_steps", "most"), [(1, 24), (7, 24), (24, 24), (25, 24), (500, 24), (9, 1)])
def test_first_and_last_step_are_among_those_that_are_looked_at(n_steps, most):
    steps = spread(n_steps, most)
    assert len(steps) == min(n_steps, most)
    assert list(steps) == sorted(set(steps))
    assert steps[0] == 1
    assert steps[-1] == n_steps or most == 1
