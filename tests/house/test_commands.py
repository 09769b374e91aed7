"""Every command and option is documented, shown with an example, and typed in a test."""

import re

import pytest
import typer

from tidegate.cli.main import app

GROUP = typer.main.get_command(app)
COMMANDS = dict(GROUP.commands)


def options(command):
    return {name for one in command.params for name in one.opts if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name):
    assert re.search(rf"Example:\n +tidegate {name}\b", COMMANDS[name].help)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented(root, name):
    page = (root / "docs" / "cli.md").read_text("utf-8")
    assert f"## {name}" in page
    assert not {option for option in options(COMMANDS[name]) if f"`{option}" not in page}


def test_no_page_names_an_option_that_does_not_exist(root):
    known = {option for command in COMMANDS.values() for option in options(command)} | {"--help", "--version"}
    for page in ("README.md", "docs/cli.md"):
        lines = [line for line in (root / page).read_text("utf-8").splitlines() if "tidegate " in line]
        named = {option for line in lines for option in re.findall(r"(?<![\w-])--[a-z]+", line)}
        assert not named - known, page


def test_every_option_is_typed_in_a_test(root):
    typed = "".join(path.read_text("utf-8") for path in (root / "tests" / "cli").glob("test_*.py"))
    everywhere = {option for command in COMMANDS.values() for option in options(command)}
    assert not {option for option in everywhere if f'"{option}"' not in typed and f"{option} " not in typed}


def test_the_same_option_means_the_same_everywhere():
    meanings = {}
    for command in COMMANDS.values():
        for one in command.params:
            meanings.setdefault(one.opts[0], set()).add((one.help, str(one.default)))
    assert not {name: found for name, found in meanings.items() if len(found) > 1}
