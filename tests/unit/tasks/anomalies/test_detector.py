import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest
from sklearn.base import clone

import tidegate
from tidegate import AnomalyDetector
from tidegate.errors import DataError, NotFittedError, SettingError
from tidegate.training.settings import Training

QUICK = {"hidden_size": 8, "window": 24, "false_alarms": 0.01}


def test_it_finds_what_is_odd_and_blames_the_channel(fitted, odd):
    alarms = fitted.alarms(odd)
    hit = [one for one in alarms if one.first <= 103 and one.last >= 100]
    assert len(hit) == 1
    assert max(hit[0].shares, key=hit[0].shares.get) == "channel 0"
    assert hit[0].score == max(one.score for one in alarms)
    told = fitted.predict(odd)
    assert told[100:104].any()
    assert told[20:90].mean() < 0.1


def test_predictions_are_scores_above_the_threshold(fitted, odd):
    scores = fitted.score_samples(odd)
    assert scores.shape == (300,)
    assert (fitted.predict(odd) == (scores > fitted.threshold_.value)).all()
    shares = fitted.blame(odd)
    np.testing.assert_allclose(shares.sum(axis=1)[scores > 0], 1.0)
    assert [len(one) for one in fitted.score_samples([odd, odd[:50]])] == [300, 50]


def test_nothing_is_said_where_nothing_is_known(fitted, odd):
    scores = fitted.score_samples(odd)
    assert np.isfinite(scores).all()
    nothing = fitted.score_samples(np.full((60, 2), np.nan))
    assert (nothing == 0).all()


@pytest.mark.parametrize("signals", [("error",), ("error", "lasting", "level")])
def test_the_stated_rate_of_false_alarms_holds(signals, waves):
    settings = {**QUICK, "signals": signals, "false_alarms": 0.02}
    model = AnomalyDetector(**settings).fit(waves(6_000, 3), epochs=1, batch_size=64)
    assert model.threshold_.method == "counted"
    got = model.predict(waves(6_000, 4, start=6_000)).mean()
    assert model.threshold_.low <= 0.02 <= model.threshold_.high
    assert model.threshold_.low / 1.3 <= got <= model.threshold_.high * 1.3
    noise = np.random.default_rng(5).normal(size=4_000)
    alone = AnomalyDetector(**{**settings, "signals": ("error",)}).fit(noise, epochs=1, batch_size=64)
    said = alone.predict(np.random.default_rng(6).normal(size=4_000))
    chance = binomtest(int(said.sum()), 4_000).proportion_ci(0.99)
    assert chance.low <= alone.threshold_.high
    assert alone.threshold_.low <= chance.high


def test_the_beginning_of_a_recording_raises_no_more_false_alarms_than_the_rest():
    """Where errors undo each other their sum is small, and a few of them are larger."""
    rng = np.random.default_rng(0)
    model = AnomalyDetector(**QUICK).fit(np.diff(rng.normal(size=3_001)), epochs=1)
    said = np.array([model.predict(np.diff(rng.normal(size=31))) for _ in range(200)])
    first, rest = said[:, 8:10], said[:, 20:].mean()
    assert first.sum() <= binom(first.size, max(rest, 0.01)).ppf(0.999)


def test_a_day_has_as_many_steps_as_its_dates_say(waves):
    time = pd.date_range("2026-01-01", periods=400, freq="10min", unit="ns")
    frame = pd.DataFrame({"time": time, "flow": waves(400, 0)[:, 0]})
    model = AnomalyDetector(**{**QUICK, "false_alarms": 2.88}, per="day").fit(frame, epochs=1)
    assert model.threshold_.rate == pytest.approx(0.02)
    assert model.alarms(frame).frame().dtypes["steps"] == np.int64
    with pytest.raises(SettingError, match="the recordings have no dates"):
        model.fit(waves(200, 0), epochs=1)
    with pytest.raises(SettingError, match="false_alarms is 100 per day, which is every other step or more"):
        clone(model).set_params(false_alarms=100).fit(frame, epochs=1)


