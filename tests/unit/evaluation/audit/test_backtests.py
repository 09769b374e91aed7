from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.evaluation.audit.backtests import Backtest, extended
from tidegate.panel import Covariates, Future


def test_it_forecasts_from_the_end_with_stand_ins(material, backtesting, steps):
    panel = material(2).panel
    made = Backtest(backtesting(steps["repeated"]), "mine", 6).forecasts([panel, panel])
    newest = panel.values[panel.offsets[1:] - 1]
    assert (made == newest[None, :, None]).all()


def test_it_brings_its_own_origins(material, backtesting, steps):
    made = material(2)
    judged = Backtest(backtesting(steps["repeated"]), "mine", 6).judged(made.panel, made.origins)
    assert judged.ends.tolist() == [[66, 66], [72, 72], [78, 78]]
    assert (judged.mean[0, 0] == made.panel.series(0)[65]).all()


def test_missing_rows_and_folds_are_nan(material, backtesting, steps):
    made = material(1)
    short = Backtest(backtesting(steps["repeated"], drop=8), "mine", 6).judged(made.panel, made.origins)
    assert short.mean.shape == (3, 1, 6)
    assert np.isnan(short.mean).sum() == 8
    assert short.ends.tolist() == [[60], [66], [72]]


def test_stand_ins_are_those_of_a_season_before(panel):
    plain = panel(2)
    made = extended(plain, 3)
    assert made.lengths.tolist() == [87, 87]
    assert made.series(1)[-3:].tolist() == plain.series(1)[-12:-9].tolist()
    assert (np.diff(made.times[:87]) > 0).all()


def test_the_known_future_takes_the_place_of_stand_ins(panel):
    known = Covariates(("price",), np.arange(84.0)[:, None])
    future = Future(np.array([0, 3]), Covariates(("price",), np.array([[1.0], [2.0], [3.0]])))
    made = extended(replace(panel(1), known=known, future=future), 3)
    assert made.known.values[-4:, 0].tolist() == [83, 1, 2, 3]


@pytest.mark.parametrize(
    ("column", "by", "message"),
    [
        ("cutoff", -40, "stamp is not within 6 steps after its cutoff. The cutoff is the newest stamp"),
        ("ds", 1000, "returned a ds that is no stamp of the data"),
    ],
)
def test_rows_at_no_place_are_refused(material, backtesting, steps, column, by, message):
    import pandas as pd

    inner = backtesting(steps["repeated"])

    def backtest(frame, horizon, folds):
        made = inner(frame, horizon, folds)
        return made.assign(**{column: made[column] + pd.DateOffset(months=by)})

    made = material(1)
    with pytest.raises(DataError, match=message):
        Backtest(backtest, "mine", 6).judged(made.panel, made.origins)


def test_a_cutoff_elsewhere_than_asked_is_refused(material, backtesting, steps):
    inner = backtesting(steps["repeated"])
    subject = Backtest(lambda frame, horizon, folds: inner(frame, horizon, 2), "mine", 6)
    with pytest.raises(DataError, match=r"put the one cutoff after .* The newest cutoff must lie one horizon before"):
        subject.afresh(material(1).panel)


def test_a_strange_series_is_refused(material, backtesting, steps):
    inner = backtesting(steps["repeated"])
    subject = Backtest(lambda *given: inner(*given).assign(unique_id="z"), "mine", 6)
    with pytest.raises(DataError, match="a series that it was not given"):
        subject.afresh(material(1).panel)
