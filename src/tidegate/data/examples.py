"""Example data: three published series and a made-up shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tidegate.data.columns import Columns
from tidegate.data.retail import retail
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

AIR_PASSENGERS = (
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
    115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
    145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
    171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
    196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201,
    204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
    284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
    315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
    340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
    360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
    417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
)  # fmt: skip

EXAMPLES: dict[str, str] = {
    "air-passengers": "Airline passengers per month in thousands, 1949-1960 (Box and Jenkins 1976, series G)",
    "sunspots": "Sunspots per year, 1700-2008 (from statsmodels; National Geophysical Data Center)",
    "co2": "Carbon dioxide at Mauna Loa in ppm, monthly means 1958-2001 (from statsmodels; Keeling and Whorf)",
    "retail": "A made-up shop: daily sales of 50 articles with price, promotion and holidays, known 8 weeks ahead",
}

EXAMPLE_COLUMNS: dict[str, Columns] = {
    name: Columns(id="unique_id", time="ds", target="y") for name in ("air-passengers", "sunspots", "co2")
} | {
    "retail": Columns(
        id="unique_id",
        time="ds",
        target="y",
        known=("price", "promotion", "holiday"),
        past=("stock_out",),
        static=("department",),
    )
}


def example(name: str = "air-passengers") -> pd.DataFrame:
    """Return example data in long form.

    Parameters
    ----------
    name
        One of `EXAMPLES`; `EXAMPLE_COLUMNS` tells which of its columns are covariates.

    Returns
    -------
    pandas.DataFrame
        Columns ``unique_id, ds, y`` and covariates, if any.

    Raises
    ------
    SettingError
        If there is no such example.

    Examples
    --------
    >>> example("sunspots").tail(1)
        unique_id         ds    y
    308  sunspots 2008-01-01  2.9
    """
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "air-passengers": _air_passengers,
        "sunspots": _sunspots,
        "co2": _co2,
        "retail": retail,
    }
    if name not in makers:
        raise SettingError(f"there is no example {name!r}; choose one of {', '.join(makers)}.")
    return makers[name]()


def _air_passengers() -> pd.DataFrame:
    months = pd.date_range("1949-01-01", periods=len(AIR_PASSENGERS), freq="MS", unit="ns")
    return _long("air-passengers", months, np.array(AIR_PASSENGERS, dtype=float))


def _sunspots() -> pd.DataFrame:
    from statsmodels.datasets import sunspots

    data = sunspots.load_pandas().data
    years = (data["YEAR"].to_numpy().astype(int) - 1970).astype("M8[Y]").astype("M8[ns]")
    return _long("sunspots", pd.DatetimeIndex(years), data["SUNACTIVITY"].to_numpy())


def _co2() -> pd.DataFrame:
    """Weeks without a reading are bridged by straight lines before the monthly means are taken."""
    from statsmodels.datasets import co2

    weekly = co2.load_pandas().data["co2"].interpolate()
    monthly = weekly.resample("MS").mean()
    return _long("co2", pd.DatetimeIndex(monthly.index), monthly.to_numpy())


def _long(name: str, stamps: pd.DatetimeIndex, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": stamps, "y": values})
