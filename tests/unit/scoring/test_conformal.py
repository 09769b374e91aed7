import numpy as np
import pytest

from tidegate.scoring.conformal import edge, fewest, half_widths, levelled, nearest, shortage


def test_the_rank_is_the_one_that_small_samples_need():
    scores = np.arange(1.0, 20.0).reshape(19, 1, 1)
    assert half_widths(scores, [50, 80, 95]).tolist() == [[10, 16, 19]]


@pytest.mark.parametrize(("origins", "series"), [(4, 1), (9, 1), (2, 10), (40, 1)])
@pytest.mark.parametrize("horizon", [1, 8])
def test_new_errors_are_covered_at_least_as_often_as_promised(origins, series, horizon):
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(2000):
        errors = np.abs(rng.standard_t(5, size=(origins + 1, series, horizon))) * np.sqrt(np.arange(1, horizon + 1))
        widths = half_widths(errors[:-1], [80])
        inside.append(np.mean(errors[-1] <= widths[:, 0]))
    assert np.mean(inside) > 0.78


def test_errors_that_grow_with_the_step_get_wider_intervals():
    rng = np.random.default_rng(1)
    errors = np.abs(rng.normal(size=(5, 1, 20))) * np.sqrt(np.arange(1, 21))
    widths = half_widths(errors, [80, 95])
    assert widths[14:].mean() > 1.5 * widths[:6].mean()
    assert (widths[:, 1] >= widths[:, 0]).all()


def test_few_scores_are_stretched_and_it_is_said():
    scores = np.array([[[1.0]], [[2.0]], [[3.0]]])
    widths = half_widths(scores, [50, 80, 95])[0]
    assert widths[0] == 2
    assert 3 < widths[1] < widths[2]
    assert "Only 3 past errors are known, too few for the 80 % and 95 % interval, which needs 19" in shortage(
        scores, [50, 80, 95]
    )
    assert shortage(scores, [50]) == ""


def test_missing_scores_are_left_out():
    scores = np.arange(1.0, 11.0).reshape(10, 1, 1)
    holed = np.concatenate([scores, np.full((5, 1, 1), np.nan)])
    assert (half_widths(holed, [80]) == half_widths(scores, [80])).all()


def test_exact_forecasts_have_intervals_of_no_width():
    assert (half_widths(np.zeros((10, 2, 3)), [80, 95]) == 0).all()


def test_no_scores_at_all_give_nan():
    assert np.isnan(half_widths(np.full((2, 1, 3), np.nan), [80])).all()


@pytest.mark.parametrize(("level", "wanted"), [(50, 1), (80, 4), (90, 9), (95, 19), (99, 99)])
def test_so_many_scores_have_the_rank(level, wanted):
    assert fewest(level) == wanted
    for count, ends in ((wanted - 1, True), (wanted, False)):
        assert bool(shortage(np.ones((count, 1, 1)), [level])) is ends


def test_neighbours_join_until_there_are_enough():
    table = np.array([[1.0, 2.0, 3.0, np.nan], [5.0, 6.0, 7.0, 8.0]])
    assert sorted(nearest(table, 0, 2)) == [1, 5]
    assert sorted(nearest(table, 0, 3)) == [1, 2, 5, 6]
    assert sorted(nearest(table, 3, 2)) == [3, 7, 8]
    assert len(nearest(table, 1, 50)) == 7


def test_levelled_scores_do_not_grow():
    scores = np.sqrt(np.arange(1, 5.0)) * np.ones((3, 2, 1))
    growth, table = levelled(scores)
    assert growth == pytest.approx(np.sqrt(np.arange(1, 5)))
    assert table == pytest.approx(np.ones((6, 4)))


def test_the_largest_of_19_normal_scores_reaches_as_far_as_95_percent():
    assert edge(19) == pytest.approx(1.96, abs=1e-3)
