from dataclasses import replace

import numpy as np

from tidegate.report.sections import origin
from tidegate.report.view import View


def pairs(section):
    return {name: value for block in section["blocks"] if block["kind"] == "facts" for name, value in block["pairs"]}


def test_the_data_are_described(view):
    made = pairs(origin.data(view, ("A note.",)))
    assert made["Observations per series"] == "84"
    assert made["From, to"] == "Jan 2010, Dec 2016"
    assert made["Frequency"] == "MS (one step is a month)"
    assert made["Season"] == "12 months"


def test_each_note_is_said_once(view):
    panel = replace(view.panel, notes=("Sorted.", "Sorted."))
    made = origin.data(View(replace(view.backtest, panel=panel), view.verdict), ("Sorted.", "Other."))
    assert made["blocks"][1]["sentences"] == ["Sorted.", "Other."]


def test_how_to_make_it_again(view, one, facts):
    made = origin.reproduction(view, facts(one))
    assert made["blocks"][0]["text"] == "tidegate forecast sales.csv --horizon 6 --seed 7"
    said = pairs(made)
    assert said["Seed"] == "7"
    assert said["Models"] == "naive, drift"
    assert "Stride" not in said
    assert said["Made on"].endswith("in 12 s")


def test_fit_ranges_of_an_expanding_and_a_sliding_window(view):
    rows = [[cell["text"] for cell in row] for row in origin.ranges(view)["rows"]]
    assert rows[0] == ["Fold 1", "Jan 2010 to Dec 2014", "Jan 2015 to Jun 2015"]
    assert rows[-1][:2] == ["Final forecast", "Jan 2010 to Dec 2016"]
    sliding = replace(view.backtest, folds=replace(view.backtest.folds, window=24))
    rows = [[cell["text"] for cell in row] for row in origin.ranges(View(sliding, view.verdict))["rows"]]
    assert rows[0][1] == "Jan 2013 to Dec 2014"


def test_covariates_are_named(view):
    known = replace(view.panel.known, names=("price", "promotion"), values=np.zeros((84, 2)))
    panel = replace(view.panel, known=known)
    made = pairs(origin.data(View(replace(view.backtest, panel=panel), view.verdict), ()))
    assert made["Known covariates"] == "price and promotion"
