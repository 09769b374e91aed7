import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

import tidegate
from tidegate import SequenceClassifier, Vocabulary
from tidegate.errors import DataError, NotFittedError, SettingError, TrainingError
from tidegate.tasks import fitting
from tidegate.training.checkpoints import kept_in
from tidegate.training.settings import Training

QUICK = {"hidden_size": 8, "embedding": 8, "dropout": 0.1}
FAST = Training(learning_rate=0.02, patience=5, held_out_fraction=0.0)


def fitted(data, **settings):
    return SequenceClassifier(**QUICK | {"training": FAST} | settings).fit(*data, epochs=8, validation=0.1)


def test_it_learns_texts(texts):
    model = fitted(texts(200))
    X, y = texts(200, seed=1)
    assert model.score(X, y) > 0.95
    assert model.classes_.tolist() == ["bad", "good"]
    made = model.predict_proba(X)
    np.testing.assert_allclose(made.sum(1), 1, rtol=1e-12)
    assert (model.predict(X) == model.classes_[made.argmax(1)]).all()
    assert model.history_["val_loss"][-1] < model.history_["val_loss"][0] / 2


@pytest.mark.parametrize("convolution", ["none", "beside", "alone"])
def test_it_learns_channels_of_unequal_length_better_than_their_means_do(waves, convolution):
    model = fitted(waves(120), convolution=convolution)
    X, y = waves(200, seed=1)
    pooled = LogisticRegression().fit([one.mean(0) for one in waves(120)[0]], waves(120)[1])
    assert model.score(X, y) > 0.9 > pooled.score([one.mean(0) for one in X], y)


@pytest.mark.parametrize("cell", ["elman", "lstm"])
@pytest.mark.parametrize("pooling", ["last", "max"])
def test_other_cells_and_poolings_learn_too(texts, cell, pooling):
    assert fitted(texts(400), cell=cell, pooling=pooling).score(*texts(100, seed=1)) > 0.9


def test_what_it_says_does_not_depend_on_neighbours_or_their_order(texts):
    model, (X, _) = fitted(texts(100)), texts(30, seed=1)
    together = model.predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X[::-1])[::-1], together, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([model.predict_proba([one]) for one in X]), together, atol=1e-6)


def test_the_same_seed_gives_the_same_bits(texts):
    X = texts(20, seed=1)[0]
    first, again, other = (fitted(texts(80), seed=seed).predict_proba(X) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_held_out_teaches_nothing(texts):
    """Words that only validation holds stay unknown, and its labels alone decide when to stop."""
    X, y = texts(60)
    model = SequenceClassifier(**QUICK).fit(X, y, epochs=2, validation=(["zebra the"], ["good"]))
    assert "zebra" not in model._data.reader.vocabulary
    one = SequenceClassifier(**QUICK).fit(X, y, epochs=2, validation=None)
    other = SequenceClassifier(**QUICK).fit([*X, "zebra"], [*y, "good"], epochs=2, validation=None)
    assert "zebra" in other._data.reader.vocabulary
    assert np.isnan(one.history_["val_loss"]).all()


def test_scales_come_from_training_alone(waves):
    X, y = waves(40)
    held = [10_000 * one for one in X[:6]], y[:6]
    model = SequenceClassifier(**QUICK).fit(X, y, epochs=1, validation=held)
    np.testing.assert_allclose(model._data.reader.mean, np.concatenate(X).mean(0))


def test_classes_count_alike_on_request():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.08).astype(int)
    X = [rng.normal(0.8 * label, 1, (5, 1)) for label in y]
    plain, balanced = (fitted((X, y), balanced=each) for each in (False, True))
    found = [(one.predict(X)[y == 1] == 1).mean() for one in (plain, balanced)]
    assert found[1] > found[0] + 0.2


def test_a_vocabulary_can_be_limited(texts):
    limited = Vocabulary(max_size=5)
    model = fitted(texts(60), vocabulary=limited)
    assert not hasattr(limited, "tokens_")
    assert len(model._data.reader.vocabulary) == 5
    characters = fitted(texts(60), unit="characters")
    assert all(len(token) == 1 for token in characters._data.reader.vocabulary.tokens_[2:])


