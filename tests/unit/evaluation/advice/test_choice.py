from dataclasses import replace

import pytest

from tidegate.errors import SettingError
from tidegate.evaluation.advice.choice import Limits, choose
from tidegate.evaluation.advice.figures import Cost, figures
from tidegate.evaluation.advice.situation import Situation

MANY = ("seasonal-naive", "theta", "ets", "gru")
USUAL = Situation(
    n_series=100, length=120, longest=130, seasons=(12,), frequency="MS", missing=0.0, keeps_gaps=False,
    intermittent=False, covariates=(), horizon=12, window=48, n_windows=8_000, candidates=MANY,
)  # fmt: skip
ALONE = replace(USUAL, n_series=1, length=40, longest=40, n_windows=5, candidates=("seasonal-naive", "theta", "linear"))
COSTS = {
    **dict.fromkeys(("seasonal-naive", "theta", "ets", "linear"), Cost(300, 5)),
    **dict.fromkeys(("gru", "lstm"), Cost(550, 12)),
}


def table(effects=None, **verdicts):
    """The measured table with other verdicts; `_` stands for `-`, and what is not named is "no evidence"."""
    named = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    claims = {
        name: replace(one, verdict=named.get(name, "no evidence"), effect=(effects or {}).get(name, 0.0))
        for name, one in figures().claims.items()
    }
    assert set(named) <= set(claims)
    return replace(figures(), claims=claims, costs=COSTS)


def test_many_series_start_with_the_network_only_where_it_beats_both_simple_models():
    both = {"gru_over_many_beats_theta": "holds", "gru_over_many_beats_ets": "holds"}
    made = choose(USUAL, Limits(), table(**both))
    assert (made.start, made.compare) == ("gru", ("theta", "ets"))
    assert [one.claim for one in made.reasons[1:]] == ["gru-over-many-beats-theta", "gru-over-many-beats-ets"]
    assert choose(USUAL, Limits(), table(gru_over_many_beats_theta="holds")).start == "ets"
    unclear = choose(USUAL, Limits(), table())
    assert (unclear.start, unclear.compare) == ("theta", ("ets", "gru"))
    assert "not clearly more accurate than theta" in unclear.reasons[0].text
    assert unclear.reasons[1].claim == "gru-over-many-beats-theta"


def test_long_seasonal_series_have_figures_of_their_own():
    hourly = replace(USUAL, length=900, seasons=(24,), window=96, frequency="h")
    made = choose(hourly, Limits(), table(gru_over_hourly_beats_theta="holds", gru_over_hourly_beats_ets="holds"))
    assert made.start == "gru"
    daily = choose(replace(hourly, frequency="D", seasons=(7,)), Limits(), table())
    assert "none of our tested claims is about such data" in daily.reasons[0].text
    assert choose(replace(hourly, frequency="1"), Limits(), table()).reasons[1].claim.startswith("gru-over-hourly-")
    assert choose(replace(hourly, seasons=(1,)), Limits(), table()).reasons[1].claim == "gru-over-many-beats-theta"


def test_one_short_series_starts_with_what_was_clearly_better_by_most():
    effects = {"ets-on-one-series": 0.3, "theta-on-one-series": 0.2}
    made = choose(ALONE, Limits(), table(effects, ets_on_one_series="holds", theta_on_one_series="holds"))
    assert made.start == "ets"
    assert made.reasons[-1].claim == "ets-on-one-series"
    assert set(made.avoid) == {"gru", "lstm"}
    assert "learn from 5 windows" in made.avoid["gru"][0].text
    unclear = choose(ALONE, Limits(), table())
    assert unclear.start == "theta"
    assert "Nothing was clearly more accurate" in unclear.reasons[0].text


def test_between_one_and_many_it_says_that_there_is_no_evidence():
    made = choose(replace(USUAL, n_series=8), Limits(), table())
    assert made.start == "theta"
    assert "there is no evidence" in made.reasons[0].text
    assert "gru" in made.compare


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"intermittent": True}, "croston"),
        ({"covariates": ("known",)}, "gru"),
        ({"covariates": ("past",), "n_windows": 30}, "linear"),
        ({"covariates": ("static",)}, "theta"),
        ({"missing": 0.1, "keeps_gaps": True}, "gru"),
        ({"missing": 0.1, "keeps_gaps": False}, "theta"),
        ({"missing": 0.1, "keeps_gaps": True, "n_windows": 30}, "theta"),
    ],
)
def test_what_only_some_models_can_read_decides_first(change, start):
    made = choose(replace(USUAL, **change), Limits(), table())
    assert made.start == start
    assert start not in made.compare
    assert start not in made.avoid


def test_covariates_bring_linear_into_the_comparison():
    assert choose(replace(USUAL, covariates=("known",)), Limits(), table()).compare == ("theta", "ets", "linear")
    assert "linear" not in choose(replace(USUAL, covariates=("static",)), Limits(), table()).compare


def test_the_lstm_is_to_be_compared_only_where_a_claim_favours_it():
    long = replace(USUAL, window=168)
    assert "lstm" in choose(long, Limits(), table(lstm_on_long_windows="holds")).compare
    assert "lstm" not in choose(long, Limits(), table(lstm_on_long_windows="holds")).avoid
    against = choose(long, Limits(), table(lstm_on_long_windows="fails"))
    assert {one.claim for one in against.avoid["lstm"]} >= {"lstm-on-long-windows", "lstm-on-adding-100", "gru-smaller"}
    assert "lstm" in choose(replace(USUAL, n_series=8), Limits(), table(gru_on_few_series="fails")).compare
    middle = choose(USUAL, Limits(), table(lstm_on_long_windows="holds"))
    assert "no evidence" in middle.avoid["lstm"][0].text


def test_limits_exclude_what_takes_more():
    better = table(gru_over_many_beats_theta="holds", gru_over_many_beats_ets="holds")
    for limits, said in ((Limits(memory=400), "took 550 MB where 400 are allowed"), (Limits(latency=6), "took 12 ms")):
        made = choose(USUAL, limits, better)
        assert made.start == "theta"
        assert "gru" not in made.compare
        assert said in made.avoid["gru"][0].text
    assert choose(USUAL, Limits(600, 20), better).start == "gru"


def test_a_start_that_the_limits_exclude_gives_way_aloud():
    made = choose(replace(USUAL, intermittent=True), Limits(memory=400), table())
    assert made.start == "theta"
    assert made.reasons[-1].text == "croston would come first, but it was not measured."


def test_limits_that_allow_nothing_are_refused_with_the_least():
    with pytest.raises(
        SettingError, match=r"no model: the least measured are 300 MB .* and 5 ms a forecast .*Allow more"
    ):
        choose(USUAL, Limits(memory=10), table())
