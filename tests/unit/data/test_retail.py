import numpy as np
import pandas as pd
import pytest

from tidegate.data.retail import retail


@pytest.fixture(scope="module")
def sales():
    return retail(n_articles=20, n_days=728)


def past(frame):
    return frame[frame["y"].notna()]


def test_the_same_seed_gives_the_same_shop(sales):
    pd.testing.assert_frame_equal(sales, retail(n_articles=20, n_days=728))
    assert not retail(n_articles=20, n_days=728, seed=1)["y"].equals(sales["y"])


def test_its_shape(sales):
    assert len(sales) == 20 * (728 + 56)
    assert sales["y"].isna().sum() == 20 * 56
    assert sales[["price", "promotion", "holiday", "department"]].notna().all(axis=None)
    assert sales.groupby("unique_id")["department"].nunique().max() == 1
    assert sales[["unique_id", "ds"]].equals(sales.sort_values(["unique_id", "ds"])[["unique_id", "ds"]])


def test_sales_are_counts_that_answer_to_what_drives_them(sales):
    known = past(sales)
    assert (known["y"] == known["y"].round()).all()
    assert (known["y"] >= 0).all()
    level = known.groupby("unique_id")["y"].transform("mean")
    relative = known["y"] / level
    weekday = known["ds"].dt.dayofweek
    assert relative[weekday == 5].mean() > 1.3 * relative[weekday == 1].mean()
    assert relative[known["promotion"] == 1].mean() > 1.3 * relative[known["promotion"] == 0].mean()
    assert relative[known["holiday"] == 1].mean() < 0.4 * relative.mean()
    assert (known.loc[known["stock_out"] == 1, "y"] == 0).all()
    assert 0.001 < known["stock_out"].mean() < 0.03


def test_promotions_lower_the_price(sales):
    usual = sales.groupby("unique_id")["price"].transform("median")
    assert (sales.loc[sales["promotion"] == 1, "price"] < usual[sales["promotion"] == 1]).mean() > 0.9
    assert np.isfinite(sales["price"]).all()
