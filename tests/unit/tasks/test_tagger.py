import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import tidegate
from tidegate import SequenceTagger, Vocabulary
from tidegate.errors import DataError, NotFittedError, SettingError, TrainingError
from tidegate.tasks.entities import entity_scores
from tidegate.tasks.simple import MostFrequentTag
from tidegate.training.checkpoints import kept_in
from tidegate.training.settings import Training

QUICK = {"hidden_size": 12, "embedding": 8, "characters": 0, "dropout": 0.1}
FAST = Training(learning_rate=0.02, patience=10, held_out_fraction=0.0)


def fitted(data, epochs=8, **settings):
    return SequenceTagger(**QUICK | {"training": FAST} | settings).fit(*data, epochs=epochs, validation=0.1)


def likelihood(model, X, y):
    """Return the mean logarithm of the probability of the tag that is right."""
    rows, tags = np.concatenate(model.predict_proba(X)), model.classes_.searchsorted(np.concatenate(y))
    return np.log(rows[np.arange(len(tags)), tags]).mean()


@pytest.fixture
def ahead():
    """Sentences in which a tag says whether the next word is the gate; a word alone says nothing."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        X = [list(rng.choice(["the", "gate", "tide", "sea"], rng.integers(1, 9))) for _ in range(n)]
        X = [[str(token) for token in one] for one in X]
        y = [["yes" if after == "gate" else "no" for after in [*one[1:], ""]] for one in X]
        return X, y

    return made


@pytest.fixture
def named():
    """Sentences with persons of one or two words, in BIO; every word but a few is new, and a name ends in -son."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        X, y = [], []
        for _ in range(n):
            tokens, tags = [], []
            for _ in range(rng.integers(2, 5)):
                size, named = int(rng.integers(1, 3)), rng.random() < 0.5
                ending = "son" if named else "ing"
                tokens += ["".join(rng.choice(list("abdeiklmnor"), 5)) + ending for _ in range(size)]
                tags += ["B-person", "I-person"][:size] if named else ["O", "O"][:size]
                tokens += [str(one) for one in rng.choice(["sees", "the", "and", "said"], 2)]
                tags += ["O", "O"]
            X.append(tokens)
            y.append(tags)
        return X, y

    return made


@pytest.fixture
def segments():
    """Recordings of two channels that change between two ways of moving, and which at each step."""

    def made(n, seed=0):
        rng = np.random.default_rng(seed)
        X, y = [], []
        for _ in range(n):
            ways = np.repeat(rng.integers(0, 2, rng.integers(2, 4)), 12)
            X.append(np.stack([100 + rng.normal(0, 1 + 4 * ways), rng.normal(size=len(ways))], axis=1))
            y.append(ways)
        return X, y

    return made


@pytest.mark.parametrize("output", ["crf", "softmax"])
def test_it_learns_what_needs_context(ahead, output):
    model = fitted(ahead(300), epochs=20, output=output)
    X, y = ahead(100, seed=1)
    assert model.score(X, y) > 0.97
    assert MostFrequentTag().fit(*ahead(300)).score(X, y) < 0.9
    assert model.classes_.tolist() == ["no", "yes"]
    assert [len(one) for one in model.predict(X)] == [len(one) for one in X]
    assert all(isinstance(tag, str) for tag in model.predict(X)[0])
    assert model.history_["val_loss"][-1] < model.history_["val_loss"][0] / 4


def test_probabilities_of_each_step(ahead):
    model, (X, _) = fitted(ahead(100), epochs=3), ahead(20, seed=1)
    made = model.predict_proba(X)
    assert [one.shape for one in made] == [(len(one), 2) for one in X]
    np.testing.assert_allclose(np.concatenate(made).sum(1), 1, rtol=1e-12)
    assert model.history_["loss"][1] > 0


def test_characters_let_it_tag_words_that_it_never_saw(named):
    X, y = named(60, seed=1)
    found = [fitted(named(150), epochs=12, characters=size).score(X, y) for size in (8, 0)]
    assert found[0] > 0.97 > found[1]


def test_who_forgets_words_learns_to_do_without():
    """Persons are known by name in training and new in what is judged: who forgets must read their letters."""
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list("abdeiklmnor"), 5)) for _ in range(40)]

    def made(part):
        words = [name + end for name in part for end in ("son", "ing")]
        X = [[str(one) for one in rng.choice(words, 6)] for _ in range(60)]
        return X, [["B-person" if word.endswith("son") else "O" for word in one] for one in X]

    learned, (X, y) = made(names[:20]), made(names[20:])
    settings = {"epochs": 16, "embedding": 32, "characters": 4}
    keeps, forgets = (fitted(learned, **settings, forgetting=weight) for weight in (0.0, 40.0))
    assert likelihood(forgets, X, y) > likelihood(keeps, X, y) / 2


