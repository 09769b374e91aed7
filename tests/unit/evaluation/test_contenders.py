import pytest

from tidegate.errors import MissingExtraError, SettingError
from tidegate.evaluation.contenders import BASELINE, Contender, bound, enlisted
from tidegate.forecasters import registry
from tidegate.forecasters.naive import MovingAverage, Naive


def test_models_stand_in_ladder_order_with_the_baseline():
    contenders, missing = enlisted(["moving-average", "naive", "naive"], 0)
    assert [one.label for one in contenders] == ["naive", BASELINE, "moving-average"]
    assert missing == {}


def test_two_models_of_one_name_keep_apart():
    contenders, _ = enlisted([MovingAverage(window=3), Naive(), MovingAverage(window=9)], 0)
    assert [one.label for one in contenders] == ["naive", BASELINE, "moving-average", "moving-average-2"]
    assert contenders[3].model.window == 9


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(SettingError, match="Did you mean 'naive'"):
        enlisted(["naiv"], 0)


def test_a_model_without_its_extra_is_named(monkeypatch):
    entry = registry.entry("naive")

    def build(_self, _settings=None):
        raise MissingExtraError("xgboost", "boost")

    monkeypatch.setattr(type(entry), "build", build)
    contenders, missing = enlisted(["naive"], 0)
    assert contenders == []
    assert missing["naive"] == "xgboost is not installed. Install it with: pip install 'tidegate[boost]'"


def test_one_name_given_as_text_is_refused():
    with pytest.raises(SettingError, match=r"models is 'naive'; it must be a list of names or forecasters, such as"):
        enlisted("naive", 0)


def test_what_is_no_model_is_refused():
    with pytest.raises(SettingError, match="3 is neither the name of a model nor a forecaster"):
        enlisted([3], 0)


def test_a_model_that_no_process_takes_is_named():
    class Local(Naive):
        name = "local"

    can, cannot = Contender("naive", Naive()), Contender("local", Local())
    assert bound([can]) == ""
    assert bound([can, cannot]).startswith("local cannot be sent to another process (")
