import json
from dataclasses import replace

import pytest

from tidegate.insight.diagnosis import Diagnosis
from tidegate.insight.inspection import inspect


@pytest.fixture(scope="module")
def found(make):
    return inspect(make("lstm", layers=2))


def test_arrays_have_names_and_shapes(found):
    arrays = found.arrays()
    n_steps = len(found.scene.times)
    assert arrays["layer1.gate.forget"].shape == (n_steps, 6)
    assert arrays["layer2.gradient.hidden"].shape == arrays["layer2.gradient.cell"].shape == (5, n_steps)
    assert arrays["layer1.half_lives"].shape == (6,)
    assert arrays["layer1.singular_values"].shape == (16, 12)
    assert arrays["contributions.values"].shape == (4, len(arrays["contributions.times"]))
    assert arrays["training1.norm"].shape == arrays["training1.updates"].shape


def test_figures_can_be_written_as_json(found):
    told = json.loads(json.dumps(found.to_dict()))
    assert list(told["layers"]) == ["layer1", "layer2"]
    assert told["layers"]["layer1"]["half_life"] > 0
    assert told["contributions"]["gap"] <= 1e-3


WORST = [(("healthy", "vanishing"), "vanishing"), (("vanishing", "exploding"), "exploding")]


@pytest.mark.parametrize(("states", "worst"), WORST)
def test_the_worst_layer_is_the_diagnosis(found, states, worst):
    layers = tuple(
        replace(layer, diagnosis=Diagnosis(state, ())) for layer, state in zip(found.layers, states, strict=True)
    )
    assert replace(found, layers=layers).diagnosis.state == worst


def test_it_draws_itself(found):
    assert found._repr_html_().startswith("<div>")
    assert "layer" in found.plot().to_dict()
