import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import tidegate
from tidegate import SequenceTranslator
from tidegate.data.films import films
from tidegate.errors import DataError, NotFittedError, SettingError, TrainingError
from tidegate.tasks.translation.pairs import Pairs
from tidegate.tasks.translation.simple import Dictionary
from tidegate.training.checkpoints import kept_in
from tidegate.training.settings import Training

QUICK = {"hidden_size": 16, "embedding": 16, "dropout": 0.0, "n_tokens": 60}
FAST = Training(learning_rate=0.02, patience=50, held_out_fraction=0.0)


def fitted(data, epochs=12, **settings):
    batch = {"batch_size": 16, "validation": None}
    return SequenceTranslator(**QUICK | {"training": FAST} | settings).fit(*data, epochs=epochs, **batch)


def scores(model, X):
    return [one.score for found in model.decode(X) for one in found]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"unit": "words", "cell": "lstm", "attention": "additive"},
        {"unit": "words", "bidirectional": False},
        {"unit": "characters", "hidden_size": 40},
        {"layers": 2, "unit": "words", "cell": "elman", "hidden_size": 24},
    ],
)
def test_it_learns_what_a_dictionary_cannot_say(backwards, settings):
    X, y = backwards(60, seed=1)
    model = fitted(backwards(400), epochs=25, measure="exact", **settings)
    assert model.score(X, y) > 75
    simple = Dictionary().fit(*backwards(400)).predict(X)
    assert np.mean([one == other for one, other in zip(simple, y, strict=True)]) < 0.4
    assert model.history_["loss"][-1] < model.history_["loss"][1] / 2


@pytest.mark.parametrize("cell", ["min_gru", "min_lstm", "slstm"])
def test_every_cell_encodes_and_decodes(backwards, cell):
    model = fitted(backwards(40), epochs=3, cell=cell)
    assert model.history_["loss"][-1] < model.history_["loss"][1]
    assert all(isinstance(one, str) and one for one in model.predict(backwards(5)[0]))


def test_lists_of_tokens_stay_lists(backwards):
    X, y = ([one.split() for one in side] for side in backwards(300))
    model = fitted((X, y), epochs=20)
    assert model.predict([["eins", "tor"]]) == [["gate", "one"]]
    mixed = fitted(([one.split() for one in backwards(40)[0]], backwards(40)[1]), epochs=1)
    assert isinstance(mixed.predict([["eins"]])[0], str)
    with pytest.raises(DataError, match="X holds texts, that of training held lists of tokens"):
        model.predict(["eins"])
    with pytest.raises(DataError, match="X holds lists of tokens, that of training held texts"):
        fitted(backwards(20), epochs=1).predict([["eins"]])


def test_alternatives_have_scores_best_first(backwards):
    model = fitted(backwards(80), epochs=4)
    for found in model.decode(backwards(10, seed=2)[0], beam=4):
        assert 1 <= len(found) <= 4
        assert len({one.target for one in found}) > 1 or len(found) == 1
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert found[0].score <= 0
    X = backwards(10, seed=2)[0]
    assert model.predict(X) == [found[0].target for found in model.decode(X)]


def test_words_that_training_did_not_hold_still_have_an_answer(backwards):
    for unit in ("pieces", "words", "characters"):
        model = fitted(backwards(40), epochs=2, unit=unit)
        told = model.predict(["Ωmega", "eins Ωmega zwei", "x"])
        assert all(one and "<unk>" not in one for one in told)


def test_a_source_far_longer_than_in_training_ends(backwards):
    model = fitted(backwards(60), epochs=3)
    found = model.decode([" ".join(["eins"] * 400), "eins"])
    n_words = len(found[0][0].target.split())
    assert 0 < n_words <= model._data.limit(400 * 5)
    assert found[1][0].target
    assert model._data.limit(10_000) > model._data.limit(1) >= model._data.longest


