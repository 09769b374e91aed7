"""The columns of trees: the step first, sums exact whatever the level."""

import numpy as np

from tidegate.features.design import Design
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins
from tidegate.forecasters.direct.trees import Pairs, tree_columns
from tidegate.panel import Panel

MONTHS = np.arange("1990-01", "1998-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)


def columns(values):
    panel = Panel(np.array(["a"], dtype=object), np.array([0, 96]), MONTHS, values, "MS", (12,))
    inputs = Inputs(panel, Encoding.learn(panel), 12)
    design = Design.fitting((12,), room=84, lags=None)
    origins = Origins(np.zeros(4, dtype=np.int64), np.array([40, 41, 60, 80]))
    return tree_columns(design, inputs, Pairs(origins, np.array([1, 2, 5, 12]), design.frame(inputs, origins)))


VALUES = np.random.default_rng(0).normal(size=96)


def test_the_step_comes_first_and_the_month_of_the_target_last():
    made = columns(VALUES)
    np.testing.assert_array_equal(made[:, 0], [1, 2, 5, 12])
    np.testing.assert_array_equal(made[:, -1], [(40 + 0) % 12, (41 + 1) % 12, (60 + 4) % 12, (80 + 11) % 12])


def test_the_level_of_a_series_changes_no_bit():
    np.testing.assert_array_equal(columns(VALUES + 1000.0), columns(VALUES))


def test_columns_are_multiples_of_a_power_of_two():
    made = columns(VALUES).astype(np.float64) * 2**16
    np.testing.assert_array_equal(made, np.round(made))
