"""From what the user names to what is audited: a model's name, a model's folder, or a callable."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from tidegate.errors import SettingError, StorageError
from tidegate.evaluation.audit.backtests import Backtest
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.forecasters import registry
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.storage import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.evaluation.audit.subject import Subject

FACES = "predict(history, horizon), predict(history, horizon, future) or backtest(frame, horizon, folds)"


def subject(target: Any, horizon: int, *, seed: int = 0) -> Subject:
    """Return what `target` names, ready to be audited.

    Parameters
    ----------
    target
        Registry name, folder of a saved model, "module:function" or "file.py:function"; a forecaster, fitted or not;
        or a callable of one of the three faces, told apart by the name of the third parameter.
    horizon
        Steps ahead; that of a fitted model must be the same.
    seed
        Of a model that is named.

    Raises
    ------
    SettingError
        If it is nothing of these, cannot be imported, has another face, or was fitted for another horizon.
    StorageError
        If a folder holds no model that can be read.
    """
    if isinstance(target, Path):
        return _of_folder(target, horizon)
    if isinstance(target, str):
        return _named(target, horizon, seed)
    if isinstance(target, Forecaster):
        return _of_forecaster(target, horizon)
    if callable(target):
        return _of_callable(target, getattr(target, "__name__", type(target).__name__), horizon)
    raise SettingError(
        f"a {type(target).__name__} cannot be audited. Give a model's name, a model's folder, a forecaster, or a "
        f"function: {FACES}."
    )


def function_of(target: Any, horizon: int) -> Subject:
    """Return the function that `target` is or names as "module:function" or "file.py:function".

    Raises
    ------
    SettingError
        If it cannot be imported, or is no function of one of the faces.
    """
    if not isinstance(target, str):
        return _of_callable(target, getattr(target, "__name__", type(target).__name__), horizon)
    where, colon, function = target.rpartition(":")
    if not colon or not where:
        raise SettingError(f"{target!r} names no function; write module:function or file.py:function.")
    return _of_callable(_imported(where, function), target, horizon)


def _named(target: str, horizon: int, seed: int) -> Subject:
    where, colon, _ = target.rpartition(":")
    if colon and where and not Path(target).exists():
        return function_of(target, horizon)
    if Path(target).is_dir() and target not in {entry.name for entry in registry.entries()}:
        return _of_folder(Path(target), horizon)
    if target.endswith(".py"):
        raise SettingError(f"{target} is a file; name the function in it: {target}:function.")
    try:
        entry = registry.entry(target)
    except SettingError as error:
        raise SettingError(
            f"{error} To audit a saved model, name its folder; to audit a function, write module:function."
        ) from error
    return Model(entry.build({"seed": seed} if entry.traits.stochastic else {}), horizon)


def _of_folder(folder: Path, horizon: int) -> Subject:
    try:
        return _of_forecaster(load(folder), horizon)
    except StorageError as error:
        raise SettingError(f"{error} Only what can be loaded can be audited.") from error


def _of_forecaster(model: Forecaster, horizon: int) -> Subject:
    if not hasattr(model, "history_"):
        return Model(clone(model), horizon)
    if model.horizon_ != horizon:
        raise SettingError(
            f"the model was fitted for {model.horizon_} steps ahead, not {horizon}. Set the horizon to "
            f"{model.horizon_}, or fit it again."
        )
    return Fitted(model)


def _imported(where: str, function: str) -> Any:
    """Return the object called `function` of a module, or of a file that ends in .py.

    Modules are looked for in the current folder first.
    """
    try:
        module = _from_file(Path(where)) if where.endswith(".py") else _from_path(where)
    except (Exception, SystemExit) as error:
        raise SettingError(
            f"{where} cannot be imported: {type(error).__name__}: {error}. Run the command in the folder of the "
            "module, or name its file: file.py:function."
        ) from error
    found = module
    for part in function.split("."):
        if not hasattr(found, part):
            names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
            listed = f" It has {', '.join(names[:12])}." if names else ""
            raise SettingError(f"{where} has no {function!r}.{listed} Write module:function.")
        found = getattr(found, part)
    return found


def _from_path(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _of_callable(function: Any, name: str, horizon: int) -> Subject:
    if isinstance(function, Forecaster):
        return _of_forecaster(function, horizon)
    if not callable(function):
        raise SettingError(
            f"{name} is of type {type(function).__name__}, which cannot be called. Name a function: {FACES}."
        )
    third = _third(function, name)
    if third == "folds":
        return Backtest(function, name, horizon)
    return Predict(function, name, horizon, takes_future=third == "future")


def _third(function: Callable[..., Any], name: str) -> str | None:
    """Return the name of the third parameter of a function that has one of the faces."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return None
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return None
    third = positional[2].name if len(positional) > 2 else None
    needed = [one for one in positional if one.default is one.empty]
    known = third in ("folds", "future")
    named = [one for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
    if len(positional) < 2 or len(needed) > (3 if known else 2) or named:
        listed = ", ".join(str(one) for one in parameters)
        raise SettingError(f"{name}({listed}) has none of the faces that can be called. Give {FACES}.")
    return third if known else None
