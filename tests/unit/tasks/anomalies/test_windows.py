import numpy as np
import pytest
import torch

from tidegate.data.recorded import Recording
from tidegate.errors import DataError
from tidegate.tasks.anomalies.network import ROOM
from tidegate.tasks.anomalies.normality import Parts
from tidegate.tasks.anomalies.windows import Cut
from tidegate.tasks.limits import check_memory
from tidegate.tasks.reading import Reader


def recording(n_steps, start=0):
    return Recording(np.arange(start, start + n_steps, dtype=float)[:, None], ("a",))


def cut(length, *, ahead=1, judged=True):
    reader = Reader("values", None, (np.zeros(1), np.full(1, 1e3)))
    return Cut(reader, np.array([judged]), length, ahead)


def steps(window):
    """Undo the units."""
    return np.round(np.asarray(window)[:, 0] * 1e3)


def test_windows_overlap_and_reach_the_end():
    made = cut(8).learned(Parts([recording(21)], [21], [21]))
    assert [int(steps(item)[0]) for item in made.items] == [0, 2, 4, 6, 8, 10, 12, 13]
    np.testing.assert_array_equal(steps(made.items[-1]), np.arange(13, 21))
    np.testing.assert_array_equal(steps(made.targets[-1]), np.arange(13, 21))


@pytest.mark.parametrize(("stopped", "first"), [(42, 34), (56, 36)])
def test_held_windows_reach_back_but_want_only_what_was_not_learned_from(stopped, first):
    made = cut(8).held(Parts([recording(60)], [40], [stopped]))
    np.testing.assert_array_equal(steps(made.items[0]), np.arange(first, first + 8))
    wanted = steps(made.targets[0])
    np.testing.assert_array_equal(np.isnan(wanted), np.arange(first, first + 8) < 40)
    assert steps(made.targets[-1])[-1] == stopped - 1


def test_who_foresees_learns_from_what_is_shorter_than_a_window():
    parts = Parts([recording(30), recording(5, 100)], [30, 5], [30, 5])
    both = cut(8).learned(parts)
    np.testing.assert_array_equal(steps(both.items[-1]), [*range(100, 105), 104, 104, 104])
    np.testing.assert_array_equal(steps(both.targets[-1]), [*range(100, 105), np.nan, np.nan, np.nan])
    assert len(cut(8, ahead=0).learned(parts)) == len(both) - 1


def test_windows_are_known_by_their_first_step_and_their_recording():
    two = [recording(21)._replace(name="mill"), recording(60)._replace(name="pump")]
    made = cut(8).learned(Parts(two, [21, 40], [21, 42]))
    assert [made.called(k) for k in (0, 7, 8)] == [
        "from step 0 of recording mill", "from step 13 of recording mill", "from step 0 of recording pump"
    ]  # fmt: skip
    assert cut(8).held(Parts([recording(60)], [40], [42])).called(0) == "from step 34"

    class Wide(torch.nn.Identity):
        def kept(self, n_steps, n_wanted):
            return 20_000_000 * n_steps

    with pytest.raises(DataError, match="window from step 0 of recording mill has 8 steps") as told:
        check_memory(made, 8, Wide())
    assert "Lower batch_size (--batch-size) to 6 or lower window." in str(told.value)


def test_newest_steps_are_cut_as_they_are_and_too_few_give_nothing():
    made = cut(8).newest(np.arange(12.0)[:, None] / 1e3)
    assert [int(steps(item)[0]) for item in made.items] == [0, 2, 4]
    np.testing.assert_array_equal(steps(made.targets[-1]), np.arange(4, 12))
    assert len(cut(8).newest(np.zeros((7, 1)))) == 0


def test_nothing_may_be_left_to_stop_by():
    assert cut(8).held(Parts([recording(30)], [30], [30])) is None
    assert cut(8, ahead=0).held(Parts([recording(30), recording(9)], [30, 0], [30, 3])) is None
    empty = recording(9)._replace(values=np.full((9, 1), np.nan))
    assert cut(8).held(Parts([recording(30), empty], [30, 0], [30, 9])) is None


def test_only_judged_channels_are_wanted_and_nothing_far_off_is_read():
    far = recording(20, 50_000)
    made = cut(8).learned(Parts([far], [20], [20]))
    assert np.max(made.items) == ROOM < float(made.targets.max())
    with pytest.raises(DataError, match="the 20 steps to learn from hold no value"):
        cut(8, judged=False).learned(Parts([far], [20], [20]))
