"""Ridge regression against scikit-learn's and against least squares."""

import numpy as np
from sklearn.linear_model import Ridge as Reference
from sklearn.preprocessing import StandardScaler

from tidegate.forecasters.direct import ridge


def data(n_columns=5):
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(40, n_columns)) * np.array([1, 10, 0.1, 3, 1])[:n_columns] + 7
    return columns, columns @ rng.normal(size=n_columns) + rng.normal(size=40)


def test_every_strength_equals_the_reference():
    columns, wanted = data()
    strengths = np.array([1e-3, 0.1, 5.0])
    ours = ridge.fit(columns, wanted, strengths).predict(columns)
    standard = StandardScaler().fit_transform(columns)
    for place, strength in enumerate(strengths):
        theirs = Reference(alpha=strength * len(wanted)).fit(standard, wanted).predict(standard)
        np.testing.assert_allclose(ours[:, place], theirs, rtol=1e-9)


def test_a_constant_column_changes_nothing():
    columns, wanted = data()
    wider = np.column_stack([columns, np.full(len(columns), 3.0)])
    narrow = ridge.fit(columns, wanted, np.array([0.1]))
    wide = ridge.fit(wider, wanted, np.array([0.1]))
    assert wide.coefficients[-1] == 0
    np.testing.assert_allclose(wide.predict(wider), narrow.predict(columns))


def test_without_columns_it_is_the_mean():
    wanted = np.array([1.0, 2.0, 6.0])
    line = ridge.fit(np.empty((3, 0)), wanted, np.array([0.1]))
    np.testing.assert_allclose(line.predict(np.empty((2, 0))), 3.0)
