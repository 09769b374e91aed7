import inspect
import typing

import pytest
from typer.testing import CliRunner

from tidegate.cli.forecast import Origin
from tidegate.cli.main import app
from tidegate.errors import SettingError
from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.kinds import INTERVAL_KINDS, IntervalKind


def test_every_kind_can_be_set_and_no_other():
    for kind in INTERVAL_KINDS:
        assert Settings(intervals=kind).intervals == kind
    with pytest.raises(SettingError, match="intervals is 'wide'; it must be 'own', 'split' or 'adaptive'"):
        Settings(intervals="wide")


def test_the_command_line_takes_the_same_kinds():
    hint = typing.get_type_hints(Origin)["intervals"]
    assert hint is IntervalKind
    assert inspect.signature(Origin).parameters["intervals"].default == INTERVAL_KINDS[0]
    shown = CliRunner().invoke(app, ["forecast", "--help"], env={"COLUMNS": "200"}).stdout
    assert "|".join(INTERVAL_KINDS) in shown.replace(" ", "")
