"""Code before compilers, exporters and others that follow operators: what they find, and what they leave as it is."""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import torch

from tidegate.nn import internals

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


_REASON = (
    "it goes over time step by step, or calls an operator of torch's that a graph cannot hold; "
    "'Compilers and exporters' in tidegate's docs/layers.md says which layers it can"
)


def has_numbers(tensor: torch.Tensor) -> bool:
    """Return whether there is something to look at in `tensor`: it does not only stand for shape, type and device."""
    return not (torch.compiler.is_compiling() or tensor.is_meta or isinstance(tensor, internals.STANDING_FOR_OTHERS))


def followed(tensor: torch.Tensor) -> bool:
    """Return whether someone follows what is done with `tensor`, operator by operator.

    Compilers and exporters do, and modes such as those that count operations; tensors without numbers have nothing
    else to show.
    """
    return not has_numbers(tensor) or bool(internals.n_modes()) or internals.is_exporting()


def uncompiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return `function` as one that ``torch.compile`` calls instead of looking into.

    It would otherwise write every time step of a loop out as code of its own, for minutes. Where nothing has been
    compiled in this process the compiler is not loaded, which alone takes a second.
    """
    disabled: Callable[Arguments, Result] | None = None

    @wraps(function)
    def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        nonlocal disabled
        if disabled is None:
            if "torch._dynamo" not in sys.modules:
                return function(*args, **kwargs)
            disabled = cast("Callable[Arguments, Result]", torch.compiler.disable(function))  # type: ignore[no-untyped-call]
        return disabled(*args, **kwargs)

    # What torch.compiler.disable would leave on it, which loads the compiler: a graph ends before it, and says why.
    called._torchdynamo_disable = True  # type: ignore[attr-defined]  # noqa: SLF001
    called._torchdynamo_disable_msg = _REASON  # type: ignore[attr-defined]  # noqa: SLF001
    return called
