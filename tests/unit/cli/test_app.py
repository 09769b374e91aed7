import subprocess
import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from tidegate.cli import app as cli_app
from tidegate.cli.app import Invocation, command, exit_code, named_example
from tidegate.errors import DataError, ModelError, SettingError


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option("--width", help="How wide.")] = 3
    unit: Annotated[Literal["m", "ft"], typer.Option("--unit", help="Of what.")] = "m"


@dataclass(frozen=True)
class Request:
    size: Size
    typed: Invocation


@pytest.fixture
def trial(monkeypatch):
    """An application of its own, with one command whose request it keeps."""
    seen = []
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.callback()(lambda: None)
    monkeypatch.setattr(cli_app, "app", app)

    @command("measure", example="tidegate measure --width 4")
    def measure(request: Request) -> int:
        """Measure it."""
        seen.append(request)
        return 0

    return lambda *words: CliRunner().invoke(app, ["measure", *words]), seen


def test_a_word_that_is_none_of_those_that_may_be_typed_is_refused_in_plain_words(trial):
    run, _ = trial
    done = run("--unit", "inch")
    assert done.exit_code == 2
    assert "Error: Invalid value for '--unit': 'inch' is not one of 'm', 'ft'." in done.stderr


def test_nested_dataclasses_become_options(trial):
    invoke, seen = trial
    assert invoke("--width", "5").exit_code == 0
    assert invoke().exit_code == 0
    assert [request.size.width for request in seen] == [5, 3]
    assert seen[0].typed.line == "tidegate measure --width 5"


def test_help_keeps_the_lines_of_the_example(trial):
    invoke, _ = trial
    shown = invoke("--help").stdout
    assert "Measure it." in shown
    assert "Example:\n    tidegate measure --width 4\n" in shown


def test_a_wrong_type_is_bad_usage(trial):
    invoke, _ = trial
    refused = invoke("--width", "wide")
    assert refused.exit_code == 2
    assert "--width" in refused.stderr


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["--example", "--horizon", "3"], ["--example", "air-passengers", "--horizon", "3"]),
        (["--horizon", "3", "--example"], ["--horizon", "3", "--example", "air-passengers"]),
        (["--example", "co2"], ["--example", "co2"]),
        (["--example=co2", "--json"], ["--example=co2", "--json"]),
        ([], []),
    ],
)
def test_the_default_example_is_written_out(words, written):
    assert named_example(words) == written


def test_a_resumed_command_names_its_folder_once():
    plain = Invocation("forecast", ("my data.csv", "--horizon", "3", "--force"))
    assert plain.resumed("out") == "tidegate forecast 'my data.csv' --horizon 3 --output out --resume"
    named = Invocation("forecast", ("a.csv", "--output=out", "--resume"))
    assert named.resumed("out") == "tidegate forecast a.csv --output=out --resume"


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("two rows are equal", repair="Use --duplicates first"), 2, "two rows are equal. Use --duplicates"),
        (ModelError("ets did not settle"), 1, "Error: ets did not settle"),
        (MemoryError(), 1, "The memory of this machine is not enough"),
        (OSError(28, "No space left on device"), 1, "No space left on device. Free space"),
        (BrokenPipeError(32, "Broken pipe"), 1, "A process that this one works with is gone"),
        (KeyboardInterrupt(), 130, "Stopped. Nothing was written."),
    ],
)
def test_what_goes_wrong_is_one_message_and_a_code(error, code, said, capsys):
    assert exit_code(raising(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


def test_help_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "torch", "sklearn", "rich")
    program = (
        "import sys\nfrom tidegate.cli.main import app\n"
        "try:\n    app(['forecast', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_may_have_an_example_of_its_own():
    assert named_example(["--example"], "adding") == ["--example", "adding"]
    assert named_example(["--example", "co2"], "adding") == ["--example", "co2"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("width", "--width is 0; it must be more."), ("set_width", "set_width is 0; it must be more.")],
)
def test_a_setting_is_named_as_it_is_typed(monkeypatch, name, said):
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.callback()(lambda: None)
    monkeypatch.setattr(cli_app, "app", app)

    @command("refuse", example="tidegate refuse")
    def refuse(size: Size) -> int:
        """Refuse it."""
        raise SettingError(f"{name} is 0; it must be more.")

    refused = CliRunner().invoke(app, ["refuse"])
    assert (refused.exit_code, refused.stderr) == (2, f"Error: {said}\n")
