"""Result dataclasses as plain dictionaries that JSON can hold."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def plain(value: object, *, arrays: bool = True) -> Any:
    """Return dataclasses as dictionaries with their fields as keys, in order; NaN and infinities become None.

    Parameters
    ----------
    value
        A dataclass, array, tuple, list, dictionary, number, text, truth value or None.
    arrays
        Whether to keep NumPy arrays, as lists; False leaves their keys out.
    """
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return plain(parts, arrays=arrays)
    if isinstance(value, dict):
        kept = {str(key): part for key, part in value.items() if arrays or not isinstance(part, np.ndarray)}
        return {key: plain(part, arrays=arrays) for key, part in kept.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), arrays=arrays)
    if isinstance(value, tuple | list):
        return [plain(part, arrays=arrays) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
