import json

import pytest

from tidegate.errors import SettingError
from tidegate.forecasters import catalogue, registry
from tidegate.forecasters.catalogue import chosen, installed, models


def test_every_registered_model_is_listed_in_order():
    assert [model["name"] for model in models()] == [entry.name for entry in registry.entries()]
    json.dumps(list(models()))


def test_the_list_says_what_a_model_takes_and_needs():
    found = {model["name"]: model for model in models()}
    assert found["xgboost"]["needs"] == "boost"
    assert found["gru"]["covariates"] == ["known", "past", "static"]
    assert found["gru"]["fits"] == "one model over all series"
    assert found["ets"]["fits"] == "one model per series"
    assert not found["ets"]["covariates"]
    assert (found["gru"]["gaps"], found["ets"]["gaps"]) == (True, False)


def test_the_list_prints_as_a_table():
    lines = repr(models()).splitlines()
    assert len(lines) == len(models()) + 1
    assert lines[0].split() == ["model", "cost", "covariates", "one", "model", "about"]


def test_a_missing_extra_is_named_with_its_installation(monkeypatch):
    monkeypatch.setattr(catalogue, "installed", lambda extra: extra is None)
    line = next(line for line in repr(models()).splitlines() if line.startswith("xgboost"))
    assert "pip install 'tidegate[boost]'" in line


def test_an_extra_is_found_by_what_it_brings():
    assert installed(None)
    assert not installed("no-such-extra")


def test_names_are_put_in_ladder_order_once():
    assert chosen(["gru", "naive", "gru"]) == ("naive", "gru")
    assert chosen(["all"]) == tuple(entry.name for entry in registry.entries())


@pytest.mark.parametrize(
    ("names", "said"), [([], "No model is named"), (["sarma"], "There is no model 'sarma'. Did you mean 'sarima'")]
)
def test_unknown_or_no_names_are_refused(names, said):
    with pytest.raises(SettingError, match=said):
        chosen(names)
