import json
import re

import pytest

from tidegate.cli.cells import Wanted, cells, document, summary
from tidegate.errors import SettingError
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.cell import Sizes, n_parameters
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm


def test_every_cell_is_listed(capsys):
    assert cells(Wanted()) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^{name} ", shown, re.MULTILINE) for name in CELLS)


def test_the_list_is_one_document(capsys):
    assert cells(Wanted(inputs=3, hidden=5, json=True)) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [cell["name"] for cell in listed] == list(CELLS)
    assert [cell["parameters"] for cell in listed] == [n_parameters(made(), Sizes(3, 5)) for made in CELLS.values()]
    assert all({"title", "gates", "states", "source"} <= set(cell) for cell in listed)


def test_a_page_is_one_document(capsys):
    assert cells(Wanted("gru", inputs=3, hidden=5, option=["reset=before"], json=True)) == 0
    page = json.loads(capsys.readouterr().out)
    assert page == json.loads(json.dumps(document(Gru(reset="before"), Sizes(3, 5))))
    assert page["options"]["reset"] == "before"
    assert page["parameters"] == n_parameters(Gru(), Sizes(3, 5))
    assert any("R_candidate (reset_t * h_{t-1})" in equation["text"] for equation in page["equations"])
    assert page["sizes"] == {"I": 3, "H": 5}


def test_a_projection_changes_the_last_equation_and_the_formula():
    plain, projected = document(Lstm(), Sizes(3, 5)), document(Lstm(), Sizes(3, 5, 2))
    assert plain["equations"][-1]["text"] == "h_t = output_t * tanh(c_t)"
    assert projected["equations"][-1]["text"] == "h_t = P (output_t * tanh(c_t))"
    assert plain["filled"] != projected["filled"]
    assert projected["sizes"] == {"I": 3, "H": 5, "P": 2}


def test_a_summary_holds_the_first_source():
    assert summary(Gru(), Sizes(3, 5))["source"] == Gru().card().sources[0]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(inputs=0), "--inputs is 0; it must be from 1 to 1,000,000."),
        (Wanted("gru", hidden=-4), "--hidden is -4; it must be from 1 to 1,000,000."),
        (Wanted("gru", hidden=10**30), "--hidden is 1000000000000000000000000000000; it must be from 1 to 1,000,000."),
        (Wanted("lstm", projected=32), "--projected is 32; it must be from 1 to 31, below --hidden, or 0 for no proj"),
        (Wanted("lstm", projected=-1), "--projected is -1; it must be from 1 to 31, below --hidden, or 0 for no proj"),
        (Wanted("gru", projected=2), "--projected is 2; gru has no projection. Leave it out."),
        (Wanted(option=["reset=before"]), "--option is for one cell; name it: tidegate cells lstm."),
        (Wanted(projected=2), "--projected is for one cell; name it: tidegate cells lstm."),
    ],
)
def test_sizes_and_options_out_of_place_are_refused(wanted, message):
    with pytest.raises(SettingError, match=message):
        cells(wanted)