def test_o_is_held_back_where_tags_are_said_alone(named):
    learned, (X, _) = named(60), named(60, seed=1)
    plain, more = (fitted(learned, epochs=1, characters=4, handicap=value) for value in (0, 1.5))
    found = [sum(tag != "O" for tags in model.predict(X) for tag in tags) for model in (plain, more)]
    assert found[0] < found[1]
    assert np.array_equal(np.concatenate(plain.predict_proba(X)), np.concatenate(more.predict_proba(X)))
    assert fitted(learned, epochs=1, handicap=1.5).handicap_ == 1.5


def test_how_much_o_is_held_back_is_chosen_by_what_is_held_out(named, tmp_path):
    (X, y), held = named(60), named(60, seed=1)
    model = SequenceTagger(**QUICK | {"characters": 8}, training=FAST).fit(X, y, epochs=4, validation=held)
    chosen, ways, scores = model.handicap_, [k / 4 for k in range(9)], []
    for way in ways:
        model.handicap_ = way
        scores.append(entity_scores(held[1], model.predict(held[0])).f1)
    assert chosen == ways[int(np.argmax(scores))] > 0
    model.handicap_ = chosen
    model.save(tmp_path / "model")
    assert tidegate.load(tmp_path / "model").predict(held[0]) == model.predict(held[0])
    assert SequenceTagger(**QUICK, training=FAST).fit(X, y, epochs=1, validation=None).handicap_ == 0


def test_words_are_looked_up_in_lower_case_on_request():
    data = [["Up", "down"], ["down", "up"]] * 20, [["a", "b"], ["b", "a"]] * 20
    assert fitted(data).predict([["UP", "DOWN"]]) == [["a", "b"]]
    cased = fitted(data, lowercase=False)
    assert "Up" in cased._data.reader.vocabulary
    np.testing.assert_array_equal(*cased.predict_proba([["UP"], ["DOWN"]]))


@pytest.mark.parametrize("output", ["crf", "softmax"])
def test_what_bio_forbids_is_never_said(named, output):
    """Even by a network that learned next to nothing."""
    X, _ = named(60, seed=1)
    model = SequenceTagger(**QUICK, output=output).fit(*named(40), epochs=1)
    assert model._data.never is not None
    free = SequenceTagger(**QUICK, output=output, scheme="none").fit(*named(40), epochs=1)
    free._network.output.bias.data[1] += 5
    model._network.output.bias.data[1] += 5
    assert broken(free.predict(X))
    assert not broken(model.predict(X))
    assert all(one[0, 1] == 0 for one in model.predict_proba(X))
    assert not any(one[0, 1] == 0 for one in free.predict_proba(X))


def broken(sentences):
    return any(tag[0] == "I" and before[0] == "O" for one in sentences for before, tag in zip(["O", *one], one))  # noqa: B905


def test_tags_that_break_bio_are_learned_as_they_are_or_refused():
    data = [["a", "b"], ["c", "d"], ["a", "c"]], [["O", "I-x"], ["B-x", "I-x"], ["O", "O"]]
    assert SequenceTagger(**QUICK).fit(*data, epochs=1, validation=None)._data.never is None
    with pytest.raises(DataError, match=r"sequence 0 of y has the tag I-x at step 1, which follows O.*scheme='none'"):
        SequenceTagger(**QUICK, scheme="bio").fit(*data)
    with pytest.raises(DataError, match="the tags N, V are not all O, B-X or I-X"):
        SequenceTagger(**QUICK, scheme="bio").fit([["a", "b"]], [["N", "V"]])
    whole = [["a", "b"], ["c", "d"]], [["O", "O"], ["B-x", "I-x"]]
    with pytest.raises(DataError, match="sequence 0 of validation has the tag I-x at step 0, which begins it"):
        SequenceTagger(**QUICK).fit(*whole, validation=([["a"]], [["I-x"]]))


def test_steps_of_channels_are_tagged(segments):
    X, y = segments(60, seed=1)
    model = fitted(segments(80), epochs=12)
    assert model.score(X, y) > 0.9
    assert all(isinstance(tag, int) for tag in model.predict(X)[0])
    np.testing.assert_allclose(model._data.reader.mean[0], 100, atol=3)


@pytest.mark.parametrize("kind", ["named", "segments"])
def test_what_it_says_does_not_depend_on_neighbours_or_their_order(kind, request):
    made = request.getfixturevalue(kind)
    model, (X, _) = fitted(made(40), epochs=3, characters=4), made(20, seed=1)
    together = model.predict_proba(X)
    for one, other in zip(model.predict_proba(X[::-1])[::-1], together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for item, other in zip(X, together, strict=True):
        np.testing.assert_allclose(model.predict_proba([item])[0], other, atol=1e-6)


def test_the_same_seed_gives_the_same_bits(named):
    X = named(10, seed=1)[0]
    first, again, other = (fitted(named(40), 3, characters=4, seed=seed).predict_proba(X) for seed in (0, 0, 1))
    assert np.array_equal(np.concatenate(first), np.concatenate(again))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))