def test_a_saved_detector_says_the_same_bits(fitted, odd, tmp_path):
    fitted.save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    np.testing.assert_array_equal(again.score_samples(odd), fitted.score_samples(odd))
    assert again.threshold_ == fitted.threshold_
    assert again.notes_ == fitted.notes_ != []
    assert again.get_params() == fitted.get_params()


def test_the_same_seed_gives_the_same_bits_and_another_does_not(normal):
    first, again, other = (
        AnomalyDetector(**QUICK, seed=seed).fit(normal, epochs=1).score_samples(normal) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_another_level_becomes_usual_for_who_remembers(normal, waves):
    risen = waves(900, 2) + np.where(np.arange(900) >= 300, 1.5, 0.0)[:, None]
    fixed, follows = (
        AnomalyDetector(**QUICK, memory=memory).fit(normal, epochs=4).predict(risen) for memory in (0, 400)
    )
    assert follows[300:320].any()
    assert follows[800:].mean() < 0.1 < fixed[800:].mean()


def test_another_rhythm_is_learned_on_request(normal, tmp_path):
    t = np.arange(900)
    slower = np.stack([np.sin(t / 9), 3 + 2 * np.cos(t / 9)], axis=1) + np.random.default_rng(2).normal(
        0, 0.05, (900, 2)
    )
    slower[850:854, 0] += 0.6
    settings = QUICK | {"signals": ("error",), "memory": 400}
    fixed, follows = (AnomalyDetector(**settings, relearn=each).fit(normal, epochs=12) for each in (0, 200))
    before = follows.score_samples(normal[:150])
    kept, learned = (model._settled().expectation().errors(slower) for model in (fixed, follows))
    np.testing.assert_array_equal(learned[:200], kept[:200])
    assert np.abs(learned[-300:-60]).mean() < 0.8 * np.abs(kept[-300:-60]).mean()
    assert follows.score_samples(slower)[850:854].max() > fixed.score_samples(slower)[850:854].max()
    np.testing.assert_array_equal(follows.score_samples(normal[:150]), before)
    follows.save(tmp_path / "model")
    np.testing.assert_array_equal(
        tidegate.load(tmp_path / "model").score_samples(slower), follows.score_samples(slower)
    )


def test_the_mean_of_signals_has_a_threshold_of_its_own(normal, odd):
    oddest, mean = (AnomalyDetector(**QUICK, joined=way).fit(normal, epochs=8) for way in ("oddest", "mean"))
    assert mean.threshold_.value < oddest.threshold_.value
    assert mean.predict(odd)[100:104].any()
    assert mean.blame(odd)[102, 0] > 0.5


def test_units_do_not_matter(normal, odd):
    plain = AnomalyDetector(**QUICK).fit(normal, epochs=2).score_samples(odd)
    scaled = AnomalyDetector(**QUICK).fit(normal * 4, epochs=2).score_samples(odd * 4)
    np.testing.assert_allclose(scaled, plain, rtol=1e-9)


def test_errors_may_be_summed_over_several_lengths(normal, odd, tmp_path):
    short, both = (AnomalyDetector(**QUICK, lasting=steps).fit(normal, epochs=2) for steps in (4, (4, 30)))
    scores = both.score_samples(odd)
    assert (scores >= short.score_samples(odd)).all(), "one signal more, and the oddest counts"
    assert (scores > short.score_samples(odd) + 0.5)[104:130].any(), "the sum over 30 steps remembers what was odd"
    watch = both.online()
    np.testing.assert_allclose([watch.update(row) for row in odd], scores, atol=1e-6)
    both.save(tmp_path / "model")
    np.testing.assert_array_equal(tidegate.load(tmp_path / "model").score_samples(odd), scores)


def test_channels_may_only_be_read(normal, odd):
    model = AnomalyDetector(**QUICK, judged=["channel 1"]).fit(normal, epochs=2)
    assert all(set(one.shares) and one.shares["channel 0"] == 0 for one in model.alarms(odd))
    with pytest.raises(SettingError, match="judged names 'flow'; the channels are 'channel 0', 'channel 1'"):
        AnomalyDetector(**QUICK, judged=["flow"]).fit(normal, epochs=1)


def test_a_channel_that_never_moved_is_named_and_any_move_is_odd(waves):
    still = np.column_stack([waves(400, 0)[:, 0], np.full(400, 7.0)])
    model = AnomalyDetector(**QUICK).fit(still, epochs=2)
    assert "Never moved in training, so that any move of it is odd: channel 1." in model.notes_
    moved = still[:100].copy()
    moved[50, 1] = 8.0
    assert model.predict(moved)[50] == 1
    constant = AnomalyDetector(**QUICK).fit(np.full(200, 3.0), epochs=1)
    assert constant.predict(np.full(100, 3.0)).sum() == 0


def test_a_fitted_threshold_is_named(normal):
    model = AnomalyDetector(**{**QUICK, "false_alarms": 0.001}).fit(normal, epochs=1)
    assert model.threshold_.method == "fitted"
    assert "are too few to count alarms at a rate of 0.001 per step" in model.notes_[-1]


def test_a_short_recording_has_something_to_stop_training_by(waves):
    model = AnomalyDetector(hidden_size=4, window=64).fit(waves(200, 0), epochs=2)
    assert np.isfinite(model.history_["val_loss"]).all()
    assert not any("stop training" in one for one in model.notes_)


def test_it_is_said_where_nothing_stops_training(waves):
    model = AnomalyDetector(**{**QUICK, "window": 50}, method="reconstruct")
    model.fit(waves(200, 0), epochs=2, validation=waves(100, 1))
    assert np.isnan(model.history_["val_loss"]).all()
    assert "Nothing was left to stop training by, so that the network is that of the last epoch." in model.notes_


def test_a_channel_that_is_silent_in_calibration_is_read_but_not_judged(normal, waves):
    silent = normal.copy()
    silent[-150:, 1] = np.nan
    model = AnomalyDetector(**QUICK).fit(silent, epochs=2)
    assert any(one.startswith("Hardly a reading") and one.endswith("not judged: channel 1.") for one in model.notes_)
    later = waves(300, 5)
    assert model.predict(later).mean() < 0.1
    later[100, 0] += 4
    assert model.predict(later)[100] == 1
    assert (model.blame(later)[:, 1] == 0).all()
    alone = AnomalyDetector(**QUICK, judged=["channel 0"]).fit(silent, epochs=2)
    assert not any("not judged" in one for one in alone.notes_), "it was not to be judged"


def test_an_outage_pushes_nothing_out_of_memory(normal, waves):
    model = AnomalyDetector(**QUICK, memory=100).fit(normal, epochs=2)
    after = np.concatenate([np.full((150, 2), np.nan), waves(300, 5)])
    scores = model.score_samples(after)
    assert (scores[:150] == 0).all()
    assert scores[152:175].max() < 4, "but for the first, foreseen from what was last read"
    assert model.predict(after)[150:].mean() < 0.1


def test_one_short_recording_leaves_the_windows_of_the_others(normal):
    model, alone = (AnomalyDetector(**{**QUICK, "window": 40}) for _ in range(2))
    model.fit([normal, normal[:20]], epochs=1, batch_size=1)
    alone.fit(normal, epochs=1, batch_size=1)
    assert model.losses_.updates[-1] == alone.losses_.updates[-1] + 1


def test_without_steps_to_learn_from_it_is_refused(waves):
    said = "the recording has 0 steps to learn from; it needs 8, beside the 100 set aside for the threshold"
    with pytest.raises(DataError, match=said):
        AnomalyDetector().fit(waves(100, 0), validation=0.999)


def test_other_recordings_may_be_set_aside(normal, waves):
    model = AnomalyDetector(**QUICK).fit([normal, normal[:100]], epochs=1, validation=waves(300, 9))
    assert model.threshold_.n_normal > 150


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "guess"}, "method is 'guess'; it must be one of 'forecast', 'reconstruct'"),
        ({"window": 7}, "window is 7; it must be a whole number, at least 8"),
        ({"lasting": 1}, "lasting is 1"),
        ({"lasting": (10, 1)}, "lasting is 1"),
        ({"lasting": (9, 9)}, "lasting is .*; it must be numbers of steps, each once"),
        ({"lasting": "short"}, "lasting is 'short'"),
        ({"signals": ()}, "signals is \\(\\); it must name some of error, lasting, level"),
        ({"signals": ("error", "error")}, "each once"),
        ({"signals": "size"}, "signals is 'size'; it must be one of 'error'"),
        ({"false_alarms": 0}, "false_alarms is 0; it must be a number above 0"),
        ({"false_alarms": 0.5}, "false_alarms is 0.5 per step; it must be below 0.5"),
        ({"relearn": -1, "memory": 200}, "relearn is -1; it must be a whole number, at least 0"),
        ({"relearn": 500, "memory": 600, "method": "reconstruct"}, "relearn is 500, but method is 'reconstruct'"),
        ({"relearn": 500}, "relearn is 500, but memory is 0: so many steps are learned from"),
        ({"relearn": 500, "memory": 100, "window": 101}, "and one window has 101. Set memory too"),
        ({"joined": "sum"}, "joined is 'sum'; it must be one of 'oddest', 'mean'"),
        ({"memory": 50}, "memory is 50; it must be a whole number, at least 100"),
        ({"quiet": 0}, "quiet is 0"),
        ({"cell": "grue"}, "There is no cell 'grue'"),
        ({"training": Training(n_updates=9)}, "n_updates is 9, which does not count"),
    ],
)
def test_settings_outside_their_limits_are_refused(settings, said, normal):
    with pytest.raises(SettingError, match=said):
        AnomalyDetector(**settings).fit(normal)


