import io
import sys

import pytest
from rich.cells import cell_len

from tidegate.cli import blackboard
from tidegate.cli.cells import document, summary
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm

SIZES = Sizes(8, 32)


@pytest.fixture
def shown(monkeypatch):
    """Print with a width and an encoding, and return the lines."""

    def show(cell, columns=80, encoding="utf-8"):
        written = io.BytesIO()
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
        blackboard.show_cell(document(cell, SIZES))
        sys.stdout.flush()
        return written.getvalue().decode(encoding).splitlines()

    return show


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("h_t = sigma(W x_t) * h_{t-1}", "h\u209c = \u03c3(W x\u209c) \u2299 h\u209c\u208b\u2081"),
        ("1 - Gamma_u", "1 \u2212 \u0393_u"),
        ("c~_t", "c\u0303\u209c"),
        ("W_total, sigmax", "W_total, sigmax"),
        ("*", "\u2299"),
    ],
)
def test_formulas_in_letters(text, written):
    assert blackboard.lettered(text, plain=False) == written
    assert blackboard.lettered(text, plain=True) == text


EVERYTHING = Lstm(peepholes="full", coupled=True, squashed=True, without=("output",), gate_bias=False, clip=0.25)
"""A form whose title does not fit a line."""


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("cell", [*(made() for made in CELLS.values()), EVERYTHING], ids=[*CELLS, "everything"])
def test_no_line_is_wider_than_the_terminal(shown, cell, columns):
    assert max(map(cell_len, shown(cell, columns))) <= columns


def test_a_very_narrow_terminal_still_shows_whole_products(shown):
    text = " ".join(" ".join(shown(CELLS["slstm"](), 20)).split())
    assert "forget\u209c \u2299 c\u209c\u208b\u2081 + input\u209c \u2299 candidate\u209c" in text


def equations(lines):
    block = lines[lines.index("Equations") + 1 :]
    return block[: block.index("")]


def test_equations_stand_aligned_and_whole(shown):
    lines = equations(shown(Gru(), 80, "ascii"))
    assert len({line.index(" = ") for line in lines if " = " in line}) == 1
    joined = " ".join(" ".join(lines).split())
    for equation in Gru().card().equations:
        assert f"{equation.number} {equation.text}".strip() in joined


def test_a_line_breaks_before_a_sign_and_never_inside_a_product(shown):
    for columns in (60, 70, 80, 100):
        broken = [line.strip() for line in equations(shown(Lstm(peepholes="full"), columns)) if " = " not in line]
        assert all(line[0] in "+\u2212" for line in broken), columns


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_letters_gets_plain_text(shown, encoding):
    text = "\n".join(shown(Gru(), 80, encoding))
    assert "sigma(W_reset x_t + b_reset" in text
    assert "Gamma_r" in text
    assert text.isascii()


def test_the_notations_stand_side_by_side(shown):
    lines = shown(Gru(), 120, "ascii")
    block = lines[lines.index("The same elsewhere") + 1 :]
    header, rows = block[0], {line.split()[0]: line for line in block[1 : block.index("")]}
    for gate, names in Gru().card().notations.items():
        for column, name in names.items():
            assert rows[gate][header.index(column) :].startswith(name), (gate, column)


def test_a_page_without_notations_or_options_leaves_them_out(monkeypatch, capsys):
    page = document(Gru(), SIZES) | {"notations": {}, "options": {}, "choices": [], "remarks": [], "legend": {}}
    blackboard.show_cell(page)
    text = capsys.readouterr().out
    assert not [title for title in ("The same elsewhere", "Options", "Remarks", "Where") if f"\n{title}\n" in text]


def test_the_parameters_are_counted_out(shown):
    text = " ".join(" ".join(shown(Gru())).split())
    assert "I = 8, H = 32" in text
    assert "3 (H I + H H + 2 H) = 3 \u00b7 (32 \u00b7 8 + 32 \u00b7 32 + 2 \u00b7 32) = 4,032" in text


def test_the_list_names_the_first_author(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    blackboard.show_cells([summary(made(), SIZES) for made in CELLS.values()], SIZES)
    text = capsys.readouterr().out
    assert "(Elman 1990)" in text
    assert "(Feng et al. 2024)" in text
    assert "8 inputs, 32 hidden units" in text


def test_a_source_without_a_year_stands_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    made = summary(Gru(), SIZES)
    blackboard.show_cells([made | {"source": "lecture notes"}, made | {"source": ""}], SIZES)
    text = capsys.readouterr().out
    assert "Gated recurrent unit (lecture notes)" in text
    assert "unit ()" not in text
