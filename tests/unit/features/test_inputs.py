"""Arrays around origins: the right rows, nothing after an origin, known covariates through the future."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, last_origins
from tidegate.panel import Covariates, Future, Panel

HOURS = np.arange("2024-01-01T00", "2024-03-01T00", dtype="M8[h]").astype("M8[ns]").astype(np.int64)
HORIZON = 3


def panel(lengths=(60, 40)):
    n_rows = sum(lengths)
    rng = np.random.default_rng(0)
    known = Covariates(("price",), rng.normal(size=(n_rows, 1)))
    ahead = Covariates(("price",), np.array([10.0, 11, 12, 20, 21])[:, None])
    return Panel(
        ids=np.array(["a", "b"], dtype=object),
        offsets=np.array([0, lengths[0], n_rows]),
        times=np.concatenate([HOURS[:length] for length in lengths]),
        values=rng.normal(size=n_rows),
        frequency="h",
        seasons=(24,),
        known=known,
        past=Covariates(("footfall",), rng.normal(size=(n_rows, 1))),
        static=Covariates(("town",), np.array([[0.0], [1.0]]), {"town": ("x", "y")}),
        future=Future(np.array([0, 3, 5]), ahead),
    )


@pytest.fixture
def inputs():
    made = panel()
    return Inputs(made, Encoding.learn(made), HORIZON)


ORIGINS = Origins(np.array([0, 1]), np.array([30, 20]))
SHIFTS = np.array([-1, 0, 2])


def test_target_covariates_and_times_come_from_the_same_rows(inputs):
    rows = np.array([[28, 29, 31], [78, 79, 81]])
    data, known = inputs.panel, inputs.encoding.known
    np.testing.assert_array_equal(inputs.target_at(ORIGINS, SHIFTS), data.values[rows])
    np.testing.assert_array_equal(inputs.times_at(ORIGINS, SHIFTS), data.times[rows])
    np.testing.assert_allclose(inputs.known_at(ORIGINS, SHIFTS), known.encode(data.known.values[rows], data.known))
    np.testing.assert_array_equal(inputs.static_of(ORIGINS), [[1, 0], [0, 1]])


def test_the_calendar_reaches_over_the_end(inputs):
    ends = last_origins(inputs.panel.lengths)
    fields = inputs.fields_at(ends, np.arange(0, HORIZON + 1))
    np.testing.assert_array_equal(fields[:, :, 0] // 60, [[11, 12, 13, 14], [15, 16, 17, 18]])
    assert inputs.waves_at(ends, np.arange(1, 3), 2).shape == (2, 2, 4)


def test_known_covariates_reach_into_the_future_and_are_the_mean_where_it_ends(inputs):
    ends = last_origins(inputs.panel.lengths)
    encoder = inputs.encoding.known
    values = inputs.known_at(ends, np.arange(1, HORIZON + 1))[..., 0] * encoder.spreads + encoder.means
    np.testing.assert_allclose(values, [[10, 11, 12], [20, 21, encoder.means[0]]])


def test_known_covariates_without_any_future_are_the_mean():
    made = replace(panel(), future=None)
    inputs = Inputs(made, Encoding.learn(made), HORIZON)
    assert np.all(inputs.known_at(last_origins(made.lengths), np.array([1, 2])) == 0)


def test_past_covariates_after_the_origin_are_refused(inputs):
    assert inputs.past_at(ORIGINS, np.array([-1, 0])).shape == (2, 2, 1)
    with pytest.raises(ValueError, match="past covariates were asked for 2 steps after the origin"):
        inputs.past_at(ORIGINS, SHIFTS)


def test_encoding_survives_its_state():
    made = panel()
    encoding = Encoding.learn(made)
    again = Encoding.from_state(encoding.state())
    first, second = Inputs(made, encoding, HORIZON), Inputs(made, again, HORIZON)
    np.testing.assert_array_equal(first.known_at(ORIGINS, SHIFTS), second.known_at(ORIGINS, SHIFTS))
    np.testing.assert_array_equal(first.fields_at(ORIGINS, SHIFTS), second.fields_at(ORIGINS, SHIFTS))


def test_no_calendar_no_columns():
    made = replace(panel(), times=np.concatenate([np.arange(60), np.arange(40)]), frequency="1", seasons=(1,))
    inputs = Inputs(made, Encoding.learn(made), HORIZON)
    assert inputs.fields_at(ORIGINS, SHIFTS).shape == (2, 3, 0)
    assert inputs.waves_at(ORIGINS, SHIFTS).shape == (2, 3, 0)
