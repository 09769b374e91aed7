"""The tasks by name: a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from tidegate.cli.tasks import classify, tag, transcribe, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.cli.tasks.task import Task

Name = Literal["classify", "tag", "transcribe", "translate"]

TASKS: Mapping[Name, Task] = {"classify": classify, "tag": tag, "transcribe": transcribe, "translate": translate}


def task_of(model: Any) -> Task | None:
    """Return the task whose estimator a model is, or None."""
    return next((task for task in TASKS.values() if type(model).__name__ == task.ESTIMATOR), None)
