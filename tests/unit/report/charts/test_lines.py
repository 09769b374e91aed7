from tidegate.report.charts import theme
from tidegate.report.charts.lines import lines, rule

AXIS = {"kind": "number", "title": "Steps ahead (months)", "whole": True}


def line(role, **more):
    return {"role": role, "x": [1, 2], "y": [3.0, None], **more}


def marks(made):
    return [layer["mark"] for layer in made["layer"]]


def test_lines_bands_and_rules_in_their_order():
    bands = [{"x": [1], "lower": [0], "upper": [9]}, {"x": [1], "lower": [3], "upper": [6]}]
    data = {"x": AXIS, "y": "y (m)", "bands": bands, "rules": [{"x": 1, "role": "bound"}], "lines": [line("observed")]}
    made = lines(data).to_dict()
    assert [mark["type"] for mark in marks(made)] == ["area", "area", "rule", "line"]
    assert [mark["opacity"] for mark in marks(made)[:2]] == [theme.BANDS[1], theme.BANDS[0]]


def test_a_line_looks_like_its_role():
    made = lines({"x": AXIS, "y": "y (m)", "lines": [line("baseline")]}).to_dict()
    assert marks(made)[0]["strokeDash"] == list(theme.style("baseline").dash)
    assert marks(made)[0]["color"] == theme.style("baseline").colour


def test_points_show_or_wait_for_a_pointer():
    shown, waiting = (line("winner", text=["a", "b"], points=points) for points in (True, False))
    made = lines({"x": AXIS, "y": "y (m)", "lines": [shown, waiting]}).to_dict()
    assert [mark["opacity"] for mark in marks(made) if mark["type"] == "point"] == [1, 0]


def test_a_rule_runs_across_or_down():
    sheet = theme.Sheet()
    x, y = theme.x_axis(AXIS), theme.y_axis("y (m)")
    assert "x" not in rule(sheet, {"y": 2.0}, x, y).to_dict(validate=False)["encoding"]
    assert "y" not in rule(sheet, {"x": 2.0}, x, y).to_dict(validate=False)["encoding"]


def test_lines_on_a_log_scale():
    made = lines({"x": AXIS, "y": "Norm", "lines": [line("observed")], "log": [0.1, 10.0]}).to_dict()
    assert made["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"
