import io
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from tidegate.cli import main as entry
from tidegate.cli.main import COMMANDS, app


def test_the_version_is_shown():
    shown = CliRunner().invoke(app, ["--version"])
    assert shown.exit_code == 0
    assert shown.stdout.strip() == f"tidegate {version('tidegate')}"


def test_help_lists_the_commands_in_order():
    shown = CliRunner().invoke(app, ["--help"]).stdout
    names = [module.__name__.rsplit(".", 1)[1] for module in COMMANDS]
    places = [shown.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)


def test_a_mistyped_command_is_bad_usage_with_the_nearest():
    refused = CliRunner().invoke(app, ["forcast"])
    assert refused.exit_code == 2
    assert "Did you mean 'forecast'?" in refused.stderr


@pytest.mark.parametrize(("words", "code"), [(["models", "--json"], 0), (["forecast"], 2)])
def test_the_entry_point_exits_with_the_code(words, code, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["tidegate", *words])
    with pytest.raises(SystemExit) as left:
        entry.main()
    assert left.value.code == code
    capsys.readouterr()


def test_a_letter_that_the_terminal_lacks_is_replaced(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    monkeypatch.setattr("sys.argv", ["tidegate", "--version"])
    with pytest.raises(SystemExit):
        entry.main()
    narrow.write("søren")
    narrow.flush()
    assert narrow.buffer.getvalue().endswith(b"s?ren")
