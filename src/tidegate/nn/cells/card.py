"""What a lecturer writes on the blackboard about a cell, as data: `tidegate cells` prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Equation:
    """One equation in the notation below, with its number in the source.

    ``x_t``, ``h_{t-1}`` and ``reset_t`` are vectors; ``W_reset x_t`` is a matrix times a vector and binds tighter than
    ``*``, the product entry by entry; ``sigma`` is the logistic function. A line uses weights, the state before the
    step and what lines above it computed. A test evaluates these lines and compares them with the code.

    Parameters
    ----------
    text
        ``"update_t = sigma(W_update x_t + b_update + R_update h_{t-1} + r_update)"``.
    number
        Where the source has it: ``"(7)"``; empty when the source does not number it.
    when
        Empty for a line of every step; "projected" for one that replaces the line with the same left side where the
        hidden state is projected; "read out" for one of an output layer above the cell.
    """

    text: str
    number: str = ""
    when: Literal["", "projected", "read out"] = ""

    @property
    def left(self) -> str:
        """What the line computes: ``"update_t"``."""
        return self.text.partition(" = ")[0]


@dataclass(frozen=True)
class Card:
    """A cell for people.

    Parameters
    ----------
    title
        One line.
    equations
        In the order in which they are computed.
    legend
        Symbol to meaning with its shape in axis letters.
    sources
        Author, year, title, journal; what the equation numbers refer to.
    count
        The number of parameters as a formula in I and H: ``"3 (H I + H H + 2 H)"``.
    notations
        Our name of a gate or state to its name elsewhere: ``{"reset": {"Cho et al. 2014": "r", "Keras": "r"}}``.
    weights
        Library ("PyTorch", "Keras", "ONNX") to a line that says which of its weights these are, in which order.
    remarks
        What a reader should know of this form: one sentence each.
    projected_count
        The number of parameters with the hidden state projected to P; empty for a cell without a projection.
    """

    title: str
    equations: tuple[Equation, ...]
    legend: Mapping[str, str]
    sources: tuple[str, ...]
    count: str
    notations: Mapping[str, Mapping[str, str]]
    weights: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    projected_count: str = ""

    def step(self, *, projected: bool = False) -> tuple[Equation, ...]:
        """Return the lines of one step, those of a projected hidden state in place of the ones they replace."""
        instead = {one.left: one for one in self.equations if one.when == "projected" and projected}
        return tuple(instead.get(one.left, one) for one in self.equations if not one.when)

    def read_out(self) -> tuple[Equation, ...]:
        """Return the lines of an output layer above the cell."""
        return tuple(one for one in self.equations if one.when == "read out")


NOWHERE: Mapping[str, str] = {
    "PyTorch": "none: torch.nn has no such layer",
    "Keras": "none: it has no such layer",
    "ONNX": "none: it has no such operator",
}
"""What a card says of the libraries that lack its cell."""


def listed(letter: str, gates: tuple[str, ...]) -> str:
    """Return the symbols of one kind of weights, for a legend.

    >>> listed("W", ("reset", "update"))
    'W_reset, W_update'
    """
    return ", ".join(f"{letter}_{gate}" for gate in gates)


def filled(count: str, sizes: Mapping[str, int]) -> str:
    """Return the formula of a card's `count` with the sizes put in and every product written out.

    >>> filled("3 (H I + H H + 2 H)", {"I": 8, "H": 32})
    '3 * (32 * 8 + 32 * 32 + 2 * 32)'
    """
    products = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", count)
    return re.sub(r"[A-Z]", lambda letter: str(sizes[letter[0]]), products)