def test_one_word_into_one_word():
    X, y = ["ja", "nein"] * 8, ["yes", "no"] * 8
    model = fitted((X, y), epochs=15)
    assert model.predict(["ja", "nein"]) == ["yes", "no"]
    assert model.measure_ == "exact"
    assert model.score(X, y) == 100
    assert model.inspect("ja").weights.sum(1) == pytest.approx(1)


def test_the_same_source_may_have_several_targets():
    X, y = ["hallo"] * 30, ["hello", "hi", "hello"] * 10
    model = fitted((X, y), epochs=12, unit="words")
    found = {one.target: np.exp(2 * one.score) for one in model.decode(["hallo"])[0]}
    assert model.predict(["hallo"]) == ["hello"]
    assert found["hello"] > found["hi"] > 0.15


def test_long_targets_are_scored_by_bleu_and_short_ones_by_exact_match(backwards):
    X, y = backwards(60, longest=9)
    long = [(one, other) for one, other in zip(X, y, strict=True) if len(one.split()) > 4]
    model = fitted(list(zip(*long, strict=True)), epochs=2)
    assert model.measure_ == "bleu"
    assert fitted(backwards(20), epochs=1).measure_ == "exact"
    assert fitted(backwards(20), epochs=1, measure="bleu").measure_ == "bleu"
    assert 0 <= model.score(X, y) <= 100


def test_where_it_looked(backwards):
    """To say a sentence backwards, the last word is looked at first."""
    model = fitted(backwards(400), epochs=20, unit="words")
    found = model.inspect("eins zwei drei vier")
    assert found.target == model.predict(["eins zwei drei vier"])[0] == "four three two one"
    assert found.source_tokens == [" eins", " zwei", " drei", " vier"]
    assert found.target_tokens == [" four", " three", " two", " one", "(end)"]
    assert found.weights.shape == (5, 4)
    np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-5)
    assert len(found.to_dict()["weights"]) == 5


def test_what_it_says_does_not_depend_on_neighbours_or_their_order(backwards):
    model, X = fitted(backwards(60), epochs=3), backwards(30, seed=1)[0]
    together = [found[0] for found in model.decode(X)]
    turned = [found[0] for found in model.decode(X[::-1])][::-1]
    for one, other, source in zip(together, turned, X, strict=True):
        alone = model.decode([source])[0][0]
        assert one.target == other.target == alone.target
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.score == pytest.approx(alone.score, abs=1e-5)


