"""Whatever the user hands over becomes a Panel."""

from __future__ import annotations

from typing import Any

from tidegate.data.columns import Columns, Options
from tidegate.data.frames import from_frame
from tidegate.panel import Panel


def as_panel(data: Any, columns: Columns | None = None, options: Options | None = None, *, future: Any = None) -> Panel:
    """Return `data` itself if it is a Panel, else the Panel made of the frame.

    Parameters
    ----------
    data
        Panel, or pandas or polars frame or series.
    columns, options
        How to read a frame; a Panel has its own.
    future
        Frame with known covariates after the last observation.
    """
    if isinstance(data, Panel):
        return data
    return from_frame(data, columns or Columns(), options or Options(), future)
