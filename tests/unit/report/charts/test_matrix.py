from tidegate.report.charts.matrix import matrix

DATA = {
    "x": "Lag (months before)",
    "y": "Step ahead (months)",
    "size": [2, 2],
    "column": [1, 2, 1, 2],
    "row": [1, 1, 2, 2],
    "share": [0.0, 1.0, 1.0, 0.5],
    "text": ["a", "b", "c", "d"],
    "marked": {"x": [1], "y": [1]},
}


def layers(data):
    return matrix(data).to_dict()["layer"]


def test_one_rectangle_a_cell_and_a_square_on_what_is_singled_out():
    made = matrix(DATA).to_dict()
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["rect", "point"]
    cells = made["datasets"]["table-1"]
    assert cells[0] == {"x": 0.5, "right": 1.5, "y": 0.5, "bottom": 1.5, "share": 0.0, "text": "a"}


def test_the_first_step_is_at_the_top():
    encoding = layers(DATA)[0]["encoding"]
    assert encoding["y"]["scale"]["domain"] == [2.5, 0.5]
    assert encoding["y"]["axis"]["values"] == [1, 2]
    assert encoding["fillOpacity"]["scale"]["domain"] == [0, 1]


def test_nothing_singled_out_draws_nothing():
    assert len(layers({**DATA, "marked": {"x": [], "y": []}})) == 1


def test_columns_and_rows_may_have_names():
    names = {"x": ["the", 'a "gate"'], "y": ["das", "Tor"]}
    encoding = layers({**DATA, "names": names})[0]["encoding"]
    assert encoding["x"]["axis"]["labelExpr"] == '["the", "a \\"gate\\""][datum.value - 1]'
    assert encoding["y"]["axis"]["labelExpr"] == '["das", "Tor"][datum.value - 1]'
    assert encoding["x"]["axis"]["values"] == encoding["y"]["axis"]["values"] == [1, 2]
    assert encoding["x"]["axis"]["tickCount"] == encoding["y"]["axis"]["tickCount"] == 2


def test_every_named_row_has_its_height():
    n_rows = 40
    names = {"x": ["a", "b"], "y": ["c"] * n_rows}
    assert matrix({**DATA, "size": [2, n_rows], "names": names}).to_dict()["height"] == 22 * n_rows


def test_many_rows_are_not_all_labelled_and_not_too_high():
    made = matrix({**DATA, "size": [300, 48]}).to_dict()
    assert made["height"] == 420
    axis = made["layer"][0]["encoding"]["y"]["axis"]
    assert axis["values"][:3] == [1, 4, 8]
    assert axis["tickCount"] == len(axis["values"])
    assert made["layer"][1]["mark"]["size"] == 12
