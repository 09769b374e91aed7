"""`tidegate cells`: the equations of every cell, its names elsewhere, its parameters and whose weights they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.app import command
from tidegate.cli.options import JSON, Flag
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.nn.cells.cell import Cell, Sizes

_WIDEST = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """Which cell, in which form, of which size, and how to print it."""

    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The cell to explain; else all are listed.")] = None
    inputs: Annotated[int, typer.Option("--inputs", metavar="I", help="Features per step.")] = 8
    hidden: Annotated[int, typer.Option("--hidden", metavar="H", help="Hidden units.")] = 32
    projected: Annotated[
        int, typer.Option("--projected", metavar="P", help="Width of the projected hidden state, below H; 0 for none.")
    ] = 0
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="NAME=VALUE", help="An option of the cell, as its page lists them; may be repeated."
        ),
    ] = None
    json: Annotated[Flag, JSON] = False

    def sizes(self) -> Sizes:
        """Return the sizes.

        Raises
        ------
        SettingError
            If one is outside its limits.
        """
        from tidegate.nn.cells.cell import Sizes

        for name, size in (("inputs", self.inputs), ("hidden", self.hidden)):
            if not 1 <= size <= _WIDEST:
                raise SettingError(f"--{name} is {size}; it must be from 1 to {_WIDEST:,}.")
        if not 0 <= self.projected < self.hidden:
            limit = f"from 1 to {self.hidden - 1}, below --hidden, or 0 for no projection"
            raise SettingError(f"--projected is {self.projected}; it must be {limit}.")
        return Sizes(self.inputs, self.hidden, self.projected)


@command("cells", example="tidegate cells\ntidegate cells lstm --hidden 64\ntidegate cells gru --option reset=before")
def cells(wanted: Wanted) -> int:
    """List the recurrent cells, or print one for the blackboard.

    Equations with their numbers in the source, the names of the gates in other notations, the number of parameters,
    and which weights of PyTorch, Keras and ONNX they are.
    """
    from tidegate.cli import blackboard, forms
    from tidegate.nn.cells.catalogue import CELLS

    sizes = wanted.sizes()
    if wanted.name is not None:
        page = document(forms.made(wanted.name, wanted.option or ()), sizes)
        _show(page) if wanted.json else blackboard.show_cell(page)
        return 0
    if wanted.option or wanted.projected:
        given = "--option" if wanted.option else "--projected"
        raise SettingError(f"{given} is for one cell; name it: tidegate cells lstm.")
    listed = [summary(made(), sizes) for made in CELLS.values()]
    _show(listed) if wanted.json else blackboard.show_cells(listed, sizes)
    return 0


def summary(cell: Cell, sizes: Sizes) -> dict[str, Any]:
    """Return what the list says of a cell."""
    from tidegate.nn.cells.cell import n_parameters

    card = cell.card()
    return {
        "name": cell.name,
        "title": card.title,
        "gates": list(cell.gates),
        "states": list(cell.states),
        "parameters": n_parameters(cell, sizes),
        "source": card.sources[0] if card.sources else "",
    }


def document(cell: Cell, sizes: Sizes) -> dict[str, Any]:
    """Return everything that the page of a cell says.

    Raises
    ------
    SettingError
        If `sizes` ask for a projection that the cell does not have.
    """
    from tidegate.cli.forms import options
    from tidegate.nn.cells.card import filled

    if sizes.projected and "projection" not in cell.shapes(sizes):
        raise SettingError(f"--projected is {sizes.projected}; {cell.name} has no projection. Leave it out.")
    card = cell.card()
    count = card.projected_count if sizes.projected else card.count
    letters = {"I": sizes.inputs, "H": sizes.hidden, "P": sizes.projected}
    return {
        **summary(cell, sizes),
        "options": {one.name: one.spoken(getattr(cell, one.name)) for one in options(type(cell))},
        "choices": [one.pattern for one in options(type(cell))],
        "sizes": {letter: size for letter, size in letters.items() if size},
        "formula": count,
        "filled": filled(count, letters),
        "equations": [vars(one) for one in (*card.step(projected=bool(sizes.projected)), *card.read_out())],
        "legend": dict(card.legend),
        "notations": {name: dict(names) for name, names in card.notations.items()},
        "weights": dict(card.weights),
        "sources": list(card.sources),
        "remarks": list(card.remarks),
    }


def _show(found: object) -> None:
    typer.echo(json.dumps(found, indent=1))
