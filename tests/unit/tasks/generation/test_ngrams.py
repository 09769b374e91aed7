import itertools
from collections import Counter

import numpy as np
import pytest

from tidegate import Vocabulary
from tidegate.errors import NotFittedError, SettingError
from tidegate.tasks.generation.ngrams import NGrams


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("context", [[], ["a"], ["a", "b"], ["z"], ["r", "r", "r", "r"], list("abrabra")])
def test_probabilities_sum_to_one(order, context):
    model = NGrams(order=order).fit(["abra", "abba", "barb", "a"])
    found = model.predict_proba(context)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (found > 0).all()


def test_two_tokens_are_kneser_and_ney_s_by_hand():
    """Of pairs by their counts, of single tokens by how many different ones they follow."""
    text = "abracadabra"
    model = NGrams(order=2).fit(text)
    letters = Counter(["<", *text][k] for k in range(len(text)))
    runs = Counter(itertools.pairwise(["<", *text]))
    once, twice = (sum(count == n for count in runs.values()) for n in (1, 2))
    taken = once / (once + 2 * twice)
    follows = Counter(second for _, second in runs)
    f1, f2 = (sum(count == n for count in follows.values()) for n in (1, 2))
    under = min(f1 / (f1 + 2 * f2), 0.95)
    total = sum(follows.values())

    def lower(token):
        return (max(follows[token] - under, 0) + under * len(follows) / len(model._known)) / total

    def wanted(before, token):
        after = [pair for pair in runs if pair[0] == before]
        return (max(runs[before, token] - taken, 0) + taken * len(after) * lower(token)) / letters[before]

    found = np.exp(-model.surprises(text)[0])
    np.testing.assert_allclose(found, [wanted(*pair) for pair in itertools.pairwise(["<", *text])], rtol=1e-12)


def test_more_of_the_past_helps_where_there_is_some():
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("ab"), 2)) + "-" for _ in range(400)]
    text = "".join(word + word for word in words)
    bits = [NGrams(order=order).fit(text[:1_500]).bits(text[1_500:]) for order in (1, 2, 4)]
    assert bits[0] > bits[1] > bits[2]


def test_many_texts_begin_and_end_by_themselves():
    model = NGrams(order=4).fit(["ab", "ab", "ab", "cd"])
    assert [len(one) for one in model.surprises(["ab", "c"])] == [3, 2]
    whole = model.predict_proba([])
    assert whole[model._known.encode(["a", "c"])[0]] > whole[model._known.encode(["b"])[0]]
    assert model.predict_proba(["a", "b"])[0] > 0.8


def test_tokens_that_are_not_known_are_one_token():
    known = Vocabulary(min_count=2).fit([["the", "sea", "the", "sea", "rare"]])
    model = NGrams(order=2, unit="words", vocabulary=known).fit(["the sea the sea rare"])
    assert model.bits(["the rare"]) == model.bits(["the unseen"])
    assert model.name == "2-gram model of words"


def test_what_cannot_be_done_is_refused():
    with pytest.raises(SettingError, match="order is 0"):
        NGrams(order=0).fit("abc")
    with pytest.raises(NotFittedError, match="call fit first"):
        NGrams().surprises("abc")
