from tidegate.report.charts.drawing import DRAWINGS, draw


def test_a_figure_is_drawn_by_the_name_of_its_drawing():
    data = {"x": {"kind": "number", "title": "Time (steps)"}, "y": "y (m)", "lines": [], "rules": [{"y": 1.0}]}
    assert draw({"drawing": "lines", "data": data}).to_dict()["layer"][0]["mark"]["type"] == "rule"


def test_every_drawing_has_one_name():
    assert len(set(DRAWINGS.values())) == len(DRAWINGS)
