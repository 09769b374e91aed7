import numpy as np
import pytest

from tidegate.forecasters.hybrid.rules import dilations, shape, updates
from tidegate.forecasters.network.course import course
from tidegate.panel import Panel
from tidegate.training.settings import Training


def panel_of(*lengths, seasons=(12,)):
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.ones(sum(lengths)),
        frequency="1",
        seasons=seasons,
    )


@pytest.mark.parametrize(
    ("seasons", "length", "found"),
    [
        ((12,), 42, (12,)),
        ((12,), 41, ()),
        ((168, 24), 400, (24, 168)),
        ((24, 168, 336), 900, (24, 168)),
        ((1,), 90, ()),
    ],
)
def test_seasons_are_smoothed_that_show_two_cycles_before_a_horizon(seasons, length, found):
    assert shape(panel_of(length, seasons=seasons), 18).seasons == found


@pytest.mark.parametrize(("seasons", "steps"), [((4,), 4), ((2,), 4), ((12,), 12), ((48, 336), 24), ((1,), 6)])
def test_each_step_reads_a_season(seasons, steps):
    assert shape(panel_of(2_000, seasons=seasons), 6).input_steps == steps


def test_long_series_count_with_twenty_cycles_or_400_rows():
    assert shape(panel_of(9_000, seasons=(24, 168)), 48).most_rows == 20 * 168 + 48
    assert shape(panel_of(9_000, seasons=(4,)), 8).most_rows == 408


def test_dilations_are_those_of_the_paper():
    assert dilations((7,)) == ((1, 3), (7, 14))
    assert dilations((24,)) == ((1, 6), (12, 24))
    assert all(d >= 1 for m in range(2, 400) for block in dilations((m,)) + dilations((m, 7 * m)) for d in block)


@pytest.mark.parametrize(
    ("n_series", "length", "found"),
    [
        (1, 500, 200),
        (400, 500, 600),
        (9_000, 60, 600),
        (400, 30, 100),
        (1_000, 30, 250),
        (9_000, 30, 600),
        (1, 30, 100),
    ],
)
def test_updates_are_four_walks_where_nothing_is_held_out(n_series, length, found):
    """Series of 30 values are too short to hold origins out before 18 steps."""
    lengths, training = np.full(n_series, length), Training(batch_size=16)
    plan = course(lengths, past_steps=np.minimum(lengths - 18, 6), horizon=18, training=training)
    assert bool(len(plan.newer)) is (length > 30)
    plan = plan._replace(n_updates=200 if n_series == 1 else 5_000)
    assert updates(training, plan, n_series) == found
    assert updates(Training(n_updates=5_000), plan, n_series) == 5_000
