import json

from tidegate.report.insight import summarise, table
from tidegate.report.page import render

RUN = {
    "name": "sales-lstm",
    "command": "tidegate inspect sales-lstm",
    "started": "2026-01-02 03:04:05",
    "versions": {"tidegate": "0.1.0"},
}


def test_the_page_of_one_network(inside):
    made = json.loads(json.dumps(summarise([inside], RUN)))
    assert [section["name"] for section in made["sections"]] == [
        "gates", "gradient", "memory", "contributions", "training", "reproduce"
    ]  # fmt: skip
    assert made["verdict"]["statement"] == inside.sentences()[0]
    page = render(made)
    assert 'href="#gates"' in page
    assert "inside a network" in page
    assert "tidegate inspect sales-lstm" in page


def test_networks_side_by_side_have_anchors_of_their_own(adders):
    made = summarise(adders, {**RUN, "name": "adding"})
    names = [section["name"] for section in made["sections"]]
    assert len(names) == len(set(names))
    assert names[0] == "compared"
    assert "gru-gates" in names
    assert made["sections"][0]["title"] == "elman and gru side by side"
    assert made["sections"][1]["title"] == "elman: gates over time"
    render(made)


def test_the_table_has_one_row_per_network(adders):
    rows = [[cell["text"] for cell in row] for row in table(adders)["rows"]]
    assert [row[0] for row in rows] == ["elman", "gru"]
    assert rows[0][4] == "\N{EN DASH}"
    assert rows[1][4].endswith(" steps")
