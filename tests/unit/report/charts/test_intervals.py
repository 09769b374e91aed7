import pytest

from tidegate.report.charts.intervals import intervals

DATA = {
    "name": ["ets", "naive", "ses"],
    "x": [0.6, 1.0, 1.2],
    "lower": [0.5, 0.8, 0.9],
    "upper": [0.7, 1.2, 1.6],
    "role": ["recommended", "baseline", "other"],
    "text": ["ets: 0.6", "naive: 1.0", "ses: 1.2"],
    "x_title": "MASE",
    "x_domain": [0.4, 1.7],
    "band": None,
    "reference": None,
}


def test_each_model_has_its_point_on_its_range_in_the_given_order():
    made = intervals(DATA).to_dict()
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["rule", "point"] * 3
    for layer in made["layer"]:
        assert layer["encoding"]["y"]["sort"] == DATA["name"]
        assert layer["encoding"]["x"]["scale"]["domain"] == [0.4, 1.7]
    assert [layer["encoding"]["x"]["field"] for layer in made["layer"]] == ["lower", "x"] * 3
    assert made["layer"][-1]["mark"]["shape"] == "circle"


@pytest.mark.parametrize(("part", "value", "marks"), [("band", [0.5, 0.7], ["rect"]), ("reference", 1.0, ["rule"])])
def test_band_and_line_lie_behind(part, value, marks):
    made = intervals({**DATA, part: value}).to_dict()
    assert [layer["mark"]["type"] for layer in made["layer"]][:1] == marks
    assert len(made["layer"]) == 7
