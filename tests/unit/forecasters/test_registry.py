import re

import pytest

from tidegate.errors import SettingError
from tidegate.forecasters import registry
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.naive import MovingAverage, Naive


def test_every_line_builds_the_model_it_names():
    for entry in registry.entries():
        model = entry.build()
        assert isinstance(model, Forecaster)
        assert type(model).name == entry.name


def test_the_ladder_climbs_from_simple_to_complex():
    climbed = registry.ladder()
    assert climbed[:2] == ("naive", "seasonal-naive")
    assert climbed[-4:] == ("rnn", "lstm", "gru", "auto")
    costs = [registry.traits(name).cost for name in climbed]
    assert costs[0] == min(costs)
    assert costs[-1] == max(costs)


def test_settings_reach_the_model():
    assert registry.entry("moving-average").build({"window": 7}).window == 7


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match=r"There is no model 'lsmt'\. Did you mean 'lstm'\? The models are: naive, "):
        registry.entry("lsmt")


def test_a_name_like_none_is_answered_with_the_list():
    with pytest.raises(SettingError, match=r"There is no model 'zzzzzz'\. The models are: "):
        registry.entry("zzzzzz")


@pytest.fixture
def own_entry(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    return registry.Entry("own", f"{Naive.__module__}:Naive", "A model of one's own.", registry.Traits(cost=3))


def test_a_model_of_ones_own_joins(own_entry):
    registry.register(own_entry)
    assert registry.entry("own") is own_entry
    assert registry.traits("own").cost == 3
    assert isinstance(registry.forecaster("own"), Naive)


def test_a_taken_name_is_refused(own_entry):
    registry.register(own_entry)
    with pytest.raises(SettingError, match=re.escape("A model 'own' is registered already. Choose another name.")):
        registry.register(own_entry)


def test_a_class_that_was_never_registered_has_plain_traits():
    assert registry.traits("never") == registry.Traits()
    assert registry.forecaster("moving-average").get_params() == MovingAverage().get_params()


def test_a_name_in_capitals_is_answered_with_the_name():
    with pytest.raises(SettingError, match="Did you mean 'lstm'"):
        registry.entry("LSTM")
