import numpy as np
import pytest

from tidegate.tasks.anomalies.signals import Gauge, Scale, Signals, Watch, blame

UNIT = Scale(np.zeros(2), np.ones(2))
BOTH = np.array([True, True])


def gauge(*names, lasting=(4,), judged=BOTH):
    return Gauge(UNIT, UNIT, names, lasting, judged)


def unknown(steps):
    return np.full((steps, 2), np.nan)


def test_scales_are_robust():
    rng = np.random.default_rng(0)
    values = rng.normal([1, 5], [2, 0.1], (5_000, 2))
    values[:200] = 1e6
    made = Scale.of(values)
    np.testing.assert_allclose(made.centre, [1, 5], atol=0.2)
    np.testing.assert_allclose(made.spread, [2, 0.1], rtol=0.15)


def test_a_channel_that_mostly_rests_has_its_deviation_as_spread():
    values = np.zeros((100, 1))
    values[:10] = 3.0
    assert Scale.of(values).spread[0] == pytest.approx(values.std())
    assert Scale.of(np.zeros((9, 1))).spread[0] > 0


def test_signals_by_hand():
    units = np.array([[3.0, 4.0], [1.0, np.nan], [np.nan, np.nan]])
    before = np.array([[np.nan, np.nan], [2.0, 2.0], [5.0, np.nan]])
    told = gauge("error", "lasting", "level").signals(units, np.ones((3, 2)), before)
    np.testing.assert_allclose(told.sizes[:, 0], [np.sqrt(12.5), 1.0, np.nan])
    np.testing.assert_allclose(told.sizes[0, 1], (2 + 5 + 3) / np.sqrt(3), rtol=1e-8)  # of the other only two are known
    np.testing.assert_allclose(told.sizes[:, 2], 1.0)


def test_lasting_errors_add_up_and_errors_to_both_sides_do_not():
    leaning = gauge("lasting").signals(np.ones((8, 2)), np.zeros((8, 2)), unknown(3)).sizes[:, 0]
    np.testing.assert_allclose(leaning, np.sqrt([np.nan, np.nan, 3, 4, 4, 4, 4, 4]), rtol=1e-8)
    swinging = np.tile([[1.0, 1.0], [-1.0, -1.0]], (4, 1))
    assert gauge("lasting").signals(swinging, np.zeros((8, 2)), unknown(3)).sizes[-1, 0] == 0


def test_every_length_is_a_signal_of_its_own():
    errors = np.r_[np.zeros(6), np.ones(4)][:, None].repeat(2, axis=1)
    both = gauge("error", "lasting", lasting=(2, 4))
    assert both.before.shape == (3, 2)
    told = both.signals(errors, errors, both.before).sizes
    for column, length in ((1, 2), (2, 4)):
        alone = gauge("lasting", lasting=(length,))
        np.testing.assert_array_equal(told[:, column], alone.signals(errors, errors, alone.before).sizes[:, 0])
    np.testing.assert_allclose(told[-1], [1, np.sqrt(2), 2], rtol=1e-8)


def test_what_came_before_counts():
    whole = np.random.default_rng(0).normal(size=(20, 2))
    one = gauge("error", "lasting", lasting=(2, 4))
    at_once = one.signals(whole, whole, unknown(3)).sizes
    apart = [one.signals(whole[k : k + 1], whole[k : k + 1], whole[k - 3 : k]).sizes[0] for k in range(3, 20)]
    np.testing.assert_array_equal(at_once[3:], apart)


def test_channels_that_are_only_read_do_not_speak():
    told = gauge("error", judged=np.array([True, False])).signals(np.array([[1.0, 50.0]]), np.zeros((1, 2)), unknown(3))
    assert told.sizes.tolist() == [[1.0]]
    assert blame(told, np.ones((1, 1))).tolist() == [[1.0, 0.0]]


def test_blame_is_of_the_odder_signal():
    told = Signals(np.ones((2, 2)), np.array([[[3.0, 1.0], [0.0, 9.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    assert blame(told, np.array([[2.0, 1.0], [1.0, 2.0]])).tolist() == [[0.75, 0.25], [0.0, 0.0]]


def test_blame_of_the_mean_is_of_every_signal_by_what_it_says():
    told = Signals(np.ones((2, 2)), np.array([[[3.0, 1.0], [0.0, 9.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    shares = blame(told, np.array([[2.0, 1.0], [1.0, 2.0]]), "mean")
    np.testing.assert_allclose(shares, [[2 * 0.75 / 3, (2 * 0.25 + 1) / 3], [0, 0]])


def test_a_watch_may_say_the_mean_of_its_signals():
    normal = np.random.default_rng(0).exponential(size=(400, 2))
    scores, each = Watch(normal, 0, "mean").walk(np.array([[50.0, 0.0], [50.0, 50.0]]))
    np.testing.assert_allclose(scores, each.mean(axis=1))
    assert scores[0] < 0.8 * each[0].max()


def test_a_watch_says_the_oddest_and_nothing_of_what_is_unknown():
    normal = np.random.default_rng(0).exponential(size=(400, 2))
    scores, each = Watch(normal, 0).walk(np.array([[50.0, 0.0], [np.nan, np.nan]]))
    assert scores[0] == each[0, 0] > 4
    assert scores[1] == 0


def test_what_is_remembered_becomes_usual():
    normal = np.random.default_rng(0).exponential(size=(400, 1))
    risen = 4 + np.random.default_rng(1).exponential(size=(600, 1))
    fixed, follows = (Watch(normal, memory).walk(risen)[0] for memory in (0, 400))
    np.testing.assert_array_equal(fixed[:25], follows[:25])
    assert follows[-100:].mean() < 0.7 < 1.5 < fixed[-100:].mean()


def test_a_watch_that_remembers_says_the_same_step_by_step():
    rng = np.random.default_rng(0)
    normal, seen = rng.exponential(size=(200, 2)), rng.exponential(size=(90, 2))
    at_once = Watch(normal, 150).walk(seen)[0]
    watch = Watch(normal, 150)
    np.testing.assert_array_equal(at_once, [watch.walk(row[None])[0][0] for row in seen])


def test_state_comes_back():
    one = gauge("error", "level", judged=np.array([False, True]))
    again = Gauge.from_state(one.state())
    assert (again.names, again.lasting, again.judged.tolist()) == (("error", "level"), (4,), [False, True])


def test_a_signal_of_which_too_few_steps_are_known_says_nothing():
    normal = np.random.default_rng(0).exponential(size=(400, 2))
    normal[19:, 1] = np.nan
    scores, each = Watch(normal, 0).walk(np.array([[0.1, 50.0]]))
    assert each[0, 1] == 0
    assert scores[0] == each[0, 0] < 1


@pytest.mark.parametrize("gone", [(0, 1), (1,)])
def test_what_is_missing_pushes_nothing_out_of_memory(gone):
    rng = np.random.default_rng(0)
    watch = Watch(rng.exponential(size=(100, 2)), 100)
    missing = rng.exponential(size=(150, 2))
    missing[:, gone] = np.nan
    watch.walk(missing)
    assert watch.walk(rng.exponential(size=(25, 2)))[1].max() < 4
    assert watch.walk(np.array([[0.0, 50.0]]))[1][0, 1] > 4
