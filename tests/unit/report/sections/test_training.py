from dataclasses import replace

import numpy as np

from tidegate.insight.diagnosis import CLIPPING, Diagnosis
from tidegate.report.sections import training


def figures(found):
    return {one["title"]: one for block in found["blocks"] if block["kind"] == "grid" for one in block["figures"]}


def test_norms_clipping_saturation_and_flow_are_drawn(inside, specification):
    drawn = figures(training.section(inside))
    assert list(drawn) == ["Norm of the gradient", "Clipping", "Saturation of the gates", "Gradient through time"]
    record, updates = inside.training[0].record, list(inside.training[0].updates)
    mean = drawn["Norm of the gradient"]["data"]["lines"][0]
    assert mean["x"] == updates
    assert mean["y"][0] is None
    np.testing.assert_allclose(mean["y"][1:], record.norm[1:], rtol=1e-5)
    gates = drawn["Saturation of the gates"]["data"]["lines"]
    assert [line["name"] for line in gates] == ["input", "forget", "output"]
    for one in drawn.values():
        specification(one)


def test_a_network_without_gates_has_no_saturation(adders):
    assert "Saturation of the gates" not in figures(training.section(adders[0]))


def test_remedies_stand_under_an_exploding_run(inside):
    ill = Diagnosis("exploding", (), (CLIPPING,))
    tables = [one for one in training.section(replace(inside, course=ill))["blocks"] if one["kind"] == "table"]
    assert [row[0]["text"] for row in tables[0]["rows"]] == ["Clipping"]


def test_without_a_record_the_section_says_so(inside):
    found = training.section(replace(inside, training=(), course=None))
    assert found["blocks"] == [{"kind": "note", "text": "The model holds no record of its training."}]
