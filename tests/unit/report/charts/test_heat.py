import itertools

import pytest

from tidegate.report.charts.heat import SHADES, heat


@pytest.fixture
def data():
    return {
        "x": {"kind": "number", "title": "Time (steps)"},
        "y": "Units",
        "legend": "forget gate",
        "start": [0, 0, 1, 1],
        "stop": [1, 1, 2, 2],
        "row": [0, 1, 0, 1],
        "value": [0.1, 0.9, 0.5, 0.4],
    }


def test_every_unit_and_step_is_one_rectangle(data):
    made = heat(data).to_dict()
    (layer,) = made["layer"]
    assert layer["mark"]["type"] == "rect"
    assert layer["transform"] == [{"flatten": ["y", "value"]}, {"calculate": "datum.y + 1", "as": "top"}]
    (rows,) = made["datasets"].values()
    assert rows == [
        {"x": 0, "stop": 1, "y": [0, 1], "value": [0.1, 0.9]},
        {"x": 1, "stop": 2, "y": [0, 1], "value": [0.5, 0.4]},
    ]


def test_the_colours_always_mean_the_same(data):
    scale = heat({**data, "value": [0.4, 0.4, 0.4, 0.4]}).to_dict()["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert scale["range"] == SHADES


def test_more_is_darker_in_grey_too():
    def lightness(shade):
        red, green, blue = (int(shade[k : k + 2], 16) for k in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    greys = [lightness(shade) for shade in SHADES]
    assert greys == sorted(greys, reverse=True)
    assert min(a - b for a, b in itertools.pairwise(greys)) > 40


def test_dates_stay_dates(data):
    encoding = heat({**data, "x": {"kind": "date", "title": "Time (months)"}}).to_dict()["layer"][0]["encoding"]
    assert encoding["x"]["type"] == encoding["x2"].get("type", "temporal") == "temporal"
