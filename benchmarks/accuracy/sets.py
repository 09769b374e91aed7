"""The public data sets: training panel, actual values, protocol and published figures.

The folder holds one file per set, columns unique_id, ds, y and split ("train" and the rest), as csv.gz.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tidegate.data.columns import Options
from tidegate.data.frames import from_frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tidegate.panel import Panel


@dataclass(frozen=True)
class Set:
    """One data set.

    Parameters
    ----------
    file
        Its name in the folder, without csv.gz.
    season
        m of the scaled errors.
    seasons
        What the forecaster is told of cycles; () lets it find them.
    score
        The figure to reach, a name of `scoring.scores`.
    goal
        At most this.
    published
        Scores of others by that figure, as published.
    dated
        Whether `ds` holds dates.
    least
        What the denominator of sMAPE is kept above, epsilon: max(|A| + |F| + epsilon, 0.5 + epsilon) where it is not 0.
        Source: Hewamalage, Bergmeir & Bandara (2021), Recurrent neural networks for time series forecasting, Int. J. of
        Forecasting 37, their sMAPE for data with zeros (epsilon 0.1, after Suilin).
    """

    file: str
    season: int
    seasons: tuple[int, ...]
    score: str
    goal: float
    published: Mapping[str, float]
    dated: bool = True
    least: float = 0.0


SETS: dict[str, Set] = {
    "m4-hourly": Set(
        "m4_hourly", 24, (24, 168), "OWA", 0.390, {"sNaive": 0.627, "FFORMA": 0.484, "ES-RNN": 0.440}, dated=False
    ),
    "m3-yearly": Set("m3_yearly", 1, (1,), "sMAPE", np.nan, {"Theta": 16.90, "ForecastPro": 17.14}),
    "m3-quarterly": Set("m3_quarterly", 4, (4,), "sMAPE", np.nan, {"Theta": 8.96, "ForecastPro": 9.77}),
    "m3-monthly": Set(
        "m3_monthly",
        12,
        (12,),
        "sMAPE",
        13.0,
        {"best RNN of Hewamalage et al.": 14.11, "ETS": 14.14, "Theta": 13.89, "N-BEATS": 13.11},
    ),
    "m3-other": Set("m3_other", 1, (1,), "sMAPE", np.nan, {"Theta": 4.41, "ForecastPro": 4.60}, dated=False),
    "tourism-quarterly": Set("tourism_quarterly", 4, (4,), "MAPE", 14.8, {"ETS": 16.05, "N-BEATS": 14.78}),
    "nn5-daily": Set("nn5_daily", 7, (7,), "sMAPE", 20.0, {"ETS": 21.57, "stacked LSTM": 21.53}, least=0.1),
}
M3 = ("m3-yearly", "m3-quarterly", "m3-monthly", "m3-other")


@dataclass(frozen=True)
class Loaded:
    """Training panel and what came after it.

    Parameters
    ----------
    panel
        N series.
    actual
        Shape (N, F), NaN where missing.
    """

    panel: Panel
    actual: np.ndarray


def load(folder: Path, name: str, *, known_seasons: bool, validate: bool) -> Loaded:
    """Return the data of a set; with `validate` the last horizon of training stands in for the test part.

    Parameters
    ----------
    folder
        Where the files are.
    name
        A key of `SETS`.
    known_seasons
        Whether the forecaster is told the seasons.
    validate
        For choosing settings without looking at the test part.
    """
    found = SETS[name]
    data = pd.read_csv(folder / f"{found.file}.csv.gz")
    if found.dated:
        data["ds"] = pd.to_datetime(data.ds)
    data = data.sort_values(["unique_id", "ds"])
    test = data[data.split != "train"]
    horizon = int(test.groupby("unique_id").size().max())
    if validate:
        train = data[data.split == "train"]
        back = train.groupby("unique_id").cumcount(ascending=False)
        length = train.groupby("unique_id").ds.transform("size")
        enough = length > 2 * horizon + 2 * found.season
        test, data = train[enough & (back < horizon)], train[enough & (back >= horizon)]
    else:
        data = data[data.split == "train"]
    actual = np.stack([rows.to_numpy(float) for _, rows in test.groupby("unique_id").y])
    panel = from_frame(data[["unique_id", "ds", "y"]], options=Options(fill="interpolate"))
    return Loaded(replace(panel, seasons=found.seasons) if known_seasons else panel, actual)
