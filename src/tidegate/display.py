"""How results show themselves in a notebook: a mixin that asks the report for a chart or HTML when it is needed."""

from __future__ import annotations

import importlib
from typing import Any


class Displayed:
    """Gives a result `.plot()` and its picture in a notebook."""

    __slots__ = ()

    def plot(self) -> Any:
        """Return the Altair chart that says most about this result."""
        return importlib.import_module("tidegate.report.notebook").chart(self)

    def _repr_html_(self) -> str:
        """Return the result in words with its chart, as HTML without scripts."""
        made: str = importlib.import_module("tidegate.report.notebook").html(self)
        return made
