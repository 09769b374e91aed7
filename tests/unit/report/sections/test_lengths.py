from types import SimpleNamespace

import pytest

from tidegate.report.sections import lengths


class Judgement(SimpleNamespace):
    def interval(self):
        return 20.0, 40.0


@pytest.mark.parametrize(("measure", "sign", "name"), [("bleu", "", "BLEU"), ("exact", " %", "Exact matches")])
def test_both_models_on_all_sources_and_on_each_length(measure, sign, name):
    told = Judgement(measure=measure, wanted=["a"] * 1500, score=31.0, simple_score=8.0, simple_name="a dictionary")
    part = {"label": "1 to 4 words", "sequences": 700, "score": 50.0, "simple_score": 60.0}
    made = lengths.section(SimpleNamespace(judgement=told, by_length=lambda: [part]))
    table, sure = made["blocks"]
    assert table["caption"] == f"{name}, by the length of the source"
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [
        ["all", "1,500", f"8.0{sign}", f"31.0{sign}"],
        ["1 to 4 words", "700", f"60.0{sign}", f"50.0{sign}"],
    ]
    assert [row[3]["bar"] for row in table["rows"]] == [31.0, 50.0]
    assert sure["sentences"] == [f"Of all test sources, 20.0{sign} to 40.0{sign} with 95 % confidence."]
    assert made["lead"].endswith("The simple model is a dictionary.")
