import numpy as np

from tidegate.data.recorded import Recording
from tidegate.tasks.anomalies.episodes import episodes
from tidegate.tasks.anomalies.walking import Told

TIMES = np.datetime64("2026-01-01", "ns").astype(np.int64) + np.arange(12) * 3_600_000_000_000


def told(scores, name=""):
    scores = np.array(scores, dtype=float)
    shares = np.tile([0.2, 0.8], (len(scores), 1))
    shares[5] = [1.0, 0.0]
    return Recording(np.zeros((len(scores), 2)), ("flow", "heat"), TIMES[: len(scores)], dated=True, name=name), Told(
        scores, shares
    )


def test_alarms_close_together_are_one_episode():
    scores = [0, 0, 5, 0, 0, 9, 4, 0, 0, 0, 0, 4]
    found = episodes([told(scores)], 3.0, quiet=3)
    assert [(one.first, one.peak, one.last) for one in found] == [(2, 5, 6), (11, 11, 11)]
    assert len(episodes([told(scores)], 3.0, quiet=2)) == 3
    assert found[0].score == 9
    assert found[0].time == np.datetime64("2026-01-01T05")


def test_blame_is_shared_by_the_steps_with_an_alarm():
    first = episodes([told([0, 0, 5, 0, 0, 9, 4, 0])], 3.0, quiet=3)[0]
    assert list(first.shares) == ["heat", "flow"]
    np.testing.assert_allclose(list(first.shares.values()), [1.6 / 3, 1.4 / 3])
    assert first.blamed() == "heat 53 %, flow 47 %"


def test_a_frame_has_a_row_for_each():
    made = episodes([told([0, 5, 5, 0, 0, 0], "a"), told([0] * 6, "b")], 3.0, quiet=1).frame()
    assert made[["recording", "steps", "score", "channels"]].to_numpy().tolist() == [
        ["a", 2, 5.0, "heat 80 %, flow 20 %"]
    ]
    assert episodes([told([0] * 6)], 3.0, quiet=1).frame().empty
