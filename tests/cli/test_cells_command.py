"""`tidegate cells`: what a lecturer types, and the page of the documentation that shows it."""

import json
import re
import runpy
from pathlib import Path

import pytest
from rich.cells import cell_len

PAGE = Path(__file__).parents[2] / "docs" / "cells.md"
CELLS = ["elman", "lstm", "gru", "min_gru", "min_lstm", "slstm"]


def test_the_list_names_every_cell(tidegate):
    done = tidegate("cells --inputs 3 --hidden 5")
    assert done.exit_code == 0, done.stderr
    assert all(f"\n{name} " in f"\n{done.stdout}" for name in CELLS)
    assert [cell["name"] for cell in json.loads(tidegate("cells --json").stdout)] == CELLS


@pytest.mark.parametrize("name", CELLS)
def test_the_page_of_a_cell_fits_a_terminal(tidegate, name):
    done = tidegate(f"cells {name} --inputs 3 --hidden 5")
    assert done.exit_code == 0, done.stderr
    assert max(map(cell_len, done.stdout.splitlines())) <= 80
    document = json.loads(tidegate(f"cells {name} --inputs 3 --hidden 5 --json").stdout)
    assert f"{document['parameters']:,}" in done.stdout


def test_options_change_the_equations(tidegate):
    before = json.loads(tidegate("cells gru --option reset=before --json").stdout)
    after = json.loads(tidegate("cells gru --json").stdout)
    assert before["equations"] != after["equations"]
    projected = tidegate("cells lstm --projected 4 --option peepholes=full --option coupled=yes --hidden 8")
    assert projected.exit_code == 0, projected.stderr
    assert "P (output" in projected.stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("cells gur", "There is no cell 'gur'. Did you mean 'gru'?"),
        ("cells gru --option reset=later", "--option reset is 'later'; it must be one of after, before, absent."),
        ("cells gru --option gates=2", "The options of gru are reset=after|before|absent"),
        ("cells lstm --option without=forget --option coupled=yes", "needs both gates"),
        ("cells gru --hidden 0", "--hidden is 0; it must be from 1 to 1,000,000."),
        ("cells gru --projected 2", "--projected is 2; gru has no projection."),
        ("cells --option reset=before", "--option is for one cell; name it"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(tidegate, typed, said):
    done = tidegate(typed)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not done.stdout


@pytest.fixture
def ascii_terminal(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")


def test_plain_letters_where_the_terminal_has_no_others(ascii_terminal, spawned):
    done = spawned("cells gru")
    assert done.returncode == 0, done.stderr
    assert "h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}" in done.stdout


def test_the_page_shows_what_the_commands_print(tidegate):
    pieces = re.split(
        r"^\$ tidegate ",
        "\n".join(re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)),
        flags=re.MULTILINE,
    )
    shown = dict(piece.split("\n", 1) for piece in pieces[1:])
    assert {f"cells {name}" for name in CELLS} <= set(shown)
    for line, text in shown.items():
        printed = [row.rstrip() for row in tidegate(line).stdout.strip("\n").splitlines()]
        assert printed == text.strip("\n").splitlines(), f"run benchmarks/refresh_docs.py: tidegate {line}"


def test_the_code_of_the_page_runs(here):
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    (here / "page.py").write_text(code)
    made = runpy.run_path("page.py")
    assert made["gates"]["update"].shape == (144, 8)
    assert made["outputs"].shape == (144, 8)
