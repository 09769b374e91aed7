from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

import tidegate
from tidegate.checks import check_whole
from tidegate.errors import DataError, MissingExtraError, ModelError, SettingError
from tidegate.forecasters import registry
from tidegate.forecasters.ensemble import Ensemble, asked, built, check_members, labelled, remarks
from tidegate.forecasters.naive import Drift, HistoricMean, MovingAverage, Naive, SeasonalNaive
from tidegate.forecasters.regression import Linear
from tidegate.forecasters.smoothing import ETS, Theta
from tidegate.panel import Covariates, Panel

MONTHS = np.arange("1990-01", "2020-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)
PLAIN = ("naive", "drift", "historic-mean")


def make_panel(lengths=(60, 72), *, noise=2.0, seed=0) -> Panel:
    """Monthly series with a season and some trend, of different levels."""
    rng = np.random.default_rng(seed)
    rows = []
    for n, length in enumerate(lengths):
        steps = np.arange(length)
        rows.append(50 + 40 * n + 0.5 * steps + 10 * np.sin(steps * np.pi / 6) + rng.normal(0, noise, length))
    return Panel(
        np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([MONTHS[:length] for length in lengths]),
        np.concatenate(rows),
        "MS",
        (12,),
    )


@pytest.fixture
def panel():
    return make_panel()


def forecasts(members, panel, levels=()):
    return [registry.forecaster(name).fit(panel, horizon=6).forecast(levels=levels) for name in members]


@pytest.mark.parametrize(("combine", "rule"), [("mean", np.mean), ("median", np.median)])
def test_forecast_and_bounds_are_combined_step_by_step(panel, combine, rule):
    made = Ensemble(members=PLAIN, combine=combine).fit(panel, horizon=6).forecast(levels=[80, 95])
    alone = forecasts(PLAIN, panel, levels=[80, 95])
    assert np.allclose(made.mean, rule([one.mean for one in alone], axis=0), rtol=1e-12)
    assert np.allclose(made.intervals.lower, rule([one.intervals.lower for one in alone], axis=0), rtol=1e-12)
    assert np.allclose(made.intervals.upper, rule([one.intervals.upper for one in alone], axis=0), rtol=1e-12)
    assert np.all(made.intervals.lower[..., 1] < made.intervals.lower[..., 0])


def test_weights_are_the_inverse_of_the_squared_errors_before_the_end(panel):
    made = Ensemble(members=("seasonal-naive", "historic-mean", "ets"), combine="weights").fit(panel, horizon=6)
    assert made.weights_.sum() == pytest.approx(1)
    assert made.weights_[2] > made.weights_[0] > made.weights_[1] > 0
    alone = forecasts([one.name for one in made.members_], panel)
    expected = sum(weight * one.mean for weight, one in zip(made.weights_, alone, strict=True))
    assert np.allclose(made.forecast().mean, expected, rtol=1e-12)
    assert made.notes_[0].startswith("The forecast is the weighted mean of seasonal-naive (")


def test_a_weight_follows_its_formula():
    panel = make_panel((30,), noise=0)
    made = Ensemble(members=(MovingAverage(window=1), MovingAverage(window=2)), combine="weights").fit(panel, horizon=1)
    values, count = panel.values, 6
    errors = []
    for window in (1, 2):
        ends = 30 - 1 - np.arange(count)
        errors.append(np.mean([abs(values[end] - values[end - window : end].mean()) for end in ends]))
    expected = np.array(errors) ** -2.0
    assert np.allclose(made.weights_, expected / expected.sum(), rtol=1e-9)


def test_weights_of_series_too_short_to_judge_are_equal():
    made = Ensemble(members=PLAIN, combine="weights").fit(make_panel((14,)), horizon=6)
    assert np.allclose(made.weights_, 1 / 3)
    assert any("The members count the same: " in note for note in made.notes_)


def test_weights_rest_on_the_newest_values(panel):
    members = (MovingAverage(window=2), MovingAverage(window=5))
    before = Ensemble(members=members, combine="weights").fit(panel, horizon=6)
    values = panel.values.copy()
    values[panel.offsets[1:] - 1] += 30
    after = Ensemble(members=members, combine="weights").fit(replace(panel, values=values), horizon=6)
    assert not np.allclose(before.weights_, after.weights_)


def test_it_beats_the_typical_member():
    """The error of a mean is at most the mean of the errors, and lower where members err on different sides."""
    panel = make_panel((96,) * 12, noise=6)
    known, actual = panel.before(panel.lengths - 12, 12), panel.values.reshape(12, 96)[:, -12:]
    members = ("ets", "theta", "seasonal-naive")
    errors = [np.abs(actual - registry.forecaster(m).fit(known, horizon=12).forecast().mean).mean() for m in members]
    own = np.abs(actual - Ensemble(members=members).fit(known, horizon=12).forecast().mean).mean()
    assert own < 0.95 * np.mean(errors)


def test_the_default_is_the_mean_of_ets_theta_and_gru(panel):
    made = Ensemble().fit(panel, horizon=6)
    assert [one.name for one in made.members_] == ["ets", "theta", "gru"]
    assert made.notes_[0] == "The forecast is the mean of ets, theta and gru."
    assert any(note.startswith("gru: ") for note in made.notes_)
    assert made.n_parameters == sum(one.n_parameters for one in made.members_) > 1000


def test_the_seed_reaches_members_that_are_named():
    models, failed = built(("gru", "ets", tidegate.GRU(seed=3)), 7)
    assert not failed
    assert [models["gru"].seed, models["gru-2"].seed] == [7, 3]


def test_a_member_that_cannot_be_fitted_is_left_out_aloud():
    short = make_panel((3, 40))
    made = Ensemble(members=("naive", "theta", "linear")).fit(short, horizon=3)
    assert [one.name for one in made.members_] == ["naive"]
    assert made.notes_[0] == "The forecast is that of naive alone."
    assert any(note.startswith("theta is left out: series 's0': 3 observations; ") for note in made.notes_)
    assert np.array_equal(made.forecast().mean, Naive().fit(short, horizon=3).forecast().mean)


def test_a_member_that_fails_only_before_the_judged_values_is_left_out():
    panel = make_panel((20,))
    made = Ensemble(members=(SeasonalNaive(), Linear(lags=(9,))), combine="weights").fit(panel, horizon=4)
    assert [one.name for one in made.members_] == ["seasonal-naive"]
    assert any(note.startswith("linear is left out: ") for note in made.notes_)


def test_without_any_member_the_data_are_refused_with_their_place():
    with pytest.raises(DataError, match=r"no member of the ensemble can be fitted \(theta: .*; linear: ") as caught:
        Ensemble(members=("theta", "linear")).fit(make_panel((3, 40)), horizon=3)
    assert caught.value.place.series == "s0"
    assert caught.value.repair


class Unfit(Naive):
    """A member whose library gives up."""

    def _fit(self, panel, horizon):
        raise ModelError("it did not converge")


def test_without_any_member_for_other_reasons_it_is_the_models_that_failed(panel):
    with pytest.raises(ModelError, match=r"No member of the ensemble can be fitted\. naive: it did not converge"):
        Ensemble(members=(Unfit(),)).fit(panel, horizon=3)


def test_a_member_whose_extra_is_missing_is_left_out(panel, monkeypatch):
    def build(self, settings=None):
        raise MissingExtraError("xgboost", "boost")

    naive = Naive()
    monkeypatch.setattr(registry.Entry, "build", build)
    made = Ensemble(members=("xgboost", naive)).fit(panel, horizon=3)
    assert "xgboost is left out: xgboost is not installed." in " ".join(made.notes_)


def test_a_wrong_setting_of_a_member_is_refused_not_left_out(panel):
    with pytest.raises(SettingError, match="window is 0"):
        Ensemble(members=(Naive(), MovingAverage(window=0))).fit(panel, horizon=3)


def test_given_weights_are_used_and_a_member_of_none_is_not_fitted(panel):
    made = Ensemble(members=("naive", Unfit(), "drift"), combine="weights", weights=(3, 0, 1)).fit(panel, horizon=6)
    assert made.labels_ == ("naive", "drift")
    assert made.weights_.tolist() == [0.75, 0.25]
    naive, drift = (one.mean for one in forecasts(("naive", "drift"), panel))
    assert np.allclose(made.forecast().mean, 0.75 * naive + 0.25 * drift, rtol=1e-12)
    assert made.notes_[0] == "The forecast is the weighted mean of naive (75 %) and drift (25 %)."


@pytest.mark.parametrize("weights", [(1,), (1, -1), (0, 0), (1, float("nan")), ("a", "b"), 1.0])
def test_weights_outside_their_limits_are_refused(panel, weights):
    with pytest.raises(SettingError, match=r"weights is .*; it must be 2 numbers, one for each member"):
        Ensemble(members=("naive", "drift"), combine="weights", weights=weights).fit(panel, horizon=6)


def test_weights_without_a_weighted_mean_are_refused(panel):
    with pytest.raises(SettingError, match="weights are given, but combine is 'mean'; it must be 'weights' to use"):
        Ensemble(members=("naive", "drift"), weights=(1, 1)).fit(panel, horizon=6)


def test_members_of_one_name_are_told_apart():
    assert labelled(("ets", MovingAverage(), "ets", Naive())) == ["ets", "moving-average", "ets-2", "naive"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"members": ()}, r"members is \(\); it must be a list of names or forecasters"),
        ({"members": "ets"}, r"members is 'ets'; it must be a list"),
        ({"members": ("ets", 3)}, r"members holds 3, which is neither the name of a model nor a forecaster"),
        ({"members": ("sarma",)}, r"There is no model 'sarma'"),
        ({"combine": "mode"}, r"combine is 'mode'; it must be one of 'mean', 'median', 'weights'"),
        ({"seed": -1}, r"seed is -1; it must be a whole number, at least 0"),
        ({"seed": True}, r"seed is True; it must be a whole number, at least 0"),
    ],
)
def test_settings_outside_their_limits_are_refused(panel, settings, said):
    with pytest.raises(SettingError, match=said):
        Ensemble(**settings).fit(panel, horizon=3)