def test_the_same_seed_gives_the_same_bits(backwards):
    X = backwards(10, seed=1)[0]
    first, again, other = (scores(fitted(backwards(40), 2, dropout=0.2, seed=seed), X) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("unit", ["pieces", "words", "characters", None])
def test_a_loaded_translator_says_the_same_bits(backwards, unit, tmp_path):
    X, y = backwards(40)
    if unit is None:
        X, y = ([one.split() for one in side] for side in (X, y))
    model = fitted((X, y), epochs=2, **({} if unit is None else {"unit": unit}))
    model.save(tmp_path / "model")
    back = tidegate.load(tmp_path / "model")
    assert back.decode(X[:10]) == model.decode(X[:10])
    assert back.score(X, y) == model.score(X, y)
    assert back.get_params() == model.get_params()
    assert back.history_["loss"][1:] == model.history_["loss"][1:]
    assert (back.inspect(X[0]).weights == model.inspect(X[0]).weights).all()


def test_scikit_learn_can_handle_it(backwards):
    X, y = backwards(300)
    model = SequenceTranslator(**QUICK, training=FAST)
    assert clone(model).get_params() == model.get_params()
    grid = GridSearchCV(model, {"hidden_size": [1, 24]}, cv=2).fit(X, y, epochs=12, batch_size=16)
    assert grid.best_params_ == {"hidden_size": 24}


def test_what_is_held_out_teaches_nothing(backwards):
    model = SequenceTranslator(**QUICK, unit="words")
    model.fit(*backwards(30), epochs=1, validation=(["zebra"], ["zebra"]))
    assert " zebra" not in model._data.source.tokens
    assert " zebra" not in model._data.target.tokens
    assert np.isfinite(model.history_["val_loss"]).all()
    pieces = SequenceTranslator(**QUICK).fit(*backwards(30), epochs=1, validation=(["zebra"], ["zebra"]))
    assert "b" not in pieces._data.source.tokens
    assert np.isnan(fitted(backwards(30), epochs=1).history_["val_loss"]).all()


def test_epochs_follow_from_the_size_of_the_data(backwards, monkeypatch):
    seen = []
    monkeypatch.setattr(SequenceTranslator, "_learn", lambda self, data, losses, known, schedule: seen.append(schedule))
    SequenceTranslator(**QUICK).fit(*backwards(3_200), batch_size=8, validation=None)
    SequenceTranslator(**QUICK).fit(*backwards(3), validation=None)
    SequenceTranslator(**QUICK).fit(*backwards(8_000), batch_size=2, validation=None)
    assert [one.epochs for one in seen] == [10, 200, 10]
    SequenceTranslator(**QUICK).fit(*backwards(800), batch_size=8, validation=None)
    assert seen[-1].epochs == 40


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(backwards, tmp_path):
    plain = fitted(backwards(40), 2)
    with kept_in(tmp_path):
        fitted(backwards(40), 2)
        assert len(list(tmp_path.iterdir())) == 1
        again = fitted(backwards(40), 2)
        X, y = backwards(40)
        fitted((X, y[::-1]), 2)
        assert len(list(tmp_path.iterdir())) == 2
    assert scores(again, X) == scores(plain, X)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (["a", "b"], ["c"], "y has 1 targets for 2 sources of X"),
        (["a", " "], ["c", "d"], "sequence 1 of X is an empty text"),
        (["a"], [[]], "sequence 0 of y is empty"),
        (["a", ["b"]], ["c", "d"], "sequence 1 of X is a list of tokens, the first is a text"),
        ([["a", 1]], ["c"], "sequence 0 of X holds 1, which is no text"),
        ([3], ["c"], "sequence 0 of X is a int"),
        ("a", "b", "X is a str, not texts"),
        ([], [], "X holds no texts"),
        (None, ["c"], "X is a NoneType"),
    ],
)
def test_data_that_cannot_be_used(X, y, said):
    with pytest.raises(DataError, match=said):
        SequenceTranslator().fit(X, y)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unit": "letters"}, "unit is 'letters'; it must be one of 'pieces', 'words', 'characters'"),
        ({"attention": "none"}, "attention is 'none'; it must be one of 'dot', 'additive'"),
        ({"measure": "rouge"}, "measure is 'rouge'; it must be one of 'auto', 'bleu', 'exact'"),
        ({"n_tokens": 3}, "n_tokens is 3; it must be a whole number, at least 4"),
        ({"smoothing": 1}, "smoothing is 1; it must be a number from 0 to below 1"),
        ({"lowercase": 1}, "lowercase is 1"),
        ({"embedding": 0}, "embedding is 0"),
        ({"cell": "lsmt"}, "lsmt"),
    ],
)
def test_settings_outside_their_limits(settings, said):
    with pytest.raises(SettingError, match=said):
        SequenceTranslator(**settings).fit(["a"], ["b"])


def test_arguments_outside_their_limits(backwards):
    X, y = backwards(10)
    with pytest.raises(DataError, match="y of validation has 1 targets for 2 sources of X of validation"):
        SequenceTranslator().fit(X, y, validation=(["a", "b"], ["c"]))
    with pytest.raises(DataError, match="X of validation holds lists of tokens, that of training held texts"):
        SequenceTranslator().fit(X, y, validation=([["a"]], ["c"]))
    with pytest.raises(SettingError, match="epochs is 0"):
        SequenceTranslator().fit(X, y, epochs=0)
    model = fitted((X, y), epochs=1)
    with pytest.raises(SettingError, match="beam is 0; it must be a whole number, at least 1"):
        model.predict(X, beam=0)


