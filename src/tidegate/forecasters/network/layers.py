"""Recurrent layers as a forecaster's settings describe them: any form of a cell, put together and started as asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import torch

from tidegate.checks import check_choice, check_named, check_whole
from tidegate.errors import SettingError
from tidegate.nn import initialisation
from tidegate.nn.cells import catalogue
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping

Start = Literal["orthogonal", "identity", "chrono"]
STARTS: tuple[Start, ...] = get_args(Start)

OF_STACKS = ("backend", "bias", "layer_norm", "proj_size", "recompute", "residual")
"""Options of `Stack` that a forecaster leaves open; it settles the others itself."""

_SHORTEST = 2


class LayerPlan(NamedTuple):
    """What recurrent layers are made of.

    Attributes
    ----------
    cell
        A name of `nn.cells.catalogue`.
    hidden_size, layers
        H, and how many layers on top of each other.
    dropout
        Between layers.
    options
        Of the cell and of `Stack`, by the names that the layers of `tidegate.nn` give them; None for none.
    start
        How the weights begin: "orthogonal", as `nn.initialisation.built` draws them; "identity"; "chrono".
    forget_bias
        At which the gate that keeps the state begins; None for 1 where there is a forget gate, else 0.
    """

    cell: str
    hidden_size: int
    layers: int
    dropout: float
    options: Mapping[str, Any] | None = None
    start: Start = "orthogonal"
    forget_bias: float | None = None

    def made(self, n_inputs: int, n_steps: int, generator: torch.Generator) -> Recurrent:
        """Return the layers for I features, which will walk over windows of `n_steps` steps."""
        return PlannedLayers(self, n_inputs, n_steps, generator)

    def settled(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the options of the cell and those of its stack.

        Raises
        ------
        SettingError
            If there is no cell of this name, or an option is of neither; the message suggests the nearest.
        """
        kind = catalogue.kind(self.cell)
        fields = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        given = _checked_names(self.options, (*fields, *OF_STACKS), self.cell)
        own = {name: value for name, value in given.items() if name in fields}
        for name, value in own.items():
            if isinstance(fields[name], tuple) and isinstance(value, str | list):
                own[name] = (value,) if isinstance(value, str) else tuple(value)
        if self.start == "identity" and "nonlinearity" in fields:
            own.setdefault("nonlinearity", "relu")
        if "proj_size" in given:
            check_whole("proj_size", given["proj_size"], least=0)
        return own, {name: value for name, value in given.items() if name in OF_STACKS}

    def check(self) -> None:
        """Refuse what cannot be made, before any work.

        Raises
        ------
        SettingError
            If an option is unknown or outside its limits, or the cell cannot start as asked.
        """
        check_choice("start", self.start, STARTS)
        if self.forget_bias is not None and (
            isinstance(self.forget_bias, bool) or not isinstance(self.forget_bias, int | float)
        ):
            raise SettingError(f"forget_bias is {self.forget_bias!r}; it must be a number, such as 3, or None.")
        if self.forget_bias is not None and self.start == "chrono":
            raise SettingError("start is 'chrono', which draws the forget biases: leave forget_bias out.")
        generator = torch.Generator()
        # what can be wrong does not depend on the number of units, unless they are projected to fewer
        n_units = self.hidden_size if "proj_size" in self.settled()[1] else min(self.hidden_size, _SHORTEST)
        tried = self._replace(hidden_size=n_units, dropout=0.0)
        try:
            initialisation.built(lambda: tried.made(1, _SHORTEST, generator), generator)
        except (TypeError, ValueError, RuntimeError) as error:
            raise SettingError(f"layer_options of {self.cell}: {error}.") from error


class PlannedLayers(Recurrent):
    """Recurrent layers that begin as their plan says.

    Parameters
    ----------
    plan
        What they are made of.
    n_inputs
        Features per step, I.
    n_steps
        Steps that they will walk over: the longest dependency of the "chrono" start.
    generator
        Source of dropout and of what the start draws.
    """

    def __init__(self, plan: LayerPlan, n_inputs: int, n_steps: int, generator: torch.Generator) -> None:
        own, of_stack = plan.settled()
        deep = plan.layers > 1
        settled = {"residual": deep} | of_stack
        stack = Stack(num_layers=plan.layers, dropout=plan.dropout if deep else 0.0, generator=generator, **settled)
        super().__init__(catalogue.kind(plan.cell)(**own), n_inputs, plan.hidden_size, stack=stack)
        self._plan_of_start = (plan.start, plan.forget_bias, max(n_steps, _SHORTEST), generator)

    def start(self) -> None:
        """Set what the plan says of the weights with which training begins, after all were drawn."""
        start, forget_bias, n_steps, generator = self._plan_of_start
        if start == "identity":
            initialisation.identity(self)
        elif start == "chrono":
            initialisation.chrono(self, generator, longest=n_steps)
        if forget_bias is not None:
            initialisation.open_forget(self, bias=forget_bias)


def _checked_names(options: object, known: tuple[str, ...], cell: str) -> dict[str, Any]:
    """Return the options, if they are a mapping of known names."""
    if options is None:
        return {}
    if not hasattr(options, "items"):
        raise SettingError(f"layer_options is {options!r}; it must be a dictionary, such as {{'layer_norm': True}}.")
    given = dict(options.items())
    for name in given:
        check_named(name, known, f"layer_options: {cell}", "option")
    return given
