from dataclasses import replace

import numpy as np

from tidegate.report.sections import memory


def test_half_lives_and_singular_values_are_drawn(inside, specification):
    figures = [block for block in memory.section(inside)["blocks"] if block["kind"] == "figure"]
    assert [one["title"] for one in figures] == [
        "Half-life of each unit",
        "Singular values of the recurrent Jacobian",
    ] * 2
    drawn = figures[0]["data"]["lines"][0]["y"]
    np.testing.assert_allclose(drawn, np.sort(inside.layers[0].memory.half_lives)[::-1])
    for one in figures:
        specification(one)


def test_the_facts_put_memory_beside_the_season(inside):
    layer = replace(inside.layers[0], memory=replace(inside.layers[0].memory, reach=1))
    pairs = dict(memory.section(replace(inside, layers=(layer,)))["blocks"][0]["pairs"])
    assert pairs["Effective memory length (gradient down to 1/e)"] == "1 step"
    assert pairs["Season"] == "12 steps"
    endless = replace(layer, memory=replace(layer.memory, reach=None))
    pairs = dict(memory.section(replace(inside, layers=(endless,)))["blocks"][0]["pairs"])
    assert pairs["Effective memory length (gradient down to 1/e)"].startswith("longer than the window of ")


def test_a_cell_without_such_a_gate_has_its_jacobian_alone(adders):
    titles = [block["title"] for block in memory.section(adders[0])["blocks"] if block["kind"] == "figure"]
    assert titles == ["Singular values of the recurrent Jacobian"]
