import math

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import tidegate
from tidegate import SequenceGenerator, Vocabulary
from tidegate.errors import DataError, NotFittedError, SettingError
from tidegate.tasks import fitting, limits
from tidegate.tasks.generation.rules import OF_KEYS
from tidegate.tasks.generation.sampling import Sampling
from tidegate.training.checkpoints import kept_in


def test_it_writes_words_like_those_it_read(quick, pairs):
    model = quick().fit(pairs(300), epochs=25)
    made = model.generate(50)
    assert np.mean([len(one) == 3 and one[0] == one[2] and one[1] in "aeiou" for one in made]) > 0.9
    assert len(set(made)) > 8
    assert model.bits(pairs(50, seed=1)) < (math.log2(20) + 0.3) / 4  # 4 consonants times 5 vowels, over 3 and an end
    assert model.history_["val_loss"][-1] < model.history_["val_loss"][0] / 2
    assert model.tokens_[:2] == ("<end>", "<unk>")


def test_what_is_told_is_what_is_learned_from(quick, pairs):
    model, X = quick().fit(pairs(100), epochs=3), pairs(20, seed=1)
    told = model.surprises(X)
    assert [len(one) for one in told] == [len(one) + 1 for one in X]
    columns = {token: k for k, token in enumerate(model.tokens_)}
    for k in range(4):
        found = model.predict_proba([X[0][:k]] if k else [[]])[0] if k else None
        if found is not None:
            wanted = columns[X[0][k]] if k < 3 else 0
            assert -math.log(found[wanted]) == pytest.approx(told[0][k], rel=1e-5)
            assert found.sum() == pytest.approx(1)
    nats = np.concatenate(told).mean()
    assert model.bits(X) == pytest.approx(nats / math.log(2))
    assert model.perplexity(X) == pytest.approx(math.exp(nats))
    assert model.score(X) == -model.bits(X)


def test_a_prefix_is_gone_on_from(quick, pairs):
    model = quick().fit(pairs(300), epochs=25)
    assert all(
        one.startswith("da") and one == "dad"
        for one in model.generate(5, prefix="da", sampling=Sampling(temperature=0))
    )
    with pytest.raises(DataError, match="prefix holds 'x' at place 1, which training did not"):
        model.generate(prefix="bx")
    assert model.generate(2, length=1)[0] in "bcdf"


def test_seeds_decide_what_is_written(quick, pairs):
    model = quick().fit(pairs(60), epochs=2)
    assert model.generate(4, seed=3) == model.generate(4, seed=3) != model.generate(4, seed=4)
    again = quick().fit(pairs(60), epochs=2)
    assert again.generate(4) == model.generate(4)
    assert quick(seed=1).fit(pairs(60), epochs=2).generate(4) != model.generate(4)


def test_a_condition_says_what_to_write(quick, pairs):
    X = pairs(300)
    model = quick().fit(X, [one[1] for one in X], epochs=25)
    for vowel in "ai":
        assert np.mean([one[1:2] == vowel for one in model.generate(30, condition=vowel)]) > 0.9
    both = model.generate(2, condition=["a", "i"], sampling=Sampling(temperature=0))
    assert [one[1] for one in both] == ["a", "i"]
    with pytest.raises(DataError, match="the label 'y', which training does not"):
        model.generate(condition="y")
    with pytest.raises(DataError, match="the sequences lack their conditions"):
        model.generate()


def test_a_vector_says_what_to_write(quick, pairs):
    X = pairs(300)
    y = np.array([[ord(one[0]) - 97.0, 1 if one[1] in "ae" else 0] for one in X])
    model = quick().fit(X, y, epochs=45)
    made = model.generate(30, condition=[3, 1])
    assert np.mean([one[:1] == "d" and one[1:2] in ("a", "e") for one in made]) > 0.8


