import pytest

from tidegate.report.charts.spikes import spikes


@pytest.fixture
def data():
    return {
        "x": {"kind": "number", "title": "Time (s)", "domain": [0, 1]},
        "y": "Probability",
        "lines": [{"name": "a", "x": [0.1, 0.2], "y": [0.0, 0.9]}, {"name": "b", "x": [0.1, 0.2], "y": [0.5, 0.1]}],
        "peaks": [[0.2, "a"], [0.21, "b"], [0.22, "c"], [0.9, "d"]],
        "shades": {"start": [0.0, 0.5], "stop": [0.5, 1.0], "value": [[0.1, 0.9], [0.3, 0.7]]},
    }


def test_shades_lie_under_the_lines_and_the_names_above(data):
    made = spikes(data).to_dict()
    kinds = [layer["mark"]["type"] for layer in made["layer"]]
    assert kinds == ["rect", "line", "line", "text", "text"]
    shades, first, *_ = made["datasets"].values()
    assert shades[1] == {"x": 0.5, "stop": 1.0, "value": [0.3, 0.7], "row": [0, 1]}
    assert first == [{"x": 0.1, "y": 0.0}, {"x": 0.2, "y": 0.9}]
    flattened, *edges = made["layer"][0]["transform"]
    assert flattened == {"flatten": ["row", "value"]}
    assert edges == [
        {"calculate": "datum.row / 2", "as": "y"}, {"calculate": "(datum.row + 1) / 2", "as": "top"}
    ]  # fmt: skip


def test_names_that_are_near_stand_at_different_heights_inside_the_chart(data):
    made = spikes(data).to_dict()
    names = list(made["datasets"].values())[-1]
    assert [one["name"] for one in names] == list("abcd")
    heights = [one["y"] for one in names]
    assert heights[0] == heights[2] == heights[3] != heights[1]
    assert max(heights) < made["layer"][0]["encoding"]["y"]["scale"]["domain"][1]


def test_nothing_heard_draws_the_shades_alone(data):
    made = spikes({**data, "lines": [], "peaks": []}).to_dict()
    assert made["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1]
