from dataclasses import replace

import numpy as np
import pytest

from tidegate.insight import wording
from tidegate.insight.inspection import inspect


@pytest.fixture(scope="module")
def found(gru):
    return inspect(gru)


def with_reach(insight, *lengths):
    layer = insight.layers[0]
    layers = tuple(replace(layer, memory=replace(layer.memory, reach=length)) for length in lengths)
    return replace(insight, layers=layers)


def test_the_headline_says_the_memory_beside_the_season(found):
    told = wording.headline(with_reach(found, 14))
    assert told.endswith("this network forgets after 14 steps; your season is 12.")
    assert told.split(":")[0].lower() == found.diagnosis.state
    assert not wording.falls_short(with_reach(found, 14))


def in_state(insight, state):
    layers = tuple(replace(one, diagnosis=replace(one.diagnosis, state=state)) for one in insight.layers)
    return replace(insight, layers=layers)


def test_a_healthy_network_whose_memory_is_shorter_than_the_season_is_not_simply_called_healthy(found):
    short = in_state(with_reach(found, 1), "healthy")
    assert wording.headline(short) == (
        "Healthy in training, but with a short memory: this network forgets after 1 step, and your season is 12."
    )
    said = short.sentences()[1]
    assert (
        "its state keeps little of what lies 12 steps back. It has its season all the same: it reads how each" in said
    )
    assert "differs from that 12 steps before and corrects the seasonal naive forecast. Nothing needs repair" in said
    assert said.endswith("forget biases for long dependencies: --set start=chrono; start='chrono' in Python.")


def test_without_a_seasonal_input_or_base_the_remedy_is_named(found):
    short = in_state(with_reach(found, 3), "healthy")
    bare = replace(short, scene=replace(short.scene, season_by=()))
    said = wording.season_says(bare)
    assert "Nothing else gives it the season either. Fit it with --set base=seasonal-naive" in said
    assert "by forget biases for long dependencies: --set start=chrono; start='chrono' in Python." in said
    narrow = wording.season_says(replace(bare, scene=replace(bare.scene, times=bare.scene.times[:20])))
    assert "--set start=chrono with --set window=24; start='chrono' in Python." in narrow
    elman = wording.season_says(replace(bare, scene=replace(bare.scene, cell="elman")))
    assert "lengthen its memory by a gated cell: --set cell=lstm; cell='lstm' in Python" in elman


@pytest.mark.parametrize("state", ["vanishing", "exploding"])
def test_an_ill_network_is_called_ill_whatever_its_memory(found, state):
    ill = in_state(with_reach(found, 3), state)
    assert wording.headline(ill) == f"{state.capitalize()}: this network forgets after 3 steps; your season is 12."
    assert not any("short memory" in sentence or "season all the same" in sentence for sentence in ill.sentences())


def test_of_several_layers_the_longest_memory_counts(found):
    assert "after 14 steps" in wording.headline(with_reach(found, 3, 14))
    window = len(found.scene.times)
    assert f"through all {window} steps it reads" in wording.headline(with_reach(found, 3, None))


def test_sentences_name_the_layer_only_where_there_are_several(found):
    assert not any(sentence.startswith("Layer") for sentence in found.sentences())
    assert sum(sentence.startswith("Layer ") for sentence in with_reach(found, 3, 14).sentences()) > 4


def test_gates_that_never_change_and_dead_units_are_said(found):
    layer = found.layers[0]
    gate = replace(layer.gates["update"], open=np.array([1.0, 1.0, 0.2, 0.2, 0.2, 0.2]))
    units = replace(layer.units, dead=np.array([4]))
    said = wording.gates_say(replace(layer, gates={"update": gate}, units=units))
    assert "above 0.9 at 47 % of all steps and units; it is always open in 2 units" in said[0]
    assert said[1] == "1 of 6 units never moves: it is dead."


def test_the_values_that_weigh_most_are_named(found):
    made = found.contributions
    values = np.zeros_like(made.values)
    values[0, -1], values[0, -13], values[0, -4] = 6.0, -3.0, 1.0
    said = wording.contribution_says(replace(found, contributions=replace(made, values=values)))
    assert "the newest (60 %), 12 steps before it (30 %) and 3 steps before it (10 %)" in said
    assert f"1 of {values.shape[1]} make up half" in said
    none = replace(found, contributions=replace(made, values=0 * values))
    assert wording.contribution_says(none) == "No past value moves the first step of the newest forecast."