@pytest.mark.parametrize("kind", ["named", "segments"])
@pytest.mark.parametrize("output", ["crf", "softmax"])
def test_a_loaded_tagger_says_the_same_bits(kind, output, request, tmp_path):
    made = request.getfixturevalue(kind)
    model = fitted(made(40), epochs=2, characters=4, output=output, vocabulary=Vocabulary(min_count=1))
    model.save(tmp_path / "model")
    back = tidegate.load(tmp_path / "model")
    X, y = made(20, seed=1)
    assert np.array_equal(np.concatenate(back.predict_proba(X)), np.concatenate(model.predict_proba(X)))
    assert back.predict(X) == model.predict(X)
    assert back.score(X, y) == model.score(X, y)
    assert back.history_["val_loss"] == model.history_["val_loss"]
    assert (back.classes_ == model.classes_).all()
    assert back.get_params()["output"] == output


def test_several_networks_are_better_than_their_first_alone(named, tmp_path):
    learned, (X, y) = named(40), named(60, seed=1)
    settings = {"characters": 4, "hidden_size": 6}
    alone, several = (fitted(learned, epochs=4, n_members=n, **settings) for n in (1, 3))
    assert several.n_parameters_ == 3 * alone.n_parameters_
    first = several._network.networks[0]
    for one, other in zip(first.parameters(), alone._network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert likelihood(several, X, y) > likelihood(alone, X, y)
    several.save(tmp_path / "model")
    assert np.array_equal(tidegate.load(tmp_path / "model").predict_proba(X)[0], several.predict_proba(X)[0])
    assert several.inspect(X[0]).layers[0].title == alone.inspect(X[0]).layers[0].title


def test_scikit_learn_can_handle_it(ahead):
    X, y = ahead(150)
    model = SequenceTagger(**QUICK, training=FAST)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, X, y, cv=2, params={"epochs": 6, "batch_size": 8}).mean() > 0.8
    grid = GridSearchCV(model, {"hidden_size": [1, 12]}, cv=2).fit(X, y, epochs=6, batch_size=8)
    assert grid.best_params_ == {"hidden_size": 12}
    assert grid.predict(X[:2]) == grid.best_estimator_.predict(X[:2])


def test_what_is_held_out_teaches_nothing(ahead):
    X, y = ahead(30)
    model = SequenceTagger(**QUICK | {"characters": 4}).fit(X, y, epochs=1, validation=([["zebra"]], [["no"]]))
    assert "zebra" not in model._data.reader.vocabulary
    assert "z" not in model._data.spelling.characters
    assert np.isfinite(model.history_["val_loss"]).all()
    bare = SequenceTagger(**QUICK).fit(X, y, epochs=1, validation=None)
    assert np.isnan(bare.history_["val_loss"]).all()


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(ahead, tmp_path):
    X, y = ahead(40)
    plain = SequenceTagger(**QUICK).fit(X, y, epochs=2)
    with kept_in(tmp_path):
        SequenceTagger(**QUICK).fit(X, y, epochs=2)
        assert len(list(tmp_path.iterdir())) == 1
        again = SequenceTagger(**QUICK).fit(X, y, epochs=2)
        swapped = [[{"yes": "no", "no": "yes"}[tag] for tag in one] for one in y]
        SequenceTagger(**QUICK).fit(X, swapped, epochs=2)
        assert len(list(tmp_path.iterdir())) == 2
    assert np.array_equal(np.concatenate(again.predict_proba(X)), np.concatenate(plain.predict_proba(X)))


def test_sentences_of_one_unknown_word_have_an_answer(named):
    model = fitted(named(20), epochs=1, characters=4)
    assert [len(one) for one in model.predict([["Ωmega"], [""], ["a" * 500]])] == [1, 1, 1]


def test_tags_that_are_numbers_of_training_may_come_as_text(ahead):
    X, y = ahead(20)
    numbers, texts = ([[kind(tag == "yes") for tag in one] for one in y] for kind in (int, lambda one: str(int(one))))
    model = SequenceTagger(**QUICK).fit(X, texts, epochs=1, validation=(X, numbers))
    assert model.score(X, numbers) == model.score(X, texts) > 0


