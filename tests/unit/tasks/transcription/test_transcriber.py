import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import tidegate
from tidegate import SequenceTranscriber
from tidegate.data.strokes import strokes
from tidegate.errors import DataError, NotFittedError, SettingError, TrainingError
from tidegate.features.spectrogram import HOP_SECONDS
from tidegate.tasks.transcription.edits import of_all
from tidegate.training.checkpoints import kept_in
from tidegate.training.settings import Training

FAST = Training(learning_rate=0.02, patience=30, held_out_fraction=0.0)
QUICK = {
    "rate": 8_000,
    "bands": 16,
    "hidden_size": 16,
    "layers": 1,
    "dropout": 0.0,
    "masked_steps": 2,
    "training": FAST,
}


def fitted(data, epochs=2, **settings):
    return SequenceTranscriber(**QUICK | settings).fit(*data, epochs=epochs, batch_size=8)


@pytest.fixture(scope="module")
def learned(tones):
    """A transcriber of recordings of tones."""
    return fitted(tones(120), epochs=12)


def test_it_learns_what_was_said_from_transcripts_alone(learned, tones):
    X, y = tones(60, seed=1)
    assert learned.score(X, y) > 0.97
    assert learned.tokens_.tolist() == ["a", "b", "c"]
    assert all(isinstance(one, str) for one in learned.predict(X))
    assert learned.history_["val_loss"][-1] < learned.history_["val_loss"][0] / 10


def test_alternatives_come_with_their_probability_and_with_when(learned, tones):
    X, y = tones(10, seed=2)
    for samples, said, told in zip(X, y, learned.decode(X, beam=6, n_best=3), strict=True):
        assert len(told) == 3
        assert told[0].said == said
        assert [one.log_probability for one in told] == sorted((one.log_probability for one in told), reverse=True)
        assert np.exp([one.log_probability for one in told]).sum() <= 1 + 1e-9
        spans = told[0].spans
        assert spans.shape == (len(said), 2)
        assert (np.diff(spans.ravel()) >= 0).all()
        assert spans[-1, 1] <= len(samples) / 8_000 + 2 * HOP_SECONDS
        for token, (begin, end) in zip(said, spans, strict=True):
            assert loudest(samples, begin, end) == token
    assert learned.predict(X, beam=6) == [one[0].said for one in learned.decode(X, beam=6)]


def loudest(samples, begin, end):
    """The tone that is there around some seconds."""
    there = samples[max(int((begin - 0.03) * 8_000), 0) : int((end + 0.03) * 8_000)]
    steps = np.arange(len(there)) / 8_000
    power = {
        token: abs(np.exp(2j * np.pi * f * steps) @ there) for token, f in zip("abc", (400, 900, 1_800), strict=True)
    }
    return max(power, key=power.get)


def test_spikes_by_frame(learned, tones):
    X, y = tones(5, seed=3)
    for samples, said, told in zip(X, y, learned.inspect(X), strict=True):
        assert told.tokens.tolist() == ["", "a", "b", "c"]
        np.testing.assert_allclose(told.probability.sum(1), 1, rtol=1e-9)
        assert told.probability.shape == (len(told.begins), 4)
        np.testing.assert_allclose(np.diff(told.begins), 2 * HOP_SECONDS)
        assert told.begins[-1] < len(samples) / 8_000
        assert "".join(one.token for one in told.peaks()) == said


def test_errors_are_those_of_what_is_predicted(tones):
    model, (X, y) = fitted(tones(30), epochs=3), tones(20, seed=1)
    wanted = of_all(y, model.predict(X))
    assert model.errors(X, y) == wanted
    assert wanted.total > 0
    assert model.score(X, y) == 1 - wanted.total / sum(map(len, y))
    assert model.errors([np.zeros(99)], ["abcabc"]).tokens == 6  # it can be judged by what it could never say


def test_lists_of_tokens_come_back_as_lists(tones):
    X, y = tones(30)
    named = [[{"a": "low", "b": "middle", "c": "high"}[token] for token in one] for one in y]
    model = fitted((X, named), epochs=1)
    assert model.tokens_.tolist() == ["high", "low", "middle"]
    assert all(isinstance(one, list) for one in model.predict(X))
    assert all(isinstance(one[0].said, list) for one in model.decode(X[:3]))


