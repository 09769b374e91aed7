"""What a compiler of whole models shall leave as it is."""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


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

    return called
