"""The numbers of the page of rules are those of the code."""

import re
from pathlib import Path

import numpy as np
import pytest

from tidegate.analysis import seasonality
from tidegate.evaluation.auto import Auto
from tidegate.evaluation.candidates import candidates_for, folds_for
from tidegate.forecasters.network.defaults import members_for, window_steps
from tidegate.forecasters.network.scale import _CLEARLY_SMALLER
from tidegate.panel import Panel
from tidegate.training.settings import Training, updates

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")


def rows(title):
    """Return the cells of the table under a heading, without its head."""
    table = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL).group(1)
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def rule(name):
    """Return the formula of a rule."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    return line.split("|")[3]


def number(text):
    return int(text.replace(",", ""))


def panel_of(n_series, length, seasons):
    return Panel(
        ids=np.arange(n_series).astype(object),
        offsets=np.arange(n_series + 1) * length,
        times=np.tile(np.arange(length), n_series),
        values=np.zeros(n_series * length),
        frequency="1",
        seasons=seasons,
    )


def seasons(text):
    return (1,) if text == "none" else tuple(number(part) for part in text.split(", "))


@pytest.mark.parametrize("row", rows("Updates"))
def test_updates(row):
    n_windows, steps, told = map(number, row)
    assert updates(Training(), n_windows, steps) == told


@pytest.mark.parametrize("row", rows("Windows"))
def test_windows(row):
    assert window_steps(panel_of(1, 5_000, seasons(row[0])), number(row[1])) == number(row[2])


@pytest.mark.parametrize("row", rows("Members"))
def test_members(row):
    assert members_for(number(row[0])) == number(row[1])


@pytest.mark.parametrize("row", rows("Candidates and folds of auto"))
def test_candidates_and_folds(row):
    panel = panel_of(number(row[0]), number(row[1]), seasons(row[2]))
    assert ", ".join(candidates_for(panel, 12)) == row[3]
    assert folds_for(panel, 12) == number(row[4])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("batch", f"{Training().batch_size} windows"),
        ("held out", f"the newest {100 * Training().held_out_fraction:.0f} % of"),
        ("series that `auto` judges on", f"{Auto().judged}, drawn"),
        ("logs", f"more than {100 * (1 - _CLEARLY_SMALLER):.0f} % smaller"),
        ("seasons", f"of {100 * seasonality.SHARE:.0f} % of the series (of at most {seasonality.SAMPLE}, "),
        ("seasons", f"the newest {seasonality.NEWEST:,} values"),
    ],
)
def test_fixed_numbers(name, told):
    assert told in rule(name)


def test_every_setting_that_is_named_exists():
    import tidegate

    named = set(re.findall(r"^\|[^|]*\| `([\w.]+)` \|", PAGE, re.MULTILINE))
    known = {*tidegate.GRU().get_params(deep=False), *Auto().get_params(deep=False)}
    known |= {f"training.{name}" for name in Training._fields}
    assert len(named) >= 7
    assert named <= known
