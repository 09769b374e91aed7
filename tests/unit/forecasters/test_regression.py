"""Linear, random-forest and xgboost: better than seasonal naive, covariates used and never read ahead of time."""

import builtins
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from skops import io as skops_io

from tidegate.errors import DataError, MissingExtraError, SettingError, StorageError
from tidegate.features.design import LEAST_ROOM
from tidegate.forecasters import registry, regression, storage
from tidegate.forecasters.direct import sampling
from tidegate.forecasters.naive import Naive, SeasonalNaive
from tidegate.forecasters.regression import Linear, RandomForest, XGBoost
from tidegate.panel import Covariates, Panel

MODELS = [Linear, RandomForest, XGBoost]
MONTHS = np.arange("1990-01", "2030-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)
HORIZON = 12


def panel(series, *, season=12, known=None, past=None, static=None):
    """Monthly series of any lengths; covariates of shape (rows, columns) named x0, x1, ..."""
    lengths = [len(values) for values in series]

    def named(values):
        return None if values is None else Covariates(tuple(f"x{c}" for c in range(values.shape[1])), values)

    return Panel(
        ids=np.array([f"s{n:04d}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([MONTHS[:length] for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="MS",
        seasons=(season,),
        known=named(known),
        past=named(past),
        static=named(static),
    )


def sales(length=132, seed=0):
    """A growing series whose season grows with it, as air traffic does."""
    rng = np.random.default_rng(seed)
    steps = np.arange(length)
    season = 1 + 0.25 * np.sin(2 * np.pi * steps / 12) + 0.1 * np.cos(4 * np.pi * steps / 12)
    return 100 * np.exp(0.01 * steps) * season * np.exp(rng.normal(0, 0.03, length))


def error(model, data, horizon=HORIZON, n_folds=1):
    """Mean absolute error over the newest folds, fitted once before the first of them."""
    model.fit(data.before(data.lengths - horizon * n_folds, horizon), horizon=horizon)
    errors = []
    for fold in range(n_folds):
        ends = data.lengths - horizon * (fold + 1)
        made = model.forecast(data.before(ends, horizon)).mean
        actual = np.stack([data.series(n)[end : end + horizon] for n, end in enumerate(ends)])
        errors.append(np.abs(made - actual).mean())
    return float(np.mean(errors))


@pytest.mark.parametrize("cls", MODELS)
def test_a_growing_season_is_continued(cls):
    data = panel([sales()])
    assert error(cls(), data, n_folds=3) < 0.6 * error(SeasonalNaive(), data, n_folds=3)


@pytest.mark.parametrize("cls", MODELS)
def test_a_trend_goes_on_beyond_everything_seen(cls):
    rng = np.random.default_rng(1)
    data = panel([3.0 * np.arange(120) + rng.normal(0, 1, 120)], season=1)
    assert error(cls(), data, n_folds=3) < 0.25 * error(Naive(), data, n_folds=3)


@pytest.mark.parametrize("cls", MODELS)
def test_a_random_walk_is_hardly_worse_than_naive(cls):
    rng = np.random.default_rng(2)
    data = panel([rng.normal(size=300).cumsum()], season=1)
    assert error(cls(), data, horizon=3, n_folds=10) < 1.25 * error(Naive(), data, horizon=3, n_folds=10)


@pytest.mark.parametrize("cls", MODELS)
def test_one_model_learns_from_all_series_even_very_short_ones(cls):
    data = panel([sales(seed=n) * 10**n for n in range(4)] + [sales(length=40, seed=9)])
    assert error(cls(), data) < 0.7 * error(SeasonalNaive(), data)


def driven(kind, *, lead=0, length=240):
    """Noise plus five times a covariate; of `lead` steps before it."""
    rng = np.random.default_rng(4)
    driver = rng.normal(size=length)
    values = 5 * np.roll(driver, lead) + rng.normal(0, 0.2, length)
    return panel([values], season=1, **{kind: np.column_stack([driver, rng.normal(size=length)])})


@pytest.mark.parametrize("cls", MODELS)
def test_a_known_covariate_that_carries_everything_is_used(cls):
    data = driven("known")
    without = replace(data, known=None)
    assert error(cls(), data, horizon=4, n_folds=5) < 0.5 * error(cls(), without, horizon=4, n_folds=5)


@pytest.mark.parametrize("cls", MODELS)
def test_a_past_covariate_that_leads_is_used(cls):
    data = driven("past", lead=1)
    assert error(cls(), data, horizon=1, n_folds=20) < 0.5 * error(
        cls(), replace(data, past=None), horizon=1, n_folds=20
    )


@pytest.mark.parametrize("cls", MODELS)
def test_a_past_covariate_is_not_read_after_the_origin(cls):
    """It equals the target of its own row: reading it ahead of time would be rewarded with no error at all."""
    data = driven("past")
    without = replace(data, past=None)
    assert error(cls(), data, horizon=4, n_folds=5) > 0.8 * error(cls(), without, horizon=4, n_folds=5)


@pytest.mark.parametrize("cls", MODELS)
def test_static_attributes_tell_series_apart(cls):
    """Every January a series steps up or down; in December nothing but its attribute says which."""
    rng = np.random.default_rng(5)
    up = rng.integers(0, 2, 40)
    series = [3.0 * (2 * sign - 1) * (np.arange(108) // 12) + rng.normal(0, 0.1, 108) for sign in up]
    told = panel(series, season=1, static=up[:, None].astype(float))
    assert error(cls(lags=2), told) < 0.7 * error(cls(lags=2), replace(told, static=None))


@pytest.mark.parametrize("cls", MODELS)
def test_a_target_and_eight_predictors_with_lag_five_is_one_call(cls):
    rng = np.random.default_rng(6)
    predictors = rng.normal(size=(400, 8))
    values = 3 * np.roll(predictors[:, 6], 5) + rng.normal(0, 0.1, 400)
    data = panel([values], season=1, past=predictors)
    model = cls(lags=5)
    assert error(model, data, horizon=1, n_folds=40) < 0.6 * error(cls(lags=4), data, horizon=1, n_folds=40)
    assert model.design_.covariate_lags == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("cls", MODELS)
def test_batch_and_single_forecasts_are_the_same_bits(cls):
    data = panel([sales(seed=n) for n in range(3)])
    model = cls().fit(data, horizon=HORIZON)
    together = model.forecast().mean
    alone = np.concatenate([model.forecast(data.take([n])).mean for n in range(3)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("cls", MODELS)
def test_unseen_series_are_forecast(cls):
    model = cls().fit(panel([sales(seed=n) for n in range(3)]), horizon=HORIZON)
    other = replace(panel([50 * sales(seed=8)]), ids=np.array(["new"], dtype=object))
    made = model.forecast(other.before(other.lengths - HORIZON, HORIZON)).mean[0]
    actual, last_year = other.values[-HORIZON:], other.values[-2 * HORIZON : -HORIZON]
    assert np.abs(made - actual).mean() < 0.7 * np.abs(last_year - actual).mean()


@pytest.mark.parametrize("cls", MODELS)
def test_saved_and_loaded_it_forecasts_the_same_bits(cls, tmp_path):
    model = cls().fit(driven("known").before(np.array([230]), 4), horizon=4)
    model.save(tmp_path / "model")
    again = storage.load(tmp_path / "model")
    np.testing.assert_array_equal(again.forecast().mean, model.forecast().mean)
    assert again.n_parameters == model.n_parameters > 0
    assert (again.design_, again.notes_) == (model.design_, model.notes_)


@pytest.mark.parametrize("cls", MODELS)
def test_the_shortest_series_it_takes(cls):
    values = np.arange(3 + LEAST_ROOM) % 2 + 10.0
    made = cls().fit(panel([values]), horizon=3).forecast().mean
    assert np.all((made > 8) & (made < 13))
    with pytest.raises(DataError, match=f"8 observations; {cls.name} needs at least 9"):
        cls().fit(panel([values[:-1]]), horizon=3)


def test_given_lags_need_series_of_their_length():
    with pytest.raises(DataError, match="20 observations; linear needs at least 23"):
        Linear(lags=[1, 18]).fit(panel([sales(20)]), horizon=2)


@pytest.mark.parametrize("cls", MODELS)
def test_a_constant_series_stays(cls):
    np.testing.assert_allclose(cls().fit(panel([np.full(60, 5.0)]), horizon=4).forecast().mean, 5.0)


@pytest.mark.parametrize("cls", [RandomForest, XGBoost])
def test_the_seed_decides(cls):
    data = panel([sales()])
    first, again, other = (cls(seed=s, n_trees=20).fit(data, horizon=4).forecast().mean for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("cls", MODELS)
def test_what_is_capped_is_said(cls, monkeypatch):
    data = panel([sales()])
    assert cls().fit(data, horizon=HORIZON).notes_ == ()
    for name, most in (("LINEAR_PAIRS", 600), ("LINEAR_ORIGINS", 10), ("TREE_PAIRS", 600)):
        monkeypatch.setattr(sampling, name, most)
    model = cls()
    assert error(model, data) < 0.8 * error(SeasonalNaive(), data)
    (note,) = model.notes_
    assert note.startswith(f"{cls.name} learned from {50 if cls is Linear else 600} of ")


def test_strength_is_chosen_from_the_data():
    data = panel([sales()])
    assert Linear().fit(data, horizon=2).strength_ in regression.STRENGTHS
    assert Linear(strength=3).fit(data, horizon=2).strength_ == 3
    assert error(Linear(), data) < error(Linear(strength=1e4), data)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Linear(lags=0), "lags is 0; give a whole number or numbers of at least 1"),
        (Linear(lags=[0, 3]), r"lags is \[0, 3\]; give a whole number or numbers of at least 1"),
        (Linear(strength=0), "strength is 0; it must be above 0"),
        (RandomForest(n_trees=0), "n_trees is 0; it must be at least 1"),
        (RandomForest(leaf_size=0), "leaf_size is 0; it must be at least 1"),
        (XGBoost(depth=17), "depth is 17; it must be from 1 to 16"),
        (XGBoost(learning_rate=0), "learning_rate is 0; it must be above 0 and at most 1"),
    ],
)
def test_settings_outside_their_limits_are_refused(model, message):
    with pytest.raises(SettingError, match=message):
        model.fit(panel([sales()]), horizon=2)


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    honest = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "xgboost":
            raise ImportError(name)
        return honest(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"xgboost is not installed. .*tidegate\[boost\]"):
        registry.forecaster("xgboost").fit(panel([sales()]), horizon=2)


def test_a_saved_forest_holds_a_forest_and_nothing_else():
    model = RandomForest(n_trees=3).fit(panel([sales()]), horizon=2)
    state = model._state()
    state["learned"]["forest"] = skops_io.dumps({"odd": np.ufunc, "also": LinearRegression, "run": print})
    with pytest.raises(StorageError, match=r"The saved forest holds .*which no forest does"):
        model._restore(state)
    state["learned"]["forest"] = skops_io.dumps(LinearRegression())
    with pytest.raises(StorageError, match="The saved forest is a LinearRegression"):
        model._restore(state)


def test_damaged_boosted_trees_are_refused():
    model = XGBoost(n_trees=3).fit(panel([sales()]), horizon=2)
    state = model._state()
    state["learned"]["booster"] = state["learned"]["booster"][:50]
    with pytest.raises(StorageError, match="saved boosted trees are damaged"):
        model._restore(state)
