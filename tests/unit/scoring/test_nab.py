import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.scoring.nab import Profile, Scored, nab_score, probation

WINDOW = np.array([[40, 49]])


def at(*rows, n_steps=200):
    scores = np.zeros(n_steps)
    scores[list(rows)] = 1.0
    return scores


def squashed(x):
    return 2 / (1 + np.exp(5 * x)) - 1


def test_perfect_and_silent_detectors_are_the_ends_of_the_scale():
    assert nab_score([Scored(at(40), WINDOW)], threshold=0.5).score == pytest.approx(100)
    silent = nab_score([Scored(at(), WINDOW)], threshold=0.5)
    assert (silent.score, silent.found, silent.outside) == (0.0, 0, 0)


@pytest.mark.parametrize(("row", "place"), [(40, -1.0), (45, -0.5), (49, -0.1)])
def test_the_first_alarm_in_a_window_counts_by_its_place(row, place):
    found = nab_score([Scored(at(row, 49), WINDOW)], threshold=0.5)
    assert found.score == pytest.approx(50 * (squashed(place) / squashed(-1) + 1))


def test_alarms_outside_cost_by_their_distance_from_the_window_before():
    just_after = nab_score([Scored(at(40, 52), WINDOW)], threshold=0.5)
    assert just_after.score == pytest.approx(100 + 50 * 0.11 * squashed(3 / 9))
    far = nab_score([Scored(at(40, 150), WINDOW)], threshold=0.5)
    assert (far.score, far.outside) == (pytest.approx(100 - 50 * 0.11), 1)
    before = nab_score([Scored(at(35, 40), WINDOW)], threshold=0.5)
    assert before.score == pytest.approx(100 - 50 * 0.11), "no window lies before"


def test_probation_is_not_judged():
    assert nab_score([Scored(at(5, 29, 40), WINDOW)], threshold=0.5).score == pytest.approx(100)
    assert nab_score([Scored(at(30, 40), WINDOW)], threshold=0.5).outside == 1
    assert probation(200) == 30


def test_one_threshold_is_chosen_for_all_recordings():
    first, second = at(40) * 3, at(60) * 2  # an alarm at 2 in the second costs more than it finds there
    second[40] = 1
    found = nab_score([Scored(first, WINDOW), Scored(second, WINDOW)])
    tried = [nab_score([Scored(first, WINDOW), Scored(second, WINDOW)], threshold=t).score for t in (3, 2, 1, 0.5, 9)]
    assert found.score == pytest.approx(max(tried))
    assert found.threshold == 1
    assert (found.found, found.windows, found.outside) == (2, 2, 1)


def test_the_profile_weighs_mistakes():
    dear = nab_score([Scored(at(40, 150), WINDOW)], threshold=0.5, profile=Profile(alarm=1.0))
    assert dear.score == pytest.approx(50)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match="have no window"):
        nab_score([Scored(at(1), np.empty((0, 2), dtype=int))])
    with pytest.raises(DataError, match="a score is not a number"):
        nab_score([Scored(at(1) * np.nan, WINDOW)])