def test_nothing_is_said_before_fit(tmp_path):
    for ask in (
        lambda one: one.predict(["a"]),
        lambda one: one.decode(["a"]),
        lambda one: one.inspect("a"),
        lambda one: one.score(["a"], ["x"]),
        lambda one: one.save(tmp_path / "model"),
    ):
        with pytest.raises(NotFittedError, match="This SequenceTranslator has learned nothing yet: call fit first"):
            ask(SequenceTranslator())


def test_a_fit_that_fails_leaves_what_was_there(backwards, monkeypatch):
    def failing(*_, **__):
        raise TrainingError("the loss became nan")

    model, X = fitted(backwards(20), epochs=1), backwards(5, seed=1)[0]
    before = scores(model, X)
    monkeypatch.setattr("tidegate.tasks.fitting.fitted", failing)
    with pytest.raises(TrainingError):
        model.fit(["other words"], ["more words"])
    assert scores(model, X) == before


@pytest.fixture(scope="module")
def captioned():
    made = films(130, seed=4)
    told = [caption.split(" moves ")[1].split(" ", 1)[1] for caption in made.captions]
    return made.frames, told, fitted((made.frames[:100], told[:100]), epochs=40, unit="words", hidden_size=32)


def test_films_are_captioned(captioned, tmp_path):
    frames, told, model = captioned
    assert model.score(frames[100:], told[100:]) > 80
    model.save(tmp_path / "model")
    assert tidegate.load(tmp_path / "model").predict(frames[100:105]) == model.predict(frames[100:105])
    looked = model.inspect(frames[100])
    assert looked.source_tokens == list(map(str, range(len(frames[100]))))
    assert looked.weights.shape == (len(looked.target_tokens), len(frames[100]))


def test_channels_are_said_in_words():
    rng = np.random.default_rng(0)
    y = ["it rises" if up else "it falls" for up in rng.random(120) < 0.5]
    slopes = [0.5 if one == "it rises" else -0.5 for one in y]
    X = [slope * np.arange(n) + rng.normal(size=n) for slope, n in zip(slopes, rng.integers(5, 9, 120), strict=True)]
    assert fitted((X[:100], y[:100]), unit="words").score(X[100:], y[100:]) > 80


def test_the_same_film_is_not_learned_from_and_held_out(captioned):
    frames, told, _ = captioned
    learned, held = Pairs.of([*frames[:10], frames[0].copy()], [*told[:10], told[0]]).parted(0.5, 1)
    assert {one.tobytes() for one in learned.sources}.isdisjoint(one.tobytes() for one in held.sources)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (["a text"], "X holds texts, that of training held arrays of numbers"),
        ([np.zeros((3, 8, 8))], "hold frames of 8 by 8, those of training held frames of 16 by 16"),
        ([np.zeros((3, 16, 16)), np.zeros((3, 16, 15))], "sequence 1 of X has steps of shape"),
        ([np.full((3, 16, 16), np.nan)], "holds nan at step 0 of row 0 and column 0"),
        ([np.zeros((0, 16, 16))], "sequence 0 of X is empty"),
    ],
)
def test_films_unlike_those_of_training_are_refused(captioned, X, said):
    with pytest.raises(DataError, match=said):
        captioned[2].predict(X)


def test_targets_are_never_arrays(captioned):
    with pytest.raises(DataError, match="which is no text"):
        SequenceTranslator(**QUICK).fit(captioned[1][:2], [np.zeros(3), np.zeros(2)], epochs=1)


def test_arrays_of_texts_are_texts(backwards):
    X, y = map(np.array, backwards(20))
    assert len(fitted((X, y), epochs=1, unit="words").predict(X[:2])) == 2