@pytest.mark.parametrize("validation", [None, 0, 1.0, True, "auto"])
def test_something_must_be_set_aside(validation, normal):
    with pytest.raises(SettingError, match="validation is"):
        AnomalyDetector().fit(normal, validation=validation)


@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (np.zeros(10), "has 7 steps to learn from; it needs 8"),
        (np.sin(np.arange(150.0)), "30 normal steps are left to fit a threshold to; it needs 40"),
        (np.full((200, 1), np.nan), "column 'channel 0': the channel holds no value"),
    ],
)
def test_recordings_that_are_too_little_are_refused(recording, said):
    with pytest.raises(DataError, match=said):
        AnomalyDetector(**QUICK).fit(recording, epochs=1)


def test_labels_are_not_learned_from(normal):
    with pytest.raises(SettingError, match="a detector learns from recordings alone"):
        AnomalyDetector().fit(normal, np.zeros(len(normal)))


def test_other_channels_than_in_training_are_refused(fitted):
    with pytest.raises(DataError, match="the recording has 3 channels; training had 2"):
        fitted.score_samples(np.zeros((20, 3)))


def test_it_must_be_fitted():
    with pytest.raises(NotFittedError, match="This AnomalyDetector has learned nothing yet"):
        AnomalyDetector().online()


def test_a_recording_shorter_than_a_window_scores_nothing_odd(fitted, waves):
    assert fitted.score_samples(waves(5, 0)).shape == (5,)


def test_learning_on_drops_nothing_and_is_the_same_after_loading(normal, tmp_path):
    settings = {"hidden_size": 4, "layers": 2, "dropout": 0.5, "window": 16, "memory": 120, "relearn": 60}
    model = AnomalyDetector(**settings).fit(normal[:200], epochs=2)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(
        tidegate.load(tmp_path / "model").score_samples(normal[200:380]), model.score_samples(normal[200:380])
    )


def test_learning_on_from_a_reading_beyond_measure_goes_on(normal):
    model = AnomalyDetector(hidden_size=4, window=16, memory=120, relearn=60).fit(normal[:200], epochs=2)
    wild = normal[200:380].copy()
    wild[30] = 1e39
    assert np.isfinite(model.score_samples(wild)).all()
