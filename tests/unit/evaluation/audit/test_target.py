import sys
from pathlib import Path

import pytest

import tidegate
from tidegate.errors import SettingError
from tidegate.evaluation.audit.target import subject

MODULE = """
def predict(history, horizon): ...
def ahead(history, horizon, future=None): ...
def backtest(frame, horizon, folds): ...
def usual(history, horizon, verbose=False): ...
def strange(history, horizon, levels): ...
def lone(history): ...
def keyed(history, horizon, *, levels): ...
def free(*given): ...
class Shelf:
    @staticmethod
    def predict(history, horizon): ...
number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("audited_module.py").write_text(MODULE)
    yield "audited_module"
    sys.modules.pop("audited_module", None)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("predict", "predict"),
        ("ahead", "predict"),
        ("backtest", "backtest"),
        ("usual", "predict"),
        ("free", "predict"),
        ("Shelf.predict", "predict"),
    ],
)
def test_a_function_is_known_by_its_third_parameter(module, function, kind):
    for where in (module, f"{module}.py"):
        made = subject(f"{where}:{function}", 6)
        assert made.kind == kind
        assert made.name == f"{where}:{function}"
    assert getattr(subject(f"{module}:ahead", 6), "takes_future", None) is True


@pytest.mark.parametrize("function", ["strange", "lone", "keyed"])
def test_another_face_is_refused(module, function):
    with pytest.raises(SettingError, match=r"has none of the faces that can be called. Give predict\(history"):
        subject(f"{module}:{function}", 6)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("absent_module:predict", "absent_module cannot be imported: ModuleNotFoundError.*in the folder of the module"),
        ("absent.py:predict", "absent.py cannot be imported: FileNotFoundError: there is no file absent.py"),
        ("audited_module:predicts", "audited_module has no 'predicts'. It has predict, ahead"),
        ("audited_module:number", "audited_module:number is of type int, which cannot be called"),
        ("grue", "There is no model 'grue'. Did you mean 'gru'.*write module:function"),
    ],
)
def test_what_cannot_be_found_is_refused(module, target, message):
    with pytest.raises(SettingError, match=message):
        subject(target, 6)


def test_a_module_that_breaks_is_refused(module):
    Path("broken_module.py").write_text("1 / 0")
    with pytest.raises(SettingError, match="broken_module cannot be imported: ZeroDivisionError"):
        subject("broken_module:predict", 6)


def test_what_is_no_target_is_refused():
    with pytest.raises(SettingError, match=r"a int cannot be audited\. Give a model's name"):
        subject(3, 6)


def test_models_by_name_folder_and_as_objects(tmp_path, panel):
    assert subject("gru", 6, seed=7).model.seed == 7
    fitted = tidegate.forecaster("naive").fit(panel(1), horizon=6)
    fitted.save(tmp_path / "out" / "model")
    for target in (fitted, tmp_path / "out", str(tmp_path / "out" / "model")):
        assert subject(target, 6).kind == "fitted"
    assert subject(tidegate.forecaster("naive"), 6).kind == "model"
    with pytest.raises(SettingError, match=r"fitted for 6 steps ahead, not 7\. Set the horizon to 6"):
        subject(fitted, 7)
