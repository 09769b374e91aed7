"""Settings of a model as words of a command line: ``decoder=segment``, ``training.n_updates=500``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from tidegate.checks import check_named
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tidegate.forecasters.base import Forecaster
    from tidegate.forecasters.registry import Entry
    from tidegate.training.settings import Training

_LAYERS = "layer_options"
_SPOKEN = {"none": None, "true": True, "false": False}


def configured(entry: Entry, words: Sequence[str], *, seed: int, horizon: int) -> Forecaster:
    """Return a new forecaster of `entry` with the settings in `words`; `seed` counts where they name none.

    Parameters
    ----------
    entry
        Of the registry.
    words
        NAME=VALUE each. VALUE is a number, text, none, true, false, or several of them between commas; the settings of
        training are called training.NAME, the options of the recurrent layers layer_options.NAME.
    seed
        For a stochastic model.
    horizon
        Steps ahead that it is for.

    Raises
    ------
    SettingError
        If a word is no such pair, the model has no such setting, or a value is outside its limits.
    MissingExtraError
        If the model needs what is not installed.
    """
    plain = entry.build()
    given = spoken(words, plain.get_params(deep=False), entry.name, getattr(plain, "usual_training", None))
    if entry.traits.stochastic:
        given.setdefault("seed", seed)
    try:
        made = entry.build(given)
        made._check_settings(horizon)  # noqa: SLF001 (before any work)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise SettingError(f"--set gives {entry.name} what it cannot take: {error}.") from error
    return made


def spoken(
    words: Sequence[str],
    known: Collection[str],
    whose: str,
    usual: Training | None = None,
    *,
    refused: Callable[[str, Any], SettingError | None] = lambda _name, _value: None,
) -> dict[str, Any]:
    """Return the settings in `words`, NAME=VALUE each, by name.

    Parameters
    ----------
    words
        As for `configured`.
    known
        Names of settings that there are.
    whose
        What they are settings of, for messages.
    usual
        How is trained where nothing is said; None for the defaults of `Training`.
    refused
        Says of a setting of training and its value why it does not count; None where it does.

    Raises
    ------
    SettingError
        If a word is no such pair, or there is no such setting, or it is refused.
    """
    given: dict[str, Any] = {}
    training: dict[str, Any] = {}
    layers: dict[str, Any] = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        if not equals or not name:
            raise SettingError(f"--set is {word!r}; it must be NAME=VALUE, such as hidden_size=32.")
        outer, dot, inner = name.partition(".")
        if dot and outer == "training" and "training" in known:
            check_named(inner, _training_names(), f"The training of {whose}")
            training[inner] = value(text)
            why = refused(inner, training[inner])
            if why is not None:
                raise why
        elif dot and outer == _LAYERS and _LAYERS in known:
            layers[inner] = value(text)
        else:
            check_named(name, tuple(known), whose)
            given[name] = value(text)
    for whole, in_parts in (("training", training), (_LAYERS, layers)):
        if in_parts and whole in given:
            raise SettingError(f"--set gives {whole} as a whole and in parts: give one of them.")
    if training:
        from tidegate.training.settings import Training, checked

        given["training"] = checked((usual or Training())._replace(**training))
    return {**given, _LAYERS: layers} if layers else given


def of_models(words: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """Return the words for each model by name, from words MODEL.NAME=VALUE.

    Raises
    ------
    SettingError
        If a word names no model, or one that is not among `names`.

    >>> of_models(["gru.hidden_size=32", "gru.training.n_updates=50"], ["ets", "gru"])
    {'gru': ['hidden_size=32', 'training.n_updates=50']}
    """
    found: dict[str, list[str]] = {}
    for word in words:
        name, dot, rest = word.partition(".")
        if not dot or "=" in name:
            raise SettingError(f"--set is {word!r}; it must be MODEL.NAME=VALUE, such as gru.hidden_size=32.")
        if name.strip() not in names:
            raise SettingError(f"--set names the model {name.strip()!r}, which is not tried: {', '.join(names)}.")
        found.setdefault(name.strip(), []).append(rest)
    return found


def value(text: str) -> Any:
    """Return what `text` says: a Python literal, none, true, false, several values between commas, or the text.

    >>> [value(text) for text in ("32", "1e-3", "none", "segment", "ets,theta", "0.5,0.5")]
    [32, 0.001, None, 'segment', ('ets', 'theta'), (0.5, 0.5)]
    """
    if text.lower() in _SPOKEN:
        return _SPOKEN[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        parts = [part.strip() for part in text.split(",")]
        return text if len(parts) == 1 else tuple(value(part) for part in parts if part)


def _training_names() -> tuple[str, ...]:
    from tidegate.training.settings import Training

    return Training._fields