def test_a_long_text_is_learned_from_with_the_state_carried_on(quick):
    text = "the tide comes in and the tide goes out again. " * 60
    model = quick(hidden_size=24, truncate=20).fit(text, epochs=12, batch_size=4)
    assert model.bits(text[:400]) < 0.5
    made = model.generate(length=200, prefix="the ")[0]
    assert len(made) == 204
    assert "tide" in made


def test_stretches_of_many_sequences(quick, chords):
    whole = quick().fit(chords(40), epochs=5, batch_size=32).bits(chords(20, seed=1))
    parts = quick(truncate=4).fit(chords(40), epochs=5, batch_size=32).bits(chords(20, seed=1))
    rates = quick().fit(chords(40), epochs=1, batch_size=32, validation=None).bits(chords(20, seed=1))
    assert max(whole, parts) < rates


def test_it_writes_keys(quick, chords):
    model = quick(hidden_size=24).fit(chords(80), epochs=40, batch_size=32)
    made = model.generate(10, length=12)
    assert made[0].shape == (12, 8)
    assert set(np.unique(made)) == {0, 1}
    walked = np.mean([one[k + 1, (one[k, :4].argmax() + 1) % 4] for one in made for k in range(11)])
    assert walked > 0.8
    follows = model.predict_proba([np.eye(8)[[0, 1]]])
    assert follows[0, :4].argmax() == 2
    assert model.tokens_ is None
    start = np.eye(8)[[2]]
    begun = model.generate(prefix=start, length=3)[0]
    assert begun.dtype == made[0].dtype
    np.testing.assert_array_equal(begun[0], start[0])
    with pytest.raises(SettingError, match="top_p ranks tokens"):
        model.generate(sampling=Sampling(top_p=0.5))
    with pytest.raises(DataError, match="steps of numbers have no blanks"):
        model.fill("___")


def test_keys_of_a_step_judged_together_are_those_that_go_together(quick, chords):
    """Of the upper four keys exactly one sounds: each by itself cannot know that, together they can."""
    X, Y = chords(80), chords(20, seed=1)
    apart, together = (quick(hidden_size=24, joint=joint).fit(X, epochs=40, batch_size=32) for joint in (False, True))
    assert together.bits(Y) < apart.bits(Y) - 0.6  # 4 h(1/4) - 2 = 1.25 bits are there to be gained
    alone = [np.mean([(one[:, 4:].sum(1) == 1).mean() for one in model.generate(20)]) for model in (apart, together)]
    assert alone[0] < 0.7
    assert alone[1] > 0.9
    follows = together.predict_proba([one[:5] for one in Y])
    np.testing.assert_allclose(follows[:, 4:].mean(0), 0.25, atol=0.1)
    np.testing.assert_array_equal(follows[:, :4].argmax(1), [(one[4, :4].argmax() + 1) % 4 for one in Y])
    (one,) = together.write(prefix=Y[0][:4], length=5)
    np.testing.assert_allclose(together.surprises([one.sequence])[0][4:], one.surprise, rtol=1e-4)


def test_few_pieces_of_keys_are_learned_from_by_small_updates_unless_told_otherwise(chords):
    pieces = chords(250)
    own = SequenceGenerator(hidden_size=4).fit(pieces, epochs=1, validation=None)
    assert own.losses_.updates[-1] == 125
    told = SequenceGenerator(hidden_size=4, training=OF_KEYS).fit(pieces, epochs=1, batch_size=2, validation=None)
    for a, b in zip(own.surprises(pieces), told.surprises(pieces), strict=True):
        np.testing.assert_array_equal(a, b)
    assert OF_KEYS.learning_rate > fitting.TRAINING.learning_rate
    texts = SequenceGenerator(hidden_size=4).fit(["ab", "ba"] * 100, epochs=1, validation=None)
    assert texts.losses_.updates[-1] == 7
    with pytest.raises(SettingError, match="batch_size is 0"):
        SequenceGenerator().fit(pieces, batch_size=0)


