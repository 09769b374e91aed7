from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.forecasters.hybrid.columns import first_seasons
from tidegate.forecasters.hybrid.reader import Reader, newest
from tidegate.forecasters.hybrid.rules import Shape
from tidegate.panel import Covariates, Panel

SHAPE = Shape((4,), 4, ((1, 2),), 20)


def panel_of(*series, starts=None, static=None):
    lengths = [len(values) for values in series]
    begins = starts or [0] * len(series)
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([begin + np.arange(length) for begin, length in zip(begins, lengths, strict=True)]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(4,),
        static=Covariates(("size",), np.array(static)[:, None]) if static else None,
    )


@pytest.fixture
def series():
    rng = np.random.default_rng(6)
    return [rng.uniform(5, 20, length) for length in (30, 12)]


def read(reader, panel, numbers):
    source, scale = reader.source(panel, np.array(numbers))
    return source, scale.outside(source.columns(np.arange(len(panel))).values.double().numpy().T)


def test_the_newest_rows_of_training_count(series):
    panel = panel_of(*series)
    source, values = read(Reader.learn(panel, SHAPE), panel, [1, 2])
    assert source.lengths.tolist() == [20, 12]
    np.testing.assert_allclose(values[0], series[0][10:], rtol=1e-6)
    np.testing.assert_allclose(values[1, :12], series[1], rtol=1e-6)
    assert source.aligned.all()


def test_a_longer_series_goes_on_where_training_began(series):
    reader = Reader.learn(panel_of(*series), SHAPE)
    longer = panel_of(np.append(series[0], [1, 2, 3]), series[1])
    source, values = read(reader, longer, [1, 2])
    assert source.lengths.tolist() == [23, 12]
    np.testing.assert_allclose(values[0, -3:], [1, 2, 3], rtol=1e-6)
    assert source.aligned.all()
    np.testing.assert_array_equal(source.columns(np.array([0])).firsts[0].T.numpy(), reader.firsts[0][:1].astype("f4"))


def test_a_series_that_begins_later_has_its_own_first_season_and_the_learned_scale(series):
    reader = Reader.learn(panel_of(*series), SHAPE)
    later = panel_of(series[0][13:], series[1], starts=[13, 0])
    source, values = read(reader, later, [1, 2])
    assert source.aligned.tolist() == [False, True]
    np.testing.assert_allclose(values[0, :17], series[0][13:], rtol=1e-6)
    w = reader.scale.inside(series[0][13:], np.zeros(17, dtype=np.int64))
    expected = first_seasons(w, np.array([0, 17]), (4,))[0][0]
    np.testing.assert_allclose(source.columns(np.array([0])).firsts[0][:, 0], expected, rtol=1e-5)


def test_an_unseen_series_has_the_scale_of_its_own_newest_rows(series):
    reader = Reader.learn(panel_of(*series), SHAPE)
    other = 1_000 * np.random.default_rng(1).uniform(1, 3, 25)
    source, scale = reader.source(panel_of(other, series[1]), np.array([0, 2]))
    assert source.lengths.tolist() == [20, 12]
    np.testing.assert_allclose(scale.centres, [np.log(other[5:].mean()), np.log(series[1].mean())])
    assert not source.aligned[0]


def test_static_attributes_are_encoded_and_asked_for(series):
    panel = panel_of(*series, static=[1.0, 3.0])
    reader = Reader.learn(panel, SHAPE)
    source, _ = reader.source(panel, np.array([1, 2]))
    assert source.columns(np.array([0, 1])).features.tolist() == [[-1], [1]]
    with pytest.raises(DataError, match="The covariate 'size', which the model was fitted with, is missing"):
        reader.source(panel_of(*series), np.array([1, 2]))


def test_its_state_brings_it_back(series):
    panel = panel_of(*series)
    reader = Reader.learn(panel, SHAPE)
    again = Reader.from_state(reader.state())
    one, other = (read(made, replace(panel), [1, 2])[1] for made in (reader, again))
    np.testing.assert_array_equal(one, other)


def test_newest_leaves_out_older_rows(series):
    assert newest(panel_of(*series), 20).lengths.tolist() == [20, 12]
