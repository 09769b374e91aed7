"""Covariates as numbers: what was learned stays learned, labels count and codes do not."""

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.features.encoding import MOST_LABELS, Encoder
from tidegate.panel import Covariates


def covariates(price, sky, labels):
    return Covariates(("price", "sky"), np.column_stack([price, sky]).astype(float), {"sky": labels})


TRAINING = covariates([1, 2, 3, 6], [0, 1, 0, 1], ("clear", "rain"))


def test_numbers_are_standardised_by_the_training_rows():
    encoder = Encoder.learn(TRAINING)
    newer = covariates([100, 3], [0, 0], ("clear", "rain"))
    got = encoder.encode(newer.values, newer)[:, 0]
    prices = np.array([1, 2, 3, 6])
    np.testing.assert_allclose(got, (np.array([100, 3]) - prices.mean()) / prices.std())


def test_categories_are_told_by_label_not_by_code():
    encoder = Encoder.learn(TRAINING)
    newer = covariates([0, 0, 0], [0, 1, 2], ("rain", "snow", "clear"))
    assert encoder.columns == ("price", "sky = clear", "sky = rain")
    np.testing.assert_array_equal(encoder.encode(newer.values, newer)[:, 1:], [[0, 1], [0, 0], [1, 0]])


def test_missing_is_the_mean_and_no_label():
    encoder = Encoder.learn(TRAINING)
    empty = covariates([np.nan], [np.nan], ("clear", "rain"))
    np.testing.assert_array_equal(encoder.encode(empty.values, empty), [[0, 0, 0]])


def test_columns_are_found_by_name():
    encoder = Encoder.learn(TRAINING)
    turned = Covariates(("sky", "price"), TRAINING.values[:, ::-1].copy(), TRAINING.categories)
    np.testing.assert_array_equal(encoder.encode(turned.values, turned), encoder.encode(TRAINING.values, TRAINING))


def test_a_missing_column_is_named():
    other = Covariates(("sky",), np.zeros((2, 1)), {"sky": ("clear",)})
    with pytest.raises(DataError, match="covariate 'price', which the model was fitted with, is missing"):
        Encoder.learn(TRAINING).order(other)


def test_a_column_that_changed_between_text_and_numbers_is_refused():
    encoder = Encoder.learn(TRAINING)
    numbers = Covariates(("price", "sky"), np.array([[1.0, 7.0]]), {})
    with pytest.raises(DataError, match="covariate 'sky' holds numbers; the model was fitted on text"):
        encoder.check(numbers)
    texts = Covariates(("price", "sky"), np.zeros((1, 2)), {"price": ("dear",), "sky": ("clear",)})
    with pytest.raises(DataError, match="covariate 'price' holds text; the model was fitted on numbers"):
        encoder.check(texts)
    encoder.check(Covariates(("price", "sky"), np.array([[1.0, np.nan]]), {}))


def test_a_constant_column_is_zero():
    constant = Covariates(("price",), np.full((5, 1), 1e9))
    assert np.all(Encoder.learn(constant).encode(constant.values, constant) == 0)


def test_only_the_most_frequent_labels_have_a_column():
    names = tuple(f"shop {k:03d}" for k in range(MOST_LABELS + 9))
    codes = np.concatenate([np.arange(len(names)), np.arange(9, len(names))]).astype(float)
    many = Covariates(("shop",), codes[:, None], {"shop": names})
    encoder = Encoder.learn(many)
    assert encoder.labels["shop"] == names[9:]
    assert encoder.width == MOST_LABELS


def test_state_brings_it_back():
    encoder = Encoder.learn(TRAINING)
    again = Encoder(**encoder.state())
    np.testing.assert_array_equal(again.encode(TRAINING.values, TRAINING), encoder.encode(TRAINING.values, TRAINING))


def test_no_columns():
    none = Covariates((), np.empty((3, 0)))
    assert Encoder.learn(none).encode(none.values, none).shape == (3, 0)
