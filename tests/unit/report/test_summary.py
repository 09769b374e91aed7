import json
from dataclasses import replace

from tidegate.insight.glimpse import Glimpse
from tidegate.report.summary import summarise, verdict
from tidegate.report.view import View

SECTIONS = ["forecast", "models", "evidence", "intervals", "folds", "residuals", "series", "data", "reproduce"]


def test_the_summary_is_plain_json(one, many, hourly, facts):
    for found in (one, many, hourly):
        text = json.dumps(summarise(found, facts(found)), allow_nan=False)
        assert json.loads(text)["sections"]


def test_every_section_is_there(one, facts):
    made = summarise(one, facts(one))
    assert [section["name"] for section in made["sections"]] == SECTIONS
    assert made["title"] == "sales.csv: 6 months ahead"
    assert made["subtitle"] == "y: 84 observations, Jan 2010 to Dec 2016"


def test_the_seal_stands_by_the_forecast_and_the_network_behind_the_scores(one, facts, inside):
    seal = {"statement": "drift passes.", "marks": [], "command": "tidegate audit drift DATA --horizon 6"}
    made = summarise(one, facts(one) | {"seal": seal}, Glimpse("lstm", "lstm has the lowest error.", inside))
    names = [section["name"] for section in made["sections"]]
    assert names == ["forecast", "seal", *SECTIONS[1:6], "inside", *SECTIONS[6:]]
    json.dumps(made, allow_nan=False)


def test_a_comparison_has_no_forecast_and_no_residuals(one, facts):
    compared = replace(one, model=None, forecast=None, frame=None)
    made = summarise(compared, facts(compared))
    assert [section["name"] for section in made["sections"]] == [
        name for name in SECTIONS if name not in ("forecast", "residuals")
    ]


def test_the_verdict_says_the_same_as_the_files(one):
    view = View(one.backtest, one.verdict)
    made = verdict(view, one.forecast)
    assert made["statement"] == one.verdict.headline
    assert one.verdict.statement not in made["sentences"]
    tiles = {tile["label"]: tile["value"] for tile in made["tiles"]}
    assert tiles["Recommended"] == one.verdict.recommended
    coverage = one.backtest.scores().set_index("model").loc[one.verdict.recommended, "coverage-80"]
    assert tiles["80 % interval held"] == f"{100 * coverage:.0f} %"
    assert "Next, Jan 2017" in tiles


def test_remarks_on_single_models_stand_elsewhere(many):
    view = View(many.backtest, replace(many.verdict, sentences=("A.", "theta failed: no <b>luck</b>", "B.")))
    assert verdict(view)["sentences"] == ["A.", "B."]


def test_a_recommended_model_that_is_not_the_winner_is_explained(one):
    view = View(one.backtest, replace(one.verdict, recommended="naive", winner="seasonal-naive"))
    assert verdict(view)["tiles"][0]["note"] == "cheapest not clearly worse than seasonal-naive"
    assert "against it" in verdict(view)["tiles"][1]["note"]
