from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tidegate.errors import DataError
from tidegate.evaluation.audit import frames
from tidegate.panel import Covariates, Future


@pytest.fixture
def asked(panel):
    return frames.histories([panel(2), panel(2)], 3)


@pytest.fixture
def answer(asked):
    ids = np.repeat(asked.ids, 3)
    return pd.DataFrame({"unique_id": ids, "ds": asked.stamps, "made": np.arange(12.0)})


def test_copies_get_names_of_their_own(asked, panel):
    assert asked.ids.tolist() == ["s0", "s1", "s0~1", "s1~1"]
    assert asked.frame.groupby("unique_id").size().tolist() == [84] * 4
    numbered = replace(panel(2), ids=np.array([4, 7], dtype=object))
    assert frames.histories([numbered, numbered], 3).ids.tolist() == [4, 7, 8, 9]


def test_covariates_and_their_future_are_handed_over(panel):
    known = Covariates(("kind",), (np.arange(84.0) % 2)[:, None], {"kind": ("a", "b")})
    ahead = Future(np.array([0, 4]), Covariates(("kind",), np.array([[1.0], [0], [1], [0]]), {"kind": ("a", "b")}))
    made = frames.histories([replace(panel(1), known=known, future=ahead)], 3)
    assert made.frame["kind"].tolist()[:3] == ["a", "b", "a"]
    assert made.future["kind"].tolist() == ["b", "a", "b"]
    assert made.future["ds"].tolist() == made.stamps.tolist()


def test_rows_are_taken_in_any_order_and_from_polars(asked, answer):
    shuffled = pl.from_pandas(answer.sample(frac=1, random_state=1))
    assert frames.forecasts(shuffled, asked, "f").tolist() == np.arange(12.0).reshape(4, 3).tolist()


def test_ids_may_stand_in_the_index(asked, answer):
    assert frames.forecasts(answer.set_index("unique_id"), asked, "f")[0].tolist() == [0, 1, 2]


def wrong(answer, **columns):
    return answer.assign(**columns)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: [1, 2], "f returned a list, not a frame. Return a frame with the columns unique_id, ds"),
        (lambda a: a.drop(columns="ds"), "f returned no column 'ds', but the columns 'unique_id', 'made'"),
        (lambda a: a.assign(other=1.0), "f returned 2 numeric columns: made, other, not one"),
        (lambda a: a.drop(columns="made"), "f returned no numeric column, not one"),
        (
            lambda a: a.iloc[1:],
            r"time '2017-01-01': f returned 11 rows, but none .*; the first is for 's0' at 2017-02-01. Return 3 rows",
        ),
        (lambda a: pd.concat([a, a.iloc[:1]]), "f returned two rows for the same step. Return each step once"),
        (lambda a: a.replace("s1", "z"), "series 'z'.*f returned a series that it was not given"),
        (lambda a: a.assign(ds=a["ds"] - pd.Timedelta(days=2)), "rows, but none for this step"),
        (lambda a: a.assign(ds="soon"), "column 'ds': f returned what is no stamp"),
        (lambda a: a.assign(made=np.where(a.index == 4, np.nan, 1.0)), r"series 's1'.*f returned nan in column 'made'"),
    ],
)
def test_what_was_not_asked_for_is_refused(asked, answer, spoil, message):
    with pytest.raises(DataError, match=message):
        frames.forecasts(spoil(answer), asked, "f")


def test_a_row_too_many_is_refused(asked, answer):
    later = answer.iloc[[2]].assign(ds=answer["ds"].iloc[2] + pd.DateOffset(months=1))
    with pytest.raises(DataError, match=r"f returned a row that was not asked for. Return the next 3 steps alone"):
        frames.forecasts(pd.concat([answer, later]), asked, "f")


def test_a_changed_frame_is_found(asked):
    before, after = asked.frame, asked.frame.copy()
    frames.check_untouched(before, after, "f")
    after.loc[17, "y"] = -1.0
    with pytest.raises(DataError, match=r"row 17, column 'y', series 's0': f changed the frame.*became -1.0.*copy\(\)"):
        frames.check_untouched(before, after, "f")
    with pytest.raises(DataError, match="336 rows and 3 columns became 336 and 4"):
        frames.check_untouched(before, before.assign(lag=0), "f")
