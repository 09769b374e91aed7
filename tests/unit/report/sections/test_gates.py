from dataclasses import replace

import numpy as np

from tidegate.nn.gates import Gate
from tidegate.report.sections import gates


def test_the_series_stands_over_a_heat_map_of_each_gate(inside, specification):
    figures = [block for block in gates.section(inside)["blocks"] if block["kind"] == "figure"]
    assert [one["title"] for one in figures[:4]] == [
        "The newest window of sales", "Input gate", "Forget gate", "Output gate"
    ]  # fmt: skip
    line = figures[0]["data"]["lines"][0]
    heat = figures[1]["data"]
    assert line["x"][0] == heat["start"][0]
    assert line["x"][-1] == heat["stop"][-1]
    assert line["y"][-1] is None
    for one in figures:
        specification(one)


def test_units_are_ordered_by_how_open_they_are(inside):
    gate = inside.layers[0].gates["forget"]
    data = gates.gate_figure(inside.scene, "forget", gate)["data"]
    n_units = len(gate.mean)
    top = [value for row, value in zip(data["row"], data["value"], strict=True) if row == n_units - 1]
    np.testing.assert_allclose(top, gate.values[:, gate.mean.argmax()], atol=0.006)


def test_wide_and_long_gates_are_condensed_aloud(inside):
    n_steps, n_units = 400, 70
    values = np.random.default_rng(1).uniform(size=(n_steps, n_units))
    gate = Gate(values, values.mean(0), values.mean(0), values.mean(0))
    scene = replace(
        inside.scene, times=np.arange(n_steps), values=np.zeros(n_steps), frequency="1", seasons=(1,), timezone=None
    )
    figure = gates.gate_figure(scene, "reset", gate)
    assert "32 of 70 units" in figure["caption"]
    assert len(figure["data"]["value"]) == 32 * 96
    assert figure["data"]["stop"][-1] == n_steps
    first = [v for s, v in zip(figure["data"]["start"], figure["data"]["value"], strict=True) if s == 0]
    stop = figure["data"]["stop"][0]
    np.testing.assert_allclose(first[0], values[:stop, values.mean(0).argmin()].mean(), atol=0.006)


def test_a_network_without_gates_says_so(adders):
    found = gates.section(adders[0])
    assert {"kind": "note", "text": "elman has no gates, so none are shown."} in found["blocks"]
    assert gates.saturation(adders[0].layers[0]) is None


def test_the_marked_steps_of_the_adding_problem_are_drawn(adders):
    figure = gates.series(adders[1].scene)
    assert [rule["x"] for rule in figure["data"]["rules"]] == list(adders[1].scene.marked)
    assert figure["key"] == [["bound", "marked: to be added"]]


def test_tables_say_saturation_and_what_is_tracked(inside):
    layer = inside.layers[0]
    rows = gates.saturation(layer)["rows"]
    assert [row[0]["text"] for row in rows] == ["input", "forget", "output"]
    assert rows[1][3]["text"] == f"{layer.gates['forget'].mean.mean():.2f}"
    assert [row[0]["text"] for row in gates.tracked(layer)["rows"]] == list(layer.units.names)


def test_patches_cover_the_steps_they_were_made_from(inside):
    values = np.random.default_rng(1).uniform(size=(4, 3))
    scene = replace(inside.scene, times=np.arange(10), values=np.zeros(10), frequency="1", lag_steps=3, timezone=None)
    data = gates.gate_figure(scene, "reset", Gate(values, values[0], values[0], values.mean(0)))["data"]
    assert sorted(set(data["start"])) == [0, 1, 4, 7]
    assert data["stop"][-1] == 10