def test_it_goes_on_with_values(quick):
    rng = np.random.default_rng(0)
    X = [100 + 5 * np.sin(np.arange(40) * 0.5 + rng.uniform(0, 6)) for _ in range(40)]
    model = quick(hidden_size=24).fit(X, epochs=30)
    mean = float(np.mean([((one[1:] - one[:-1]) ** 2).mean() for one in X]))
    errors = [(model.predict_proba([one[:30]])[0, 0] - one[30]) ** 2 for one in X[:10]]
    assert np.mean(errors) < mean / 4
    made = model.generate(3, prefix=X[0][:20], length=10)
    assert made[0].shape == (30, 1)
    np.testing.assert_array_equal(made[0][:20, 0], X[0][:20])
    assert 80 < made[0][20:].mean() < 120


@pytest.mark.parametrize("seed", range(4))
def test_what_steps_are_is_decided_with_what_is_held_out(quick, chords, seed):
    X = [*chords(9), np.full((6, 8), 0.5)]
    model = quick(seed=seed).fit(X, epochs=1, validation=0.5)
    assert model.n_keys_ is None
    assert "val_loss" in model.history_


def test_words_and_blanks(quick):
    pairs = {"france": "french", "italy": "italian", "spain": "spanish"}
    X = [
        f"{who} grew up in {one}{late} and speaks {pairs[one]}."
        for one in pairs
        for who in ("ann", "bob")
        for late in ("", " by the sea")
    ]
    model = quick(unit="words").fit(X * 10, epochs=20, batch_size=4, validation=None)
    best = model.fill("Ann grew up in Italy and speaks ___.")[0]
    assert best.token == "italian"
    assert best.probability > 0.5
    assert model.fill("Bob grew up in ___ by the sea and speaks French.", ["spain", "france"])[0].token == "france"
    assert model.generate(sampling=Sampling(temperature=0))[0].endswith(".")
    with pytest.raises(DataError, match="the sequence holds 'norse' at place 7"):
        model.fill("ann grew up in italy and ___ norse", ["speaks"])
    with pytest.raises(DataError, match="there are no candidates"):
        model.fill("ann ___", [])


def test_words_that_occur_once_are_unknown_ones(quick):
    X = ["the sea is wide", "the sea is deep", "the sky is high"]
    model = quick(unit="words").fit(X, epochs=2, validation=None)
    assert set(model.tokens_) == {"<end>", "<unk>", "the", "sea", "is"}
    assert all("<unk>" not in one for one in model.generate(20))
    assert "deep" in quick(unit="words", vocabulary=Vocabulary()).fit(X, epochs=1, validation=None).tokens_
    assert model.generate(prefix="The  land")[0].startswith("The  land ")


def test_lists_of_tokens_stay_lists(quick):
    model = quick().fit([["ab", "c"], ["c", "ab"]] * 10, epochs=2)
    assert set(model.generate(5)[0]) <= {"ab", "c"}
    assert model.generate(prefix=["c"])[0][0] == "c"
    assert model.fill(["___", "c"], n=1)[0].token in {"ab", "c"}


@pytest.mark.parametrize("case", ["texts", "long", "keys", "chords", "conditions"])
def test_it_comes_back_from_disk(tmp_path, quick, pairs, chords, case):
    X = {"texts": pairs(40), "long": "tide and gate " * 40, "keys": chords(20), "conditions": pairs(40)}.get(
        case, chords(20)
    )
    y = [one[1] for one in X] if case == "conditions" else None
    model = quick(tied=case == "texts", joint=case != "keys", layers=2).fit(X, y, epochs=2)
    model.save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    for a, b in zip(model.surprises(X, y), again.surprises(X, y), strict=True):
        np.testing.assert_array_equal(a, b)
    condition = "a" if y else None
    for a, b in zip(model.generate(3, condition=condition), again.generate(3, condition=condition), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("truncate", [None, 10])
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path, quick, truncate, monkeypatch):
    text = "the tide comes in and the tide goes out again. " * 12
    X = text if truncate else text.split(". ")[:-1]

    def fitted():
        return quick(truncate=truncate, dropout=0.2).fit(X, epochs=4, batch_size=2)

    whole = fitted()
    written, count = tidegate.training.loop.checkpoints.write, [0]

    def killed(snapshot, place):
        written(snapshot, place)
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt

    with kept_in(tmp_path):
        with monkeypatch.context() as patch:
            patch.setattr("tidegate.training.loop.checkpoints.write", killed)
            with pytest.raises(KeyboardInterrupt):
                fitted()
        again = fitted()
    assert whole.history_["val_loss"] == again.history_["val_loss"]
    np.testing.assert_array_equal(whole.surprises(X)[0], again.surprises(X)[0])