def test_strokes_are_read_as_they_are():
    learned, other = strokes(250, seed=0), strokes(60, seed=1)
    model = SequenceTranscriber(hidden_size=32, layers=1, dropout=0.0, masked_steps=0, training=FAST)
    model.fit(learned.sequences, learned.transcripts, epochs=14, batch_size=16)
    assert model.score(other.sequences, other.transcripts) > 0.8
    spans = model.decode(other.sequences[:5])[0][0].spans
    assert (spans % 2 == 0).all()
    assert spans.max() <= len(other.sequences[0]) + 1


@pytest.mark.parametrize("settings", [{}, {"convolution": 4, "cell": "lstm"}, {"bidirectional": False, "stacked": 3}])
def test_a_loaded_transcriber_says_the_same_bits(tones, settings, tmp_path):
    model, (X, y) = fitted(tones(20), epochs=1, **settings), tones(10, seed=1)
    model.save(tmp_path / "model")
    back = tidegate.load(tmp_path / "model")
    for one, other in zip(back.inspect(X), model.inspect(X), strict=True):
        assert np.array_equal(one.probability, other.probability)
    assert back.predict(X, beam=3) == model.predict(X, beam=3)
    assert back.score(X, y) == model.score(X, y)
    assert back.history_["val_loss"] == model.history_["val_loss"]
    assert back.get_params() == model.get_params()


def test_the_same_seed_gives_the_same_bits(tones):
    X = tones(5, seed=1)[0]
    first, again, other = (fitted(tones(20), seed=seed).inspect(X) for seed in (0, 0, 1))
    assert all(np.array_equal(one.probability, two.probability) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0].probability, other[0].probability)


def test_what_it_says_does_not_depend_on_neighbours(learned, tones):
    X = tones(8, seed=4)[0]
    for one, together in zip(X, learned.inspect(X), strict=True):
        np.testing.assert_allclose(learned.inspect([one])[0].probability, together.probability, atol=1e-5)


def test_scikit_learn_can_handle_it(tones):
    X, y = tones(60)
    model = SequenceTranscriber(**QUICK)
    assert clone(model).get_params() == model.get_params()
    scores = cross_val_score(model, X, y, cv=2, params={"epochs": 8, "batch_size": 8})
    assert scores.shape == (2,)
    assert scores.min() > 0.3
    grid = GridSearchCV(model, {"hidden_size": [1, 16]}, cv=2).fit(X, y, epochs=8, batch_size=8)
    assert grid.best_params_ == {"hidden_size": 16}


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(tones, tmp_path):
    data, X = tones(16), tones(4, seed=1)[0]
    plain = fitted(data).inspect(X)
    with kept_in(tmp_path):
        fitted(data)
        assert len(list(tmp_path.iterdir())) == 1
        again = fitted(data).inspect(X)
    assert all(np.array_equal(one.probability, two.probability) for one, two in zip(plain, again, strict=True))


def test_what_is_held_out_teaches_nothing(tones):
    X, y = tones(20)
    loud = [1_000 * one for one in tones(4, seed=1)[0]]
    one, other = (
        SequenceTranscriber(**QUICK).fit(X, y, epochs=1, validation=(held, ["a"] * 4)) for held in (X[:4], loud)
    )
    assert np.array_equal(one._data.reader.mean, other._data.reader.mean)
    assert one.history_["val_loss"] != other.history_["val_loss"]
    bare = SequenceTranscriber(**QUICK).fit(X, y, epochs=1, validation=None)
    assert np.isnan(bare.history_["val_loss"]).all()


def test_epochs_follow_from_updates_unless_told(tones):
    X, y = tones(2)
    model = SequenceTranscriber(**QUICK | {"hidden_size": 1, "bands": 1}).fit(X, y, validation=None)
    assert model.losses_.planned == 500


