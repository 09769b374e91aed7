from dataclasses import replace

import numpy as np
import pytest

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


def test_every_step_ahead_has_its_row(inside, specification):
    layer = inside.layers[0]
    figure = gradient.step_by_step(inside, layer)
    assert figure["data"]["size"] == [min(layer.hidden.shape[1], 60), len(inside.steps)]
    flow = layer.cell[2, :60]
    row = [one for k, one in zip(figure["data"]["row"], figure["data"]["share"], strict=True) if k == 3]
    np.testing.assert_allclose(row, np.sqrt(flow / flow.max()), atol=1e-3)
    assert specification(figure)["layer"]
    assert gradient.step_by_step(replace(inside, steps=(1, 2, 3, 5)), layer) is None
    assert gradient.step_by_step(replace(inside, steps=(1, 2)), layer) is None


def test_lags_of_dilated_layers_are_in_steps_of_the_series(inside):
    layer = replace(inside.layers[0], lag_steps=6)
    lines = gradient.figures(inside, layer)[0]["data"]["lines"]
    assert lines[0]["x"][:3] == [0, 6, 12]
    assert gradient.step_by_step(inside, layer)["data"]["x"] == "Lag (6 steps each; 1 is the newest state)"


@pytest.mark.parametrize("planted", [0.0, np.nan, np.inf])
def test_steps_of_which_no_finite_gradient_arrives_are_said_and_drawn(inside, specification, planted):
    layer = inside.layers[0]
    cell = layer.cell.copy()
    cell[1] = planted
    some = gradient.step_by_step(inside, replace(layer, cell=cell))
    assert some["alt"].endswith("Of step 2 no gradient arrives.")
    cell[:] = planted
    layer = replace(layer, hidden=cell, cell=cell)
    none = gradient.step_by_step(inside, layer)
    assert none["alt"] == "No gradient arrives of any step ahead."
    found = gradient.section(replace(inside, layers=(layer,)))
    said = "no gradient arrives at the newest step." if planted == 0 else "it is not finite everywhere."
    assert all(one["alt"].endswith(said) for one in drawn(found))
    for one in (some, none, *drawn(found)):
        specification(one)
