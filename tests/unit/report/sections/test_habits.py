from dataclasses import replace

import numpy as np
import pytest

from tidegate.report.sections import habits


def figures(section):
    for block in section["blocks"]:
        if block["kind"] == "figure":
            yield block
        yield from block.get("figures", ())


@pytest.mark.parametrize("which", ["passed", "failed"])
@pytest.mark.parametrize("section", [habits.echo, habits.points, habits.sameness])
def test_sections_are_drawn(audits, specification, which, section):
    drawn = list(figures(section(audits[which])))
    assert drawn
    for figure in drawn:
        assert figure["alt"]
        specification(figure)


def test_without_correlations_there_is_no_chart_of_them(audits):
    found = audits["passed"]
    bare = replace(found, echo=replace(found.echo, correlations=np.full(7, np.nan)))
    assert [one["drawing"] for one in figures(habits.echo(bare))] == ["lines"]


def test_points_that_are_missing_are_marked(audits):
    found = audits["passed"]
    scored = found.points.scored.copy()
    scored[2, 4] = 0.5
    figure = next(figures(habits.points(replace(found, points=replace(found.points, scored=scored)))))
    assert figure["data"]["marked"] == {"x": [3], "y": [5]}
    assert ["point-baseline", "some were not"] in figure["key"]


def test_departures_are_bars_and_everything_tried_is_a_table(audits):
    section = habits.sameness(audits["passed"])
    assert next(figures(section))["data"]["name"] == ["second run", "other unit", "other level", "saved, loaded"]
    table = section["blocks"][-1]
    assert [row[1]["text"] for row in table["rows"]].count("Not checked") == 3


def test_departures_without_end_have_a_bar(audits):
    found = audits["passed"]
    trial = replace(found.sameness.trials[0], departure=float("inf"), outcome="failed")
    data = next(figures(habits.sameness(replace(found, sameness=replace(found.sameness, trials=(trial,))))))["data"]
    assert (data["x"], data["text"], data["role"]) == ([1.0], ["other rows"], ["baseline"])