def test_a_recording_of_one_sample_and_an_empty_transcript(learned):
    assert len(learned.predict([[0.5], [0.0]])) == 2
    assert len(learned.inspect([[0.5]])[0].begins) == 1
    model = SequenceTranscriber(**QUICK).fit([np.ones(999), np.zeros(999)], ["a", ""], epochs=1, validation=None)
    assert np.isfinite(model.history_["loss"][1])


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([[0.1] * 99, [0.2] * 99], ["a"], "y holds 1 transcripts for 2 sequences"),
        (
            [[0.1] * 99],
            ["aaaa"],
            "transcript of 4 tokens, which needs 7 steps .* has 1 of 2 stacked frames. Choose stacked",
        ),
        ([[0.1] * 999, [0.0] * 999], ["a", "b"], "sequence 1 of X is silent throughout, but its transcript says 'b'"),
        ([[0.1] * 99, []], ["a", "b"], "sequence 1 of X is empty"),
        ([[0.1, np.nan]], ["a"], "sequence 0 of X holds nan at step 1"),
        (["ab"], ["a"], "sequence 0 of X is a text"),
        ([np.ones((99, 2))], ["a"], "X holds arrays of 2 channels, but rate is 8,000"),
        ([[0.1] * 99], [[4]], "sequence 0 of y has the token 4, which is no text"),
    ],
)
def test_data_that_cannot_be_used(X, y, said):
    with pytest.raises(DataError, match=said):
        SequenceTranscriber(**QUICK).fit(X, y)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 0}, "rate is 0; it must be a whole number, at least 1"),
        ({"stacked": 0}, "stacked is 0; it must be a whole number, at least 1"),
        ({"convolution": -1}, "convolution is -1"),
        ({"bands": 0}, "bands is 0"),
        ({"masked_steps": 0.2}, "masked_steps is 0.2; it must be a whole number, at least 0"),
        ({"masked_channels": 1}, "masked_channels is 1; it must be a number from 0 to below 1"),
        ({"speed": -0.1}, "speed is -0.1"),
        ({"noise": 2}, "noise is 2"),
        ({"cell": "lsmt"}, "lsmt"),
    ],
)
def test_settings_outside_their_limits(settings, said):
    with pytest.raises(SettingError, match=said):
        SequenceTranscriber(**settings).fit([[0.1] * 99], ["a"])


def test_asking_outside_the_limits(learned):
    with pytest.raises(SettingError, match="beam is 0; it must be a whole number, at least 1"):
        learned.predict([[0.1]], beam=0)
    with pytest.raises(SettingError, match="n_best is 0"):
        learned.decode([[0.1]], n_best=0)


def test_validation_that_cannot_be_used(tones):
    X, y = tones(10)
    with pytest.raises(DataError, match="sequence 0 of validation has the token 'x', which training does not"):
        SequenceTranscriber(**QUICK).fit(X, y, validation=(X[:1], ["x"]))
    with pytest.raises(DataError, match="validation holds transcripts as tokens, training as text"):
        SequenceTranscriber(**QUICK).fit(X, y, validation=(X[:1], [["a"]]))


def test_transcripts_of_another_form_are_not_scored(learned, tones):
    X, y = tones(2)
    with pytest.raises(DataError, match=r"y holds transcripts as tokens, training as text. Give both in one form"):
        learned.score(X, [list(one) for one in y])


def test_a_token_that_is_held_out_alone_is_known():
    X, seed = [[0.1] * 999] * 10, next(s for s in range(50) if np.random.default_rng(s).permutation(10)[0] == 9)
    model = SequenceTranscriber(**QUICK, seed=seed).fit(X, [*["a"] * 9, "b"], epochs=1, validation=0.1)
    assert model.tokens_.tolist() == ["a", "b"]
    assert np.isfinite(model.history_["val_loss"]).all()


def test_nothing_is_said_before_fit(tmp_path):
    for ask in (
        lambda one: one.predict([[0.1]]),
        lambda one: one.decode([[0.1]]),
        lambda one: one.inspect([[0.1]]),
        lambda one: one.errors([[0.1]], ["a"]),
        lambda one: one.save(tmp_path / "model"),
    ):
        with pytest.raises(NotFittedError, match="This SequenceTranscriber has learned nothing yet: call fit first"):
            ask(SequenceTranscriber())


def test_a_fit_that_fails_leaves_what_was_there(tones, monkeypatch):
    def failing(*_, **__):
        raise TrainingError("the loss became nan")

    model, X = fitted(tones(10), epochs=1), tones(2, seed=1)[0]
    before = model.inspect(X)
    monkeypatch.setattr("tidegate.tasks.fitting.fitted", failing)
    with pytest.raises(TrainingError):
        model.fit(X, ["x", "y"])
    assert np.array_equal(model.inspect(X)[0].probability, before[0].probability)
    assert model.tokens_.tolist() == ["a", "b", "c"]
