from dataclasses import replace

import numpy as np

from tidegate.insight.diagnosis import CLIPPING, Diagnosis
from tidegate.report.sections import gradient


def drawn(found):
    return [one for block in found["blocks"] if block["kind"] == "grid" for one in block["figures"]]


def test_hidden_and_cell_state_of_every_layer_are_drawn(inside, specification):
    found = gradient.section(inside)
    figures = drawn(found)
    assert [one["title"] for one in figures] == ["By the hidden state h", "By the cell state c"] * 2
    assert [block["title"] for block in found["blocks"] if block["kind"] == "heading"] == ["Layer 1", "Layer 2"]
    for one in figures:
        assert specification(one)["layer"]


def test_every_step_ahead_has_its_line_beside_the_season(inside):
    figure = drawn(gradient.section(inside))[0]
    lines = {line["name"]: line for line in figure["data"]["lines"]}
    assert set(lines) == {"step 1", "step 2", "step 3", "step 4", "all steps together"}
    np.testing.assert_allclose(lines["step 3"]["y"], inside.layers[0].hidden[2], rtol=1e-5)
    assert lines["step 3"]["x"][-1] == len(inside.scene.times) - 1
    assert figure["data"]["rules"] == [{"x": 12, "role": "bound"}]
    assert ["bound", "season of 12"] in figure["key"]


def test_the_scale_is_logarithmic_and_holds_every_value(inside):
    data = drawn(gradient.section(inside))[0]["data"]
    low, high = data["log"]
    values = [value for line in data["lines"] for value in line["y"] if value is not None]
    assert low <= min(values) < max(values) <= high


def test_networks_are_compared_relative_to_their_newest_step(adders, specification):
    figure = gradient.compared(adders)
    assert [line["name"] for line in figure["data"]["lines"]] == ["elman", "gru"]
    assert all(line["y"][0] == 1.0 for line in figure["data"]["lines"])
    specification(figure)


def test_remedies_stand_under_an_illness_alone(inside):
    ill = Diagnosis("exploding", (), (CLIPPING,))
    assert gradient.remedies(ill)["rows"][0][0]["text"] == "Clipping"
    assert gradient.remedies(Diagnosis("healthy", ())) is None
    found = gradient.section(replace(inside, layers=(replace(inside.layers[0], diagnosis=ill),)))
    assert found["blocks"][-1] == gradient.remedies(ill)
