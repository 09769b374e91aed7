"""The page of a cell on stdout: equations, names and weights, with Greek letters where the terminal has them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tidegate.cli.screen import console, heading, show_sentences, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from tidegate.nn.cells.cell import Sizes

_NARROWEST = 20
"""Characters of a formula on a line, in however narrow a terminal."""
_NO_BREAK = "\u00a0"
_LETTERS = (
    (r"_\{t-1\}", "\u209c\u208b\u2081"),
    (r"_t\b", "\u209c"),
    (r"\bGamma(?=_|\b)", "\u0393"),
    (r"\bsigma\b", "\u03c3"),
    (r"(?<=\w)~", "\u0303"),
    (r"(?<= )\*(?= )|^\*$", "\u2299"),
    (r" - ", " \u2212 "),
)
"""ASCII as in the cards to letters: subscripts of time, Gamma, sigma, the tilde, the product entry by entry, minus."""

_UNBROKEN = re.compile(r" ([*/\u2299]) |([-+\u2212]|\b[WR](?:_\w+)?|\bP) ")
"""What a line does not break at: products, and the blank after a sum's sign."""


def lettered(text: str, *, plain: bool) -> str:
    """Return a formula with Greek letters and subscripts, or as it is where `plain`.

    >>> lettered("h_t = sigma(W x_t) * h_{t-1}", plain=False)
    'h\u209c = \u03c3(W x\u209c) \u2299 h\u209c\u208b\u2081'
    """
    if plain:
        return text
    for pattern, letter in _LETTERS:
        text = re.sub(pattern, letter, text)
    return text


def show_cells(summaries: Sequence[Mapping[str, Any]], sizes: Sizes) -> None:
    """Print the list of cells."""
    out = console()
    table = table_of("cell", "parameters", "gates", "states", "about")
    table.columns[1].justify = "right"
    for cell in summaries:
        about = f"{cell['title']} ({_author(cell['source'])})" if cell["source"] else cell["title"]
        gates, states = ", ".join(cell["gates"]), ", ".join(cell["states"])
        table.add_row(cell["name"], f"{cell['parameters']:,}", gates, states, about)
    out.print(table)
    out.print(
        f"\nparameters: one layer, one direction, with biases; {sizes.inputs} inputs, {sizes.hidden} hidden units.\n"
        "The equations of one, its names elsewhere and its options: tidegate cells gru"
    )


def show_cell(page: Mapping[str, Any]) -> None:
    """Print the page of a cell.

    Parameters
    ----------
    page
        As from `cells.document`.
    """
    out = console()
    plain = not _writes(out.encoding, "".join(letter for _, letter in _LETTERS))

    def mark(text: str) -> str:
        return lettered(text, plain=plain)

    name = textwrap.wrap(f"{page['name']}  {page['title']}", out.width, subsequent_indent="  ")
    out.print(Text("\n".join(name), style="bold"))
    for title, when in (("Equations", ("", "projected")), ("Read out", ("read out",))):
        lines = [one for one in page["equations"] if one["when"] in when]
        if lines:
            heading(out, title)
            _show_equations(out, lines, plain=plain)
    _show_pairs(out, "Where", {mark(symbol): mark(what) for symbol, what in page["legend"].items()})
    show_sentences(out, "Source" if len(page["sources"]) == 1 else "Sources", page["sources"])
    _show_notations(out, page["notations"], plain=plain)
    product = "*" if plain else "\u00b7"
    sizes = ", ".join(f"{letter} = {size}" for letter, size in page["sizes"].items())
    count = f"{page['formula']} = {page['filled'].replace('*', product)} = {page['parameters']:,}"
    show_sentences(out, f"Parameters of one layer in one direction, {sizes}", [count])
    _show_pairs(out, "Its weights elsewhere", page["weights"])
    show_sentences(out, "Remarks", map(mark, page["remarks"]))
    chosen = page["options"].values()
    forms = {f"--option {form}": f"here {value}" for form, value in zip(page["choices"], chosen, strict=True)}
    _show_pairs(out, "Options", forms)


def _show_equations(out: Console, lines: Sequence[Mapping[str, Any]], *, plain: bool) -> None:
    """Print equations aligned at their equals signs, broken before an operator where they are too long."""
    split = [(one["number"], *lettered(one["text"], plain=plain).split(" = ", 1)) for one in lines]
    gutter, left = (max(len(row[k]) for row in split) for k in (0, 1))
    indent = 2 + gutter + (2 if gutter else 0) + left + 3
    room = max(out.width - indent, _NARROWEST)
    for number, name, formula in split:
        beginning = f"  {number:<{gutter}}{'  ' if gutter else ''}{name:>{left}} = "
        glued = _UNBROKEN.sub(lambda found: found[0].replace(" ", _NO_BREAK), formula)
        for k, part in enumerate(textwrap.wrap(glued, room, break_long_words=False)):
            out.print((beginning if k == 0 else " " * (indent - 2)) + part.replace(_NO_BREAK, " "), soft_wrap=True)


def _show_notations(out: Console, notations: Mapping[str, Mapping[str, str]], *, plain: bool) -> None:
    """Print what the gates and states are called elsewhere, side by side."""
    if not notations:
        return
    columns = list(dict.fromkeys(column for names in notations.values() for column in names))
    table = table_of("here", *(lettered(column, plain=plain) for column in columns))
    for name, names in notations.items():
        table.add_row(name, *(lettered(names.get(column, "-"), plain=plain) for column in columns))
    heading(out, "The same elsewhere")
    out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _show_pairs(out: Console, title: str, pairs: Mapping[str, str]) -> None:
    """Print names beside what they mean."""
    if not pairs:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, meaning in pairs.items():
        table.add_row(name, meaning)
    heading(out, title)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _writes(encoding: str, text: str) -> bool:
    """Return whether `encoding` has every letter of `text`."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _author(source: str) -> str:
    """Return a source up to its year, of more than two authors the first.

    >>> _author("Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, Were RNNs all we needed?")
    'Feng et al. 2024'
    """
    found = re.match(r"(.*?) \(?(\d{4})", source)
    if not found:
        return source
    first, _, others = found[1].partition(", ")
    return f"{first} et al. {found[2]}" if others else f"{first} {found[2]}"
