"""The tasks by name: a line each."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from tidegate.cli.tasks import classify, generate, tag, transcribe, translate
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.cli.tasks.task import Task

Name = Literal["classify", "generate", "tag", "transcribe", "translate"]

TASKS: Mapping[Name, Task] = {
    "classify": classify,
    "generate": generate,
    "tag": tag,
    "transcribe": transcribe,
    "translate": translate,
}


def task_of(model: Any) -> Task | None:
    """Return the task whose estimator a model is, or None."""
    return next((task for task in TASKS.values() if type(model).__name__ == task.ESTIMATOR), None)


def own(task: Task, part: Literal["read", "sequences", "answers"], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were typed and are of this task's own, by the keywords of a part of it.

    Parameters
    ----------
    task
        One of the table.
    part
        The function that takes them.
    typed
        By keyword an option, None where it was not typed, or a dataclass of several with their defaults.

    Raises
    ------
    SettingError
        If one was typed that the task does not take, with the tasks that do.
    """
    given = {keyword: names for keyword, value in typed.items() if (names := _typed(keyword, value))}
    for keyword, names in given.items():
        takers = [name for name, one in TASKS.items() if keyword in inspect.signature(getattr(one, part)).parameters]
        name = next(name for name, one in TASKS.items() if one is task)
        if name not in takers:
            raise SettingError(
                f"--{names[0].replace('_', '-')} is for {' and '.join(takers)}; leave it out for {name}."
            )
    return {keyword: typed[keyword] for keyword in given}


def _typed(keyword: str, value: Any) -> list[str]:
    """Return the names of the options that are not what they are where nobody types them."""
    if is_dataclass(value):
        return [one.name for one in fields(value) if getattr(value, one.name) != one.default]
    return [] if value is None else [keyword]
