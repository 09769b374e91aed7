import numpy as np

from tidegate.evaluation.audit.points import points
from tidegate.evaluation.audit.subject import Judged


def test_all_points_are_counted(material):
    made = material(2)
    found = points(made.panel, Judged(made.origins, np.ones((40, 2, 6))))
    assert found.finding.outcome == "passed"
    assert found.finding.statement == "All 480 points are there: 2 series, 40 origins, 6 steps."


def test_the_first_missing_point_is_named(material):
    made = material(2)
    mean = np.ones((40, 2, 6))
    mean[-1, 1, 3:] = np.nan
    found = points(made.panel, Judged(made.origins, mean))
    assert found.finding.outcome == "failed"
    assert (found.missing, found.expected) == (3, 480)
    assert "the first of them step 4 of series 's1' after 2016-06-01" in found.finding.statement
    assert found.scored[-1].tolist() == [1, 1, 1, 0.5, 0.5, 0.5]
