from tidegate.report.charts import theme
from tidegate.report.charts.scatter import cost

DATA = {
    "name": ["naive", "seasonal-naive", "ets", "gru"],
    "x": [0.001, 0.002, 0.1, 20.0],
    "y": [2.0, 1.5, 0.9, 0.8],
    "role": ["other", "baseline", "recommended", "winner"],
    "text": ["a", "b", "c", "d"],
    "x_title": "Time (log scale)",
    "y_title": "MASE (1 = naive error in training)",
    "x_domain": [0.0005, 40.0],
    "y_domain": [0.5, 2.2],
    "x_ticks": [0.001, 0.1, 10.0],
    "reference": 1.5,
    "height": 280,
}


def test_each_role_has_its_shape_and_each_point_its_name():
    made = cost(DATA).to_dict()
    shapes = {layer["mark"]["shape"] for layer in made["layer"] if layer["mark"]["type"] == "point"}
    assert shapes == {theme.style(role).shape for role in DATA["role"]}
    names = [row["name"] for rows in made["datasets"].values() for row in rows if set(row) == {"name", "x", "y"}]
    assert sorted(names) == sorted(DATA["name"])


def test_time_is_on_a_log_scale_with_ticks_in_words():
    x = cost(DATA).to_dict()["layer"][0]["encoding"].get("x") or cost(DATA).to_dict()["layer"][1]["encoding"]["x"]
    assert x["scale"]["type"] == "log"
    assert x["axis"]["values"] == [0.001, 0.1, 10.0]
    assert "ms" in x["axis"]["labelExpr"]
