import pytest

from tidegate.report.charts import bars

LADDER = {
    "name": ["naive", "ets"],
    "x": [2.0, 1.0],
    "role": ["other", "recommended"],
    "text": ["2.00", "1.00 (-50 %)"],
    "x_title": "MASE (1 = naive error in training)",
    "reference": 1.5,
}


def test_the_ladder_keeps_its_order_and_leaves_room_for_words():
    made = bars.ladder(LADDER).to_dict()
    bar = made["layer"][0]["encoding"]
    assert bar["y"]["sort"] is None
    assert bar["x"]["scale"]["domain"][1] > 2.0
    assert made["height"] == 56
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["bar", "rule", "text", "text"]


def test_leading_names_are_bold():
    weight = bars.ladder(LADDER).to_dict()["layer"][0]["encoding"]["y"]["axis"]["labelFontWeight"]
    assert '["ets"]' in weight["condition"]["test"]


def test_a_ladder_without_baseline_or_height():
    made = bars.ladder({**LADDER, "x": [0.0, 0.0], "reference": None}).to_dict()
    assert "rule" not in [layer["mark"]["type"] for layer in made["layer"]]
    assert made["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1.0]


@pytest.mark.parametrize("what", [None, "outcomes"])
def test_a_pointer_shows_what_the_text_is_about(what):
    made = bars.ladder(LADDER | ({} if what is None else {"what": what})).to_dict()
    assert made["layer"][0]["encoding"]["tooltip"]["title"] == (what or "error")


@pytest.mark.parametrize("with_curve", [True, False])
def test_histogram(with_curve):
    data = {
        "x": {"kind": "number", "title": "Residual (m)", "domain": [0, 3]},
        "y": "Number of residuals",
        "start": [0, 1],
        "stop": [1, 2],
        "count": [4, 2],
        "rules": [{"x": 1.0, "role": "baseline"}],
    }
    made = bars.histogram(data | ({"curve": {"x": [0, 1], "y": [1, 2]}} if with_curve else {})).to_dict()
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["bar", *(["line"] if with_curve else []), "rule"]


@pytest.mark.parametrize("n_lags", [5, 100])
def test_stems_stay_inside_their_frame(n_lags):
    lags = list(range(1, n_lags + 1))
    data = {
        "x": {"kind": "number", "title": "Lag (months)", "domain": [0, n_lags + 1]},
        "y": "Correlation (from -1 to 1)",
        "lag": lags,
        "value": [0.5] * n_lags,
        "lower": [-0.2] * n_lags,
        "upper": [0.2] * n_lags,
        "domain": [-0.3, 0.6],
    }
    made = bars.stems(data).to_dict()
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["area", "rule", "rule", "point"]
    assert made["layer"][2]["mark"]["clip"]
    assert made["layer"][2]["mark"]["strokeWidth"] == (1 if n_lags > 60 else 2)
    axes = [layer["encoding"]["y"].get("axis") for layer in made["layer"] if "y" in layer["encoding"]]
    assert all(axis["title"] == data["y"] for axis in axes)
