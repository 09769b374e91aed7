"""Arrays by name from an NPZ file."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_REPAIR = "Save it with numpy.savez, without objects."


def arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Return what an NPZ file holds.

    Raises
    ------
    DataError
        If it cannot be read, is no NPZ file, or holds objects.
    """
    try:
        if not zipfile.is_zipfile(file):
            file.open("rb").close()  # what cannot be read at all is no archive either
            raise DataError(f"{file} is no NPZ file", repair=_REPAIR)
        with np.load(file, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{file} cannot be read: {str(error).rstrip('.')}", repair=_REPAIR) from error
