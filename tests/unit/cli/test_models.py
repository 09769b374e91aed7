import json

from tidegate.cli.models import Form, models
from tidegate.forecasters import registry


def test_every_model_is_listed(capsys):
    assert models(Form()) == 0
    shown = capsys.readouterr().out
    assert all(entry.name in shown for entry in registry.entries())


def test_json_is_one_document(capsys):
    assert models(Form(json=True)) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in listed] == [entry.name for entry in registry.entries()]
    assert {"about", "fits", "covariates", "cost", "needs", "installed"} <= set(listed[0])