def test_sentences_of_empty_words_have_an_answer():
    model = SequenceTagger(**QUICK | {"characters": 4}).fit([[""], ["a"]], [["x"], ["y"]], epochs=1, batch_size=1)
    assert len(model.predict([["", ""]])[0]) == 2


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([["a", "b"], ["c"]], [["x", "y"]], "y holds 1 lists of tags for 2 sequences"),
        (
            [["a", "b"], ["c"]],
            [["x", "y"], ["x", "y"]],
            "sequence 1 of y has 2 tags for 1 tokens. Give one",
        ),
        ([[1.0, 2.0]], [[0]], "sequence 0 of y has 1 tags for 2 steps"),
        ([["a"], ["b"]], ["x", "y"], "sequence 0 of y is 'x', not a list of tags"),
        ([["a"], []], [["x"], []], "sequence 1 of X is empty"),
        (["a b"], [["x", "y"]], "sequence 0 of X is a text. Cut it into tokens"),
        ([["a", "b"]], [["x", "x"]], "all 2 tags are 'x'; there is nothing to tell apart"),
        ([["a"], ["b", "c"]], [["x"], ["y", None]], "sequence 1 of y has the tag None at step 1, which names none"),
        ([["a", "b"]], [["x", 1.5]], "sequence 0 of y has the tag 1.5 at step 1"),
        ([np.array([[1.0, np.nan]])], [["x"]], "sequence 0 of X holds nan at step 0 of channel 1"),
        (None, [["x"]], "X is a NoneType, not sequences"),
        ([["a"]], None, "y holds a NoneType of tags"),
    ],
)
def test_data_that_cannot_be_used(X, y, said):
    with pytest.raises(DataError, match=said):
        SequenceTagger().fit(X, y)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"output": "viterbi"}, "output is 'viterbi'; it must be one of 'crf', 'softmax'"),
        ({"scheme": "iob"}, "scheme is 'iob'; it must be one of 'auto', 'bio', 'none'"),
        ({"forgetting": -1}, "forgetting is -1; it must be a number, at least 0"),
        ({"handicap": "much"}, "handicap is 'much'; it must be a number, at least 0"),
        ({"n_members": 0}, "n_members is 0; it must be a whole number, at least 1"),
        ({"characters": -1}, "characters is -1; it must be a whole number, at least 0"),
        ({"embedding": 0}, "embedding is 0"),
        ({"dropout": 1}, "dropout is 1; it must be a number from 0 to below 1"),
        ({"cell": "lsmt"}, "lsmt"),
    ],
)
def test_settings_outside_their_limits(settings, said):
    with pytest.raises(SettingError, match=said):
        SequenceTagger(**settings).fit([["a", "b"]], [["x", "y"]])


def test_validation_that_cannot_be_used(ahead):
    X, y = ahead(10)
    with pytest.raises(
        DataError, match=r"validation holds the label 'odd', which training does not\. Known labels are no"
    ):
        SequenceTagger().fit(X, y, validation=([["a"]], [["odd"]]))
    with pytest.raises(DataError, match="sequence 0 of validation has 2 tags for 1 tokens"):
        SequenceTagger().fit(X, y, validation=([["a"]], [["no", "no"]]))
    with pytest.raises(SettingError, match="validation is 2; it must be a fraction"):
        SequenceTagger().fit(X, y, validation=2)
    with pytest.raises(SettingError, match="validation is a tuple of 3; it must be a pair"):
        SequenceTagger().fit(X, y, validation=(X, y, X))


def test_nothing_is_said_before_fit(tmp_path):
    for ask in (
        lambda one: one.predict([["a"]]),
        lambda one: one.predict_proba([["a"]]),
        lambda one: one.score([["a"]], [["x"]]),
        lambda one: one.save(tmp_path / "model"),
    ):
        with pytest.raises(NotFittedError, match="This SequenceTagger has learned nothing yet: call fit first"):
            ask(SequenceTagger())


def test_other_sequences_than_those_of_training_are_refused(ahead):
    model = fitted(ahead(10), epochs=1)
    with pytest.raises(DataError, match="the sequences hold values, those of training held tokens"):
        model.predict([[1.0, 2.0]])


@pytest.mark.parametrize("where", ["fitting.fitted", "handicap.chosen"])
def test_a_fit_that_fails_leaves_what_was_there(ahead, monkeypatch, where):
    def failing(*_, **__):
        raise TrainingError("the loss became nan")

    model, (X, _) = fitted(ahead(20), epochs=1), ahead(5, seed=1)
    before = model.predict_proba(X)
    monkeypatch.setattr(f"tidegate.tasks.{where}", failing)
    other = [["other", "words"]], [["x", "y"]]
    with pytest.raises(TrainingError):
        model.fit(*other, epochs=1, validation=other)
    assert np.array_equal(np.concatenate(model.predict_proba(X)), np.concatenate(before))
    assert model.classes_.tolist() == ["no", "yes"]
