from dataclasses import replace

from tidegate.insight.glimpse import Glimpse
from tidegate.report.sections import inside as section_inside


def kinds(blocks):
    return [block["kind"] for block in blocks]


def test_words_and_gradient_stand_open_gates_and_memory_are_folded(inside, specification):
    made = section_inside.section(Glimpse("lstm", "lstm has the lowest error.", inside))
    assert made["title"] == "Inside the network: lstm"
    assert made["lead"] == "lstm has the lowest error."
    said, figure, *rest = made["blocks"]
    assert said["sentences"][0] == inside.sentences()[0]
    assert figure["title"] == "How far its gradient reaches back"
    gates, memory = [block for block in rest if block["kind"] == "folded"]
    titles = [block["title"] for block in gates["blocks"] if block["kind"] == "figure"]
    assert titles == ["The newest window of sales", "Input gate", "Forget gate", "Output gate"]
    assert kinds(memory["blocks"]) == ["facts", "bullets"]
    for one in (figure, *(block for block in gates["blocks"] if block["kind"] == "figure")):
        specification(one)


def test_the_gradient_is_that_of_the_state_which_keeps_the_past_with_the_season_marked(inside):
    figure = section_inside.section(Glimpse("lstm", "", inside))["blocks"][1]
    layer = inside.layers[-1]
    lines = {line["name"]: line["y"] for line in figure["data"]["lines"]}
    assert list(lines) == ["step 1", "step 4", "all steps together"]
    assert abs(lines["all steps together"][0] / layer.cell[-1, 0] - 1) < 1e-3
    assert abs(lines["step 4"][0] / layer.cell[-2, 0] - 1) < 1e-3
    assert [rule["x"] for rule in figure["data"]["rules"]] == [12]
    assert ["bound", "season of 12"] in figure["key"]


def test_one_step_ahead_is_one_line(inside):
    layers = tuple(replace(one, hidden=one.hidden[-2:], cell=one.cell[-2:]) for one in inside.layers)
    alone = replace(inside, steps=(1,), layers=layers)
    figure = section_inside.section(Glimpse("lstm", "", alone))["blocks"][1]
    assert [line["name"] for line in figure["data"]["lines"]] == ["step 1", "the loss"]


def test_an_elman_network_is_said_to_have_no_gates(adders):
    folded = section_inside.section(Glimpse("rnn", "", adders[0]))["blocks"]
    gates = next(block for block in folded if block["kind"] == "folded")
    assert {"kind": "note", "text": "elman has no gates, so none are shown."} in gates["blocks"]


def test_nothing_to_see_is_said_and_no_look_is_no_section():
    made = section_inside.section(Glimpse("", "No recurrent network was among the models."))
    assert made["blocks"] == [{"kind": "note", "text": "No recurrent network was among the models."}]
    assert section_inside.section(None) is None