def test_the_checks_accept_what_they_should():
    check_members("members", ["ets", Naive()])
    check_whole("seed", np.int64(4), least=0)


def test_traits_are_the_weakest_of_the_members():
    mixed = Ensemble(members=("ets", Linear())).traits
    assert (mixed.scope, mixed.equivariant, mixed.covariates) == ("series", {"scale"}, {"known", "past", "static"})
    assert Ensemble(members=("linear", "gru")).traits.scope == "panel"
    assert not Ensemble(members=("ets", "theta")).traits.stochastic
    assert Ensemble(members=("naive", "drift")).traits.equivariant == {"scale", "shift"}
    assert Ensemble().traits == registry.traits("ensemble")


def test_unseen_series_are_refused_if_any_member_knows_only_its_own(panel):
    newer = replace(panel, ids=np.array(["s0", "new"], dtype=object))
    with pytest.raises(DataError, match="'new': ensemble fits one model per series"):
        Ensemble(members=("ets", "linear")).fit(panel, horizon=3).forecast(newer)
    made = Ensemble(members=("linear",)).fit(panel, horizon=3).forecast(newer)
    assert np.isfinite(made.mean).all()


def test_newer_values_are_read_without_refitting(panel):
    older = panel.before(panel.lengths - 5, 3)
    made = Ensemble(members=("seasonal-naive", "drift")).fit(older, horizon=3)
    alone = [one.fit(older, horizon=3).forecast(panel).mean for one in (SeasonalNaive(), Drift())]
    assert np.allclose(made.forecast(panel).mean, np.mean(alone, axis=0), rtol=1e-12)