@pytest.mark.parametrize("kind", ["texts", "waves"])
def test_a_loaded_classifier_says_the_same_bits(kind, request, tmp_path):
    made = request.getfixturevalue(kind)
    model = fitted(made(60), vocabulary=Vocabulary(min_count=2), convolution="beside")
    model.save(tmp_path / "model")
    back = tidegate.load(tmp_path / "model")
    X, _ = made(30, seed=1)
    assert np.array_equal(back.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(back.predict(X), model.predict(X))
    assert back.history_["val_loss"] == model.history_["val_loss"]
    assert back.get_params()["vocabulary"].min_count == 2
    assert back.n_parameters_ == model.n_parameters_


def test_scikit_learn_can_handle_it(texts):
    X, y = texts(200)
    model = SequenceClassifier(**QUICK, training=FAST)
    assert clone(model).get_params()["hidden_size"] == 8
    assert cross_val_score(model, X, y, cv=2, params={"epochs": 8, "batch_size": 8}).mean() > 0.8
    grid = GridSearchCV(model, {"hidden_size": [1, 8]}, cv=2).fit(X, y, epochs=8, batch_size=8)
    assert grid.best_score_ > 0.8
    assert Pipeline([("model", model)]).fit(X, y, model__epochs=8, model__batch_size=8).score(X, y) > 0.8


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pooling": "sum"}, "pooling is 'sum'; it must be one of 'last', 'mean', 'max', 'mean-max'"),
        ({"convolution": "yes"}, "convolution is 'yes'"),
        ({"unit": "letters"}, "unit is 'letters'"),
        ({"hidden_size": 0}, "hidden_size is 0; it must be a whole number, at least 1"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to below 1"),
        ({"cell": "grue"}, "grue"),
        ({"seed": -1}, "seed is -1"),
        ({"memory": -1}, "memory is -1"),
        ({"channels": 0}, "channels is 0; it must be a whole number, at least 1"),
    ],
)
def test_settings_outside_their_limits(texts, settings, said):
    with pytest.raises(SettingError, match=said):
        SequenceClassifier(**settings).fit(*texts(10))


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (["a", "b"], [1], "y has .* labels for 2 sequences"),
        (["a", "b"], [1, 1], "all 2 labels are .*; there is nothing to tell apart"),
        (["a", "b"], [0.0, 0.5], "label 1 of y is 0.5, which names no class"),
        (["a", ""], ["x", "y"], "sequence 1 of X is an empty text"),
    ],
)
def test_data_that_cannot_be_used(X, y, said):
    with pytest.raises(DataError, match=said):
        SequenceClassifier().fit(X, y)


def test_validation_outside_its_limits(texts):
    with pytest.raises(SettingError, match=r"validation is 1.5; it must be a fraction below 1"):
        SequenceClassifier().fit(*texts(10), validation=1.5)
    with pytest.raises(DataError, match=r"validation holds the label 'odd', which training does not.*bad, good"):
        SequenceClassifier().fit(*texts(10), validation=(["a"], ["odd"]))


def test_labels_that_are_numbers_of_training_may_come_as_text(texts):
    X, y = texts(20)
    numbers = np.array([one == "good" for one in y], dtype=int)
    model = SequenceClassifier(**QUICK).fit(X, numbers, epochs=1, validation=(X, numbers.astype(str)))
    assert model.score(X, numbers) == model.score(X, numbers.astype(str)) > 0
    assert model.score(["a", "b"], ["other", "another"]) == 0
    weights = (model.predict(X) == numbers).astype(float)
    assert model.score(X, numbers, sample_weight=weights) == 1
    with pytest.raises(DataError, match=r"label 0 of y is 0\.5, which names no class"):
        model.score(["a", "b"], [0.5, 1])


def test_nothing_is_said_before_fit(tmp_path):
    for ask in (lambda one: one.predict(["a"]), lambda one: one.save(tmp_path / "model")):
        with pytest.raises(NotFittedError, match="call fit first"):
            ask(SequenceClassifier())


@pytest.mark.parametrize("where", ["fitting.fitted", "classifier.best_share"])
def test_a_fit_that_fails_leaves_what_was_there(texts, monkeypatch, where):
    def broken(*_, **__):
        raise TrainingError("the loss became nan")

    (X, y), settings = texts(60, seed=1), QUICK | {"counted": "auto"}
    model = SequenceClassifier(**settings).fit(*texts(40), epochs=1, validation=(X, y))
    before = model.predict_proba(X)
    monkeypatch.setattr(f"tidegate.tasks.{where}", broken)
    other = ["other words", "here"] * 30, ["x", "y"] * 30
    for each in (model, SequenceClassifier(**settings)):
        with pytest.raises(TrainingError):
            each.fit(*other, epochs=1, validation=other)
    assert np.array_equal(model.predict_proba(X), before)
    assert model.classes_.tolist() == ["bad", "good"]
    with pytest.raises(NotFittedError):
        each.predict(X)


