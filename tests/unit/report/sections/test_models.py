from dataclasses import replace

import numpy as np
import pytest

from tidegate.report.sections import models
from tidegate.report.view import View


def texts(made, column):
    at = [one["title"] for one in made["columns"]].index(column)
    return {row[0]["text"]: row[at]["text"] for row in made["rows"]}


def test_the_table_agrees_with_the_scores(view):
    made = models.scores(view)
    frame = view.backtest.scores().set_index("model")
    assert {name: float(text) for name, text in texts(made, "MASE").items()} == pytest.approx(
        frame["MASE"].to_dict(), abs=6e-4
    )
    assert texts(made, "Against baseline")["seasonal-naive"] == "\N{EN DASH}"
    assert max(cell["bar"] for row in made["rows"] for cell in row if cell["bar"] is not None) == 100.0


def test_leading_models_are_marked_in_words(view):
    seen = View(view.backtest, replace(view.verdict, recommended="drift", winner="naive"))
    marks = {row[0]["text"]: row[0]["mark"] for row in models.scores(seen)["rows"]}
    assert marks == {"drift": "recommended", "naive": "lowest error", "seasonal-naive": "baseline", "historic-mean": ""}


def test_every_score_of_the_file_is_there(view):
    made = models.every_score(view)
    titles = {column["title"] for column in made["columns"]}
    assert set(view.backtest.scores().columns) <= titles
    assert {"OWA", "pinball", "width-80"} <= titles
    assert made["folded"] == "Every score"


def test_the_ladder_says_what_each_rung_adds(view, specification):
    made = models.ladder(view.verdict, view.measure_axis)
    gains = {rung.model: rung.gain for rung in view.verdict.rungs}
    assert made["data"]["name"] == list(gains)
    for name, text in zip(made["data"]["name"], made["data"]["text"], strict=True):
        assert ("(" in text) is bool(gains[name] > 0)
    assert "seasonal-naive (" in made["caption"]
    specification(made)


def test_a_rung_far_off_does_not_flatten_the_others(view):
    rungs = (*view.verdict.rungs, replace(view.verdict.rungs[0], model="wild", score=1e6, gain=-9.0))
    made = models.ladder(replace(view.verdict, rungs=rungs), "x (1)")
    assert max(made["data"]["x"]) < 1e3
    assert made["data"]["text"][-1] == "1,000,000"


def test_errors_by_step_are_those_of_the_backtest(view, specification):
    made = models.by_step(view)
    frame = view.backtest.scores_by_step()
    naive = next(line for line in made["data"]["lines"] if line["text"][0].startswith("seasonal-naive"))
    wanted = frame.loc[frame["model"] == "seasonal-naive"].sort_values("step")["MASE"]
    assert naive["y"] == pytest.approx(wanted.tolist(), rel=1e-5)
    assert made["data"]["lines"][-1]["role"] == "recommended"
    specification(made)


def test_one_step_ahead_needs_no_chart_by_step(view):
    short = replace(view.backtest, folds=replace(view.backtest.folds, horizon=1))
    assert models.by_step(View(short, view.verdict)) is None


def test_cost_against_accuracy(view, specification):
    made = models.cost(view)
    result = view.backtest.results["naive"]
    spent = (result.fit_seconds.sum() + result.predict_seconds.sum()) / 4
    assert made["data"]["x"][made["data"]["name"].index("naive")] == pytest.approx(spent, rel=1e-3)
    assert len(made["data"]["x_ticks"]) >= 2
    assert made["key"][0][0] == "point-recommended"
    specification(made)


def test_one_model_has_no_cost_chart(view):
    alone = replace(view.backtest, results={"seasonal-naive": view.backtest.results["seasonal-naive"]})
    only = replace(view.verdict, winner="seasonal-naive", recommended="seasonal-naive")
    assert models.cost(View(alone, only)) is None


def test_the_distribution_over_series(view_of_many, specification):
    seen = View(view_of_many.backtest, replace(view_of_many.verdict, recommended="naive"))
    made = models.across_series(seen)
    assert sum(made["data"]["count"]) == 12
    share = np.mean(seen.ratios < 1)
    assert f"naive has a lower error than seasonal-naive on {100 * share:.0f} % of 12 series" in made["alt"]
    specification(made)


def test_few_series_have_no_distribution(view):
    assert models.across_series(view) is None


def test_failures_and_absences_are_said(view_of_many):
    made = models.section(view_of_many)
    said = [text for block in made["blocks"] if block["kind"] == "bullets" for text in block["sentences"]]
    assert said[:2] == ["theta failed: no <b>luck</b>", "gru was left out: the budget was spent"]


def test_the_scores_that_chose_are_labelled_so(view):
    made = models.section(view)
    note = next(block for block in made["blocks"] if block["kind"] == "note")
    assert note["text"].startswith(f"These scores chose {view.verdict.winner} as the winner")
    assert "flatter" in note["text"]
