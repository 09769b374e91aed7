import pytest

from tidegate.report.sections import seal


@pytest.fixture
def found():
    marks = [
        {"name": "Sees the newest values", "outcome": "passed", "measured": "0.3 per unit", "statement": "It does."},
        {"name": "In another unit the same", "outcome": "warned", "measured": "departs by 2", "statement": "No."},
        {"name": "Learns twice the same", "outcome": "unchecked", "measured": "", "statement": "Not checked: slow."},
    ]
    return {"statement": "gru passes.", "marks": marks, "command": "tidegate audit gru DATA --horizon 12"}


def test_each_check_has_its_outcome_and_its_figure(found):
    made = seal.section(found)
    assert (made["name"], made["title"]) == ("seal", "Checked before you trust it")
    said, table, command = made["blocks"]
    assert said["sentences"] == ["gru passes."]
    rows = [[(cell["text"], cell["mark"], cell["role"]) for cell in row] for row in table["rows"]]
    assert rows[0] == [
        ("Sees the newest values", "Passed", "winner"), ("0.3 per unit", "", ""), ("It does.", "", "")
    ]  # fmt: skip
    assert rows[1][0] == ("In another unit the same", "Warning", "baseline")
    assert rows[2][0] == ("Learns twice the same", "Not checked", "")
    assert rows[2][1][0] == "\N{EN DASH}"
    assert command["text"] == found["command"]


def test_the_command_says_what_it_adds(found):
    assert seal.section(found)["blocks"][2]["title"] == "Checks everything, on more series and origins"
    whole = found | {"marks": found["marks"][:1]}
    assert seal.section(whole)["blocks"][2]["title"] == "The same in full, with pictures"


def test_a_comparison_has_no_seal():
    assert seal.section(None) is None
