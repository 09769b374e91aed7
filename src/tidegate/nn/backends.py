"""Who computes a layer: compiled kernels, torch's operators, a scan where one fits, or a loop over the steps."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch

from tidegate.errors import SettingError
from tidegate.nn import fused, operators, traced
from tidegate.nn.cells.affine import Scannable
from tidegate.nn.compilation import followed, uncompiled
from tidegate.nn.reference import walked
from tidegate.nn.unroll import Call, Outcome

Backend = Literal["auto", "kernels", "torch", "reference"]
BACKENDS: tuple[Backend, ...] = ("auto", "kernels", "torch", "reference")


class Choice(NamedTuple):
    """Who computes a layer.

    Parameters
    ----------
    name
        "kernels", "torch", "scan" or "reference"; "operator" for the kernels' work as one operator, in what follows
        operators, and "apart" where that is a compiler and it is left to be settled when the layer runs.
    reason
        Why not one that is named before it; empty where there is none before it or another was asked for.
    """

    name: str
    reason: str = ""


def choose(call: Call, backend: Backend = "auto") -> Choice:
    """Return who computes this work when `backend` is asked for.

    Raises
    ------
    SettingError
        When "kernels" or "torch" cannot do this work.
    """
    if followed(call.inputs):
        by_kernels = backend == "kernels"
        if (by_kernels or backend == "auto") and traced.obstacle(call, by_kernels=by_kernels) is None:
            return Choice("operator")
        if torch.compiler.is_compiling():
            return Choice("apart")
    return _settled(call, backend)


def _settled(call: Call, backend: Backend) -> Choice:
    """Return who computes this work with the numbers at hand."""
    if backend == "reference":
        return Choice("reference")
    if backend == "torch":
        return Choice("torch", _unless(operators.obstacle(call), backend))
    no_kernel = fused.obstacle(call)
    if backend == "kernels":
        return Choice("kernels", _unless(no_kernel, backend))
    if no_kernel is None:
        return Choice("kernels")
    no_operator = operators.obstacle(call)
    if no_operator is None:
        return Choice("torch", no_kernel)
    stepwise = call.course.trace or call.course.truncate is not None or call.listener is not None
    name = "scan" if isinstance(call.cell, Scannable) and not stepwise else "reference"
    return Choice(name, f"{no_kernel}; {no_operator}")


def _unless(obstacle: str | None, backend: Backend) -> str:
    if obstacle is None:
        return ""
    others = "backend='auto' or 'reference'"
    raise SettingError(f"backend {backend!r} cannot run this layer: {obstacle}. Use {others}")


def repeated(call: Call, backend: Backend = "auto") -> Outcome | None:
    """Return what the layer yields where kernels did the same before with other numbers; None elsewhere.

    It is what `run` returns, sooner.
    """
    if backend not in ("auto", "kernels") or followed(call.inputs):
        return None
    return fused.repeated(call)


def run(call: Call, backend: Backend = "auto", choice: Choice | None = None) -> Outcome:
    """Return what the layer yields.

    Parameters
    ----------
    call
        The work.
    backend
        What is asked for.
    choice
        What `choose` returned for both; None to ask it.

    Raises
    ------
    SettingError
        When `backend` is "kernels" or "torch" and cannot do this work.
    """
    chosen = choice or choose(call, backend)
    return traced.run(call) if chosen.name == "operator" else _apart(call, backend, chosen)


@uncompiled
def _apart(call: Call, backend: Backend, choice: Choice) -> Outcome:
    """Return what the layer yields, from functions that a compiler does not look into."""
    chosen = (_settled(call, backend) if choice.name == "apart" else choice).name
    if call.listener is not None:
        call = call._replace(listener=call.listener.begun())
    if chosen == "kernels":
        return fused.run(call)
    if chosen == "torch":
        return operators.run(call)
    return walked(call, may_scan=chosen == "scan")
