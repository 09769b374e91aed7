import pytest

from tidegate.report.charts.folds import chosen_model


@pytest.mark.parametrize("with_bands", [True, False])
def test_the_reader_chooses_the_model(with_bands):
    folds = {"x": [1, 2], "y": [1.0, 2.0], "text": ["a", "b"], "model": ["ets", "gru"], "fold": [1, 1]}
    folds |= {"lower": [0.0, 1.0], "upper": [2.0, 3.0]} if with_bands else {}
    data = {
        "x": {"kind": "date", "title": "Time (months)"},
        "y": "sales (in the data's unit)",
        "observed": {"x": [0, 1], "y": [1.0, 1.0]},
        "folds": folds,
        "models": ["ets", "gru"],
        "initial": "gru",
        "points": False,
        "rules": [{"x": 0, "role": "bound"}],
    }
    made = chosen_model(data).to_dict()
    assert made["params"] == [
        {"name": "picked", "value": "gru", "bind": {"input": "select", "options": ["ets", "gru"], "name": "Model "}}
    ]
    types = [layer["mark"]["type"] for layer in made["layer"]]
    assert types == ["rule", *(["area"] if with_bands else []), "line", "line"]
    assert made["layer"][-1]["mark"]["point"]["opacity"] == 0
    assert {"filter": "datum.model === picked"} in made["layer"][-1]["transform"]