def test_members_take_the_covariates_that_they_can_use(panel):
    price = np.random.default_rng(1).normal(size=(len(panel.times), 1))
    known = Covariates(("price",), price)
    panel = replace(panel, values=panel.values + 9 * price[:, 0], known=known)
    older = panel.before(panel.lengths - 4, 4)
    made = Ensemble(members=("ets", "linear")).fit(older, horizon=4)
    assert not made.ignored_
    assert "ets: cannot use these covariates: price." in made.notes_
    alone = [one.fit(older, horizon=4).forecast().mean for one in (ETS(), Linear())]
    assert np.allclose(made.forecast().mean, np.mean(alone, axis=0), rtol=1e-12)


def test_gaps_are_left_to_members_that_read_them(panel):
    values = panel.values.copy()
    values[20:24] = np.nan
    holed = replace(panel, values=values, fill="keep")
    made = Ensemble(members=("ets", "gru"), combine="weights").fit(holed, horizon=4)
    assert [int(np.isnan(one.history_.values).sum()) for one in made.members_] == [0, 4]
    assert np.isfinite(made.forecast().mean).all()
    assert np.isfinite(made.weights_).all()


def test_a_member_without_intervals_leaves_them_to_the_others():
    panel = make_panel((14,))
    members = (Naive(), HistoricMean(), MovingAverage(window=12))
    made = Ensemble(members=members).fit(panel, horizon=13)
    assert asked(made.members_[2], None, (80,))[1] is None
    told = [one.fit(panel, horizon=13).forecast(levels=[80]).intervals.upper for one in members[:2]]
    assert np.allclose(made.forecast(levels=[80]).intervals.upper, np.mean(told, axis=0), rtol=1e-12)