def test_a_checkpoint_is_taken_up_by_the_same_run_alone(texts, tmp_path):
    """A vocabulary among the settings has the same name in every process, so that a later one finds the checkpoint."""
    settings = QUICK | {"vocabulary": Vocabulary(min_count=2)}
    X, y = texts(60)
    plain = SequenceClassifier(**settings).fit(X, y, epochs=3)
    with kept_in(tmp_path):
        short = SequenceClassifier(**settings).fit(X, y, epochs=1)
        assert len(list(tmp_path.iterdir())) == 1
        longer = SequenceClassifier(**settings).fit(X, y, epochs=3)
        again = SequenceClassifier(**settings | {"vocabulary": Vocabulary(min_count=2)}).fit(X, y, epochs=3)
        assert len(list(tmp_path.iterdir())) == 2
    assert [len(one.history_["epoch"]) for one in (short, longer, again)] == [2, 4, 4]
    assert np.array_equal(longer.predict_proba(X), plain.predict_proba(X))
    assert np.array_equal(again.predict_proba(X), plain.predict_proba(X))


def test_few_sequences_are_learned_without_holding_any_out():
    model = SequenceClassifier(**QUICK).fit(["a b", "b c", "c"], [0, 1, 1], epochs=2)
    assert np.isnan(model.history_["val_loss"]).all()


def test_sequences_of_one_step_and_unknown_words_have_an_answer(texts):
    model = fitted(texts(40))
    assert model.predict(["zebra", "x"]).shape == (2,)


@pytest.mark.parametrize("rare", [True, False])
def test_an_unknown_word_means_the_same_to_networks_of_any_seed(texts, rare):
    """Hiding the word that decides makes what is said less probable, whether or not there were rare words."""
    X, y = texts(120)
    named = [f"{text} name{k}" if rare else text for k, text in enumerate(X)]
    for seed in range(3):
        model = fitted((named, y), seed=seed, n_pieces=0)
        before = model.predict_proba(["the film was fine"])[0]
        assert model.classes_[before.argmax()] == "good"
        mattered = model.contributions(["the film was fine"])[0]
        assert mattered[3] == mattered.max() > 0.05


def test_what_an_unknown_word_means_is_learned_of_rare_ones(texts):
    X, y = texts(120)
    model = fitted(([f"{text} name{k}" for k, text in enumerate(X)], y), n_pieces=0)
    assert model._network.steps.vectors.weight[1].abs().max() > 0.05


@pytest.fixture
def learned_from(monkeypatch):
    """What each network of a fit learned from and was judged by."""
    seen, original = [], fitting.fitted

    def watched(network, losses, examples, schedule, **settings):
        seen.append(examples)
        return original(network, losses, examples, schedule, **settings)

    monkeypatch.setattr(fitting, "fitted", watched)
    return seen


def test_each_of_several_networks_is_judged_by_another_part(texts, learned_from):
    X, y = texts(100)
    model = SequenceClassifier(**QUICK, n_members=3).fit(X, y, epochs=1, validation=0.1)
    SequenceClassifier(**QUICK).fit(X, y, epochs=1, validation=0.1)
    parts = [(set(one.numbers.tolist()), set(held.numbers.tolist())) for one, held in learned_from]
    assert all(one | held == set(range(100)) and not one & held for one, held in parts)
    assert len({frozenset(held) for _, held in parts[:3]}) == 3
    assert parts[0] == parts[3]
    places = dict(zip(model.classes_.tolist(), range(2), strict=True))
    for one, held in learned_from[:3]:
        for part in (one, held):
            assert part.targets.tolist() == [places[y[k]] for k in part.numbers]
            assert [len(item) for item in part.items] == [len(X[k].split()) for k in part.numbers]


def test_a_named_part_judges_every_network(texts, learned_from):
    X, y = texts(40)
    SequenceClassifier(**QUICK, n_members=2).fit(X, y, epochs=1, validation=(["the sea", "fine"], ["bad", "good"]))
    assert [[len(part) for part in both] for both in learned_from] == [[40, 2], [40, 2]]
    assert [len(item) for item in learned_from[1][1].items] == [2, 1]
