"""Law 8: bad input is refused with its place and its repair, before any work."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.errors import DataError, InputError, SettingError
from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive


def frame(panel) -> pd.DataFrame:
    ids = np.repeat(panel.ids, panel.lengths)
    return pd.DataFrame({"unique_id": ids, "ds": panel.times.astype("datetime64[ns]"), "y": panel.values})


def holed(data: pd.DataFrame) -> pd.DataFrame:
    data.loc[17, "y"] = np.nan
    return data


def infinite(data: pd.DataFrame) -> pd.DataFrame:
    data.loc[17, "y"] = np.inf
    return data


def doubled(data: pd.DataFrame) -> pd.DataFrame:
    data.loc[17, "ds"] = data.loc[16, "ds"]
    return data


def texted(data: pd.DataFrame) -> pd.DataFrame:
    data["y"] = data["y"].astype(object)
    data.loc[17, "y"] = "many"
    return data


SPOILT = [holed, infinite, doubled, texted]


def refusal(model, data) -> InputError | None:
    """The refusal that the model's fit answers with, None if it goes to work."""
    worked = []
    model._fit = lambda *_: worked.append(True)
    try:
        model.fit(data, horizon=3)
    except InputError as error:
        return None if worked else error
    return None


@pytest.mark.parametrize("spoil", SPOILT)
def test_spoilt_data_are_refused_with_place_and_repair(model_name, spoil, panel):
    error = refusal(registry.forecaster(model_name), spoil(frame(panel)))
    assert isinstance(error, DataError)
    assert error.place.series == "s0"
    assert error.repair


@pytest.mark.parametrize("horizon", [0, -1, 2.5, True, "12"])
def test_an_impossible_horizon_is_refused(model_name, horizon, panel):
    with pytest.raises(SettingError, match=r"horizon is .* at least 1"):
        registry.forecaster(model_name).fit(panel, horizon=horizon)


def test_a_series_too_short_is_refused(model_name, panel):
    short = panel.before(np.array([1, 40]), 3)
    error = refusal(registry.forecaster(model_name), replace(short, seasons=(12,)))
    assert error is not None
    assert "s0" in str(error)


class Careless(Naive):
    """The planted offender: it repairs silently and goes to work."""

    def fit(self, data, *, horizon, known=(), past=(), static=()):
        clean = data.sort_values("ds")
        clean["ds"] = pd.date_range(clean["ds"].iloc[0], periods=len(clean), freq="MS")
        clean["y"] = pd.to_numeric(clean["y"], errors="coerce").where(np.isfinite, 0.0)
        return super().fit(clean, horizon=horizon)


@pytest.mark.parametrize("spoil", [holed, infinite, doubled])
def test_silent_repair_is_caught(spoil, panel):
    assert refusal(Careless(), spoil(frame(panel.take([0])))) is None
