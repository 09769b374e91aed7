from typing import get_args

import pytest

import tidegate
from tidegate.cli.tasks import table
from tidegate.cli.tasks.generate import Writing
from tidegate.cli.tasks.task import Task
from tidegate.errors import SettingError
from tidegate.tasks.estimator import SequenceEstimator

NAMES = [name for name in vars(Task) if not name.startswith("_")] + list(Task.__annotations__)


def test_the_names_are_those_that_may_be_typed():
    assert tuple(table.TASKS) == get_args(table.Name)


@pytest.mark.parametrize("name", table.TASKS)
def test_every_task_has_an_estimator_an_example_and_all_else(name):
    task = table.TASKS[name]
    assert issubclass(getattr(tidegate, task.ESTIMATOR), SequenceEstimator)
    assert task.example(task.DEFAULT_EXAMPLE) is not None
    assert not [one for one in NAMES if not hasattr(task, one)]


@pytest.mark.parametrize("name", table.TASKS)
def test_a_model_tells_its_task(name):
    task = table.TASKS[name]
    assert table.task_of(getattr(tidegate, task.ESTIMATOR)()) is task


def test_another_model_has_none():
    assert table.task_of(tidegate.Naive()) is None


def test_options_of_a_tasks_own_are_handed_on_and_refused_by_others():
    asked = Writing(top_k=3)
    assert table.own(table.TASKS["generate"], "answers", {"writing": asked}) == {"writing": asked}
    assert table.own(table.TASKS["tag"], "answers", {"writing": Writing()}) == {}
    with pytest.raises(SettingError, match=r"--top-k is for generate; leave it out for classify\."):
        table.own(table.TASKS["classify"], "answers", {"writing": asked})