def test_a_forecast_without_intervals_still_refuses_what_is_wrong(panel):
    model = Naive().fit(panel, horizon=3)
    with pytest.raises(DataError, match="was not fitted on this one"):
        asked(model, replace(panel, ids=np.array(["a", "b"], dtype=object)), ())


def test_without_any_intervals_of_members_they_come_from_past_errors(panel, monkeypatch):
    made = Ensemble(members=(MovingAverage(window=3), MovingAverage(window=9))).fit(panel, horizon=3)
    for one in made.members_:
        monkeypatch.setattr(one, "_calibration", lambda: (_ for _ in ()).throw(DataError("too few")))
    intervals = made.forecast(levels=[80]).intervals
    assert np.all(intervals.lower < intervals.upper)


def test_remarks_name_the_member(panel):
    model = Theta().fit(panel, horizon=3)
    model.notes_, model.ignored_ = ("a cap",), ("price", "rain")
    assert remarks(model) == ("theta: a cap", "theta: cannot use these covariates: price, rain.")


@pytest.mark.parametrize("combine", ["mean", "median", "weights"])
def test_saved_and_loaded_it_forecasts_the_same_bits(panel, tmp_path, combine):
    older = panel.before(panel.lengths - 4, 3)
    made = Ensemble(members=("ets", MovingAverage(window=4), Ensemble(members=("drift", "linear"))), combine=combine)
    made.fit(older, horizon=3).save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    assert again.notes_ == made.notes_
    assert np.array_equal(again.weights_, made.weights_)
    for data in (None, panel):
        before, after = made.forecast(data, levels=[80]), again.forecast(data, levels=[80])
        assert np.array_equal(before.mean, after.mean)
        assert np.array_equal(before.intervals.lower, after.intervals.lower)


def test_a_clone_has_the_same_settings_and_no_fit(panel):
    made = Ensemble(members=("ets", MovingAverage(window=4)), combine="median", seed=3).fit(panel, horizon=3)
    again = clone(made)
    assert (again.combine, again.seed, again.members[0], again.members[1].window) == ("median", 3, "ets", 4)
    assert not hasattr(again, "members_")
    assert not hasattr(made.members[1], "history_")


def test_members_are_weighed_by_what_was_observed_and_known_before_it(panel, monkeypatch):
    seen = []
    fit = Naive._fit
    monkeypatch.setattr(Naive, "_fit", lambda self, given, horizon: (seen.append(given), fit(self, given, horizon))[1])
    values = panel.values.copy()
    values[40:58] = np.nan
    Ensemble(members=("naive", "drift"), combine="weights").fit(
        replace(panel, values=values, fill="interpolate"), horizon=6
    )
    older = min(seen, key=lambda one: len(one.values)).series(0)
    assert len(set(older[40:])) == 1  # no line towards the values after the gap


def test_members_that_cannot_be_judged_count_the_same(panel):
    values = panel.values.copy()
    values[[*range(30, 60), *range(80, 132)]] = np.nan
    made = Ensemble(members=("naive", "drift"), combine="weights").fit(
        replace(panel, values=values, fill="keep"), horizon=2
    )
    assert made.weights_.tolist() == [0.5, 0.5]
    assert "all of the newest values are missing" in made.notes_[1]
