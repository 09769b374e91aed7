from dataclasses import replace

import pytest

from tidegate.report.sections import outlook


def test_the_forecast_continues_the_history(one, specification):
    panel = one.backtest.panel
    made = outlook.figure(panel, one.forecast, 0)
    history, ahead = made["data"]["lines"]
    assert ahead["y"][0] == history["y"][-1] == pytest.approx(panel.values[-1], rel=1e-5)
    assert ahead["y"][1:] == pytest.approx(one.forecast.mean[0].tolist(), rel=1e-5)
    widest, narrowest = made["data"]["bands"]
    assert widest["upper"][0] > narrowest["upper"][0]
    assert [role for role, _ in made["key"]] == ["observed", "recommended", "band-narrow", "band-wide"]
    specification(made)


def test_what_is_not_drawn_is_said(hourly):
    made = outlook.figure(hourly.backtest.panel, hourly.forecast, 0)
    assert "Only the newest 192 of 2,000 observations are drawn." in made["caption"]
    assert len(made["data"]["lines"][0]["x"]) == 192


def test_the_table_holds_the_numbers(one):
    made = outlook.table(one.backtest.panel, one.forecast, 0)
    assert [column["title"] for column in made["columns"]] == ["Month", "Forecast", "80 % interval", "95 % interval"]
    assert len(made["rows"]) == 6
    assert made["rows"][0][0]["text"] == "Jan 2017"
    assert made["folded"] == ""
    assert " to " in made["rows"][0][2]["text"]


def test_a_long_horizon_is_cut_aloud(one, monkeypatch):
    monkeypatch.setattr(outlook, "_LONGEST_TABLE", 4)
    made = outlook.table(one.backtest.panel, one.forecast, 0)
    assert len(made["rows"]) == 4
    assert "The first 4 of 6 steps; all are in forecast.csv." in made["caption"]


def test_without_intervals(one):
    bare = replace(one.forecast, intervals=None)
    made = outlook.figure(one.backtest.panel, bare, 0)
    assert made["data"]["bands"] == []
    assert len(outlook.table(one.backtest.panel, bare, 0)["columns"]) == 2


def test_of_many_series_three_are_drawn_and_the_rest_named(view_of_many, many):
    made = outlook.section(view_of_many, many.forecast)
    kinds = [block["kind"] for block in made["blocks"]]
    assert kinds == ["figure", "grid", "text", "table"]
    assert "12 series were forecast. Of the 12 judged, 3 are drawn" in made["blocks"][2]["sentences"][0]
    assert made["blocks"][0]["title"].endswith("a typical series: the next 4 months")
    assert made["blocks"][3]["folded"].startswith("The numbers of ")


def test_a_series_that_was_not_forecast_is_not_drawn(view_of_many, many):
    n = view_of_many.shown[0][0]
    kept = [k for k in range(12) if k != n]
    forecast = replace(
        many.forecast,
        ids=many.forecast.ids[kept],
        times=many.forecast.times[kept],
        mean=many.forecast.mean[kept],
        intervals=None,
    )
    made = outlook.section(view_of_many, forecast)
    assert [block["kind"] for block in made["blocks"]] == ["figure", "grid", "text", "table"]
    assert "an easy one" in made["blocks"][0]["title"]


def test_where_the_intervals_come_from_is_said_below_the_chart(one, view):
    said = "The intervals of the forecast are adaptive conformal."
    kinds = [block.get("sentences") for block in outlook.section(view, one.forecast, said)["blocks"]]
    assert [said] in kinds
    assert [said] not in [block.get("sentences") for block in outlook.section(view, one.forecast)["blocks"]]
