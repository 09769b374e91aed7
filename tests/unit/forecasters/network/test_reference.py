import numpy as np
import pytest

from tidegate.features.windows import Origins
from tidegate.forecasters.network.reference import Reference, profile, profile_season
from tidegate.panel import Panel


def panel_of(*series):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(4,),
    )


def shaped(length, season=4, slope=0.5):
    shape = np.random.default_rng(season).normal(size=season)
    shape -= shape.mean()
    return 10 + slope * np.arange(length) + shape[np.arange(length) % season], shape


@pytest.mark.parametrize("season", [3, 4, 7, 12])
def test_profile_finds_a_fixed_shape_whatever_the_trend(season):
    values, shape = shaped(6 * season, season)
    half = season // 2
    inner = np.arange(half, len(values) - half)
    np.testing.assert_allclose(profile(values, season)[inner], shape[inner % season], atol=1e-9)
    assert not profile(values, season)[:half].any()
    assert not profile(values, season)[len(values) - half :].any()


def test_profile_is_the_mean_of_three_cycles_then_smoothing():
    rng = np.random.default_rng(0)
    values = rng.normal(size=40)
    made, season = profile(values, 4), 4
    weights = np.array([0.5, 1, 1, 1, 0.5]) / 4
    deviations = np.full(40, np.nan)
    deviations[2:38] = values[2:38] - np.convolve(values, weights, "valid")
    for phase in range(2, 6):
        places = np.arange(phase, 38, season)
        state = 0.0
        for cycle, place in enumerate(places):
            state += max(0.3, 1 / (cycle + 1)) * (deviations[place] - state)
            assert made[place] == pytest.approx(state)


def test_no_profile_without_two_seasons():
    assert not profile(np.arange(7.0), 4).any()
    assert not profile(np.arange(7.0), 1).any()


def test_level_and_season_continue_a_fixed_shape():
    values, _ = shaped(30, slope=0.0)
    reference = Reference.of(panel_of(values[:25]), 4)
    origins, ahead = Origins(np.array([0]), np.array([25])), np.arange(1, 6)
    made = reference.level_at(origins)[:, None] + reference.profile_at(origins, ahead)
    np.testing.assert_allclose(made[0], values[25:], atol=1e-9)


def test_an_origin_sees_nothing_after_it():
    rng = np.random.default_rng(1)
    values = rng.normal(size=40)
    changed = np.concatenate([values[:20], rng.normal(size=20) * 50])
    origins, shifts = Origins(np.array([0, 0]), np.array([15, 20])), np.arange(-9, 7)
    made = [Reference.of(panel_of(series), 4).profile_at(origins, shifts) for series in (values, changed)]
    assert np.array_equal(*made)
    assert made[0].any()


def test_series_do_not_mix():
    a, b = shaped(24)[0], shaped(20)[0] * 3
    together = Reference.of(panel_of(a, b), 4)
    alone = Reference.of(panel_of(b), 4)
    shifts = np.arange(-9, 5)
    ours = together.profile_at(Origins(np.array([1]), np.array([20])), shifts)
    assert np.array_equal(ours, alone.profile_at(Origins(np.array([0]), np.array([20])), shifts))


def test_profile_is_zero_where_it_is_not_known():
    reference = Reference.of(panel_of(shaped(24)[0]), 4)
    assert reference.rows_needed == 8
    origins = Origins(np.array([0, 0]), np.array([7, 8]))
    assert reference.known_at(origins).tolist() == [False, True]
    found = reference.profile_at(origins, np.arange(1, 5))
    assert not found[0].any()
    assert found[1].all()


@pytest.mark.parametrize(
    ("seasons", "typical", "season"),
    [((24, 168), 1000, 168), ((24, 168), 400, 24), ((12,), 40, 12), ((12,), 36, 12), ((12,), 35, 1), ((1,), 100, 1)],
)
def test_the_longest_season_shown_three_times(seasons, typical, season):
    assert profile_season(seasons, typical, horizon=12 if max(seasons) < 24 else 24) == season