def test_scikit_learn_takes_it(quick, pairs):
    model = quick()
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, pairs(60), cv=3, params={"epochs": 2}).mean() < 0
    search = GridSearchCV(model, {"hidden_size": [1, 16]}, cv=2).fit(pairs(80), epochs=15)
    assert search.best_params_ == {"hidden_size": 16}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cell": "gruu"}, "There is no cell 'gruu'"),
        ({"unit": "pieces"}, "unit is 'pieces'"),
        ({"truncate": 0}, "truncate is 0"),
        ({"embedding": 0, "tied": True}, "embedding is 0, so tokens have no vectors"),
        ({"dropout": 1.0}, r"dropout is 1\.0"),
        ({"variational": "yes"}, "variational is 'yes'"),
        ({"joint": 1}, "joint is 1"),
        ({"hidden_size": 0}, "hidden_size is 0"),
    ],
)
def test_settings_outside_their_limits_are_refused(quick, settings, said):
    with pytest.raises(SettingError, match=said):
        quick(**settings).fit(["ab", "ba"])


def test_what_is_of_tokens_alone_is_refused_for_numbers(quick, chords):
    for X in (chords(4), [one / 2 for one in chords(4)]):
        with pytest.raises(SettingError, match="tied scores tokens by their vectors; leave it out"):
            quick(tied=True).fit(X)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n": 0}, "n is 0"),
        ({"length": 0}, "length is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"sampling": Sampling(temperature=-1)}, "temperature is -1"),
        ({"sampling": {"temperature": 1}}, r"sampling is \{'temperature': 1\}; it must be a Sampling"),
    ],
)
def test_what_cannot_be_written_is_refused(quick, arguments, said):
    model = quick().fit(["ab", "ba"], epochs=1, validation=None)
    with pytest.raises(SettingError, match=said):
        model.generate(**arguments)
    with pytest.raises(SettingError, match="n is 0"):
        model.fill("a___", n=0)


def test_nothing_is_said_before_it_has_learned():
    for ask in (
        lambda m: m.generate(),
        lambda m: m.bits(["a"]),
        lambda m: m.predict_proba(["a"]),
        lambda m: m.fill("___"),
    ):
        with pytest.raises(NotFittedError, match="call fit first"):
            ask(SequenceGenerator())


def test_what_would_not_fit_in_memory_is_refused(quick, monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 200_000)
    with pytest.raises(DataError, match=r"sequence 1 has 501 steps.*to 2 or set truncate=100"):
        quick().fit(["short", "a" * 500, "short"], validation=None)
    assert quick(truncate=100).fit(["short", "a" * 500, "short"], epochs=1, validation=None).n_parameters_ > 0


def test_validation_can_be_named(quick, pairs):
    model = quick().fit(pairs(40), epochs=2, validation=(pairs(10, seed=1), None))
    assert model.history_["val_loss"][-1] == pytest.approx(
        np.concatenate(model.surprises(pairs(10, seed=1))).mean(), abs=0.2
    )
    with pytest.raises(DataError, match="sequence 0 of validation is an empty text"):
        quick().fit(pairs(10), validation=([""], None))
    with pytest.raises(SettingError, match="validation is 'all'"):
        quick().fit(pairs(10), validation="all")
