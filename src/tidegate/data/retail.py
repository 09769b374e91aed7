"""A made-up shop: daily sales of many articles, with what drives them, drawn from a fixed seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DEPARTMENTS = ("bakery", "drinks", "frozen", "garden", "household")
START = "2021-01-04"
WEEK = np.array([0.85, 0.82, 0.88, 1.0, 1.25, 1.45, 0.75])
HOLIDAYS = ((1, 1), (5, 1), (10, 31), (12, 25), (12, 26))


class Article(NamedTuple):
    """One article over all days.

    Attributes
    ----------
    sales
        Shape (T,), pieces sold; NaN in the days to come.
    price, promotion
        Shape (T,), in euros and 0 or 1; known for the days to come.
    stock_out
        Shape (T,), 1 where the shelf was empty, so that sales were 0 whatever the demand; NaN in the days to come.
    """

    sales: Floats
    price: Floats
    promotion: Floats
    stock_out: Floats


def retail(*, n_articles: int = 50, n_days: int = 1_092, n_future: int = 56, seed: int = 0) -> pd.DataFrame:
    """Return daily sales of a made-up shop.

    Parameters
    ----------
    n_articles
        Number of series.
    n_days
        Days with sales, at least 1.
    n_future
        Days after them, of which only price, promotion and holiday are known.
    seed
        Seed of everything drawn.

    Returns
    -------
    pandas.DataFrame
        Columns ``unique_id, ds, y, price, promotion, holiday, stock_out, department``; sales are Poisson counts
        around level x trend x weekday x season x price effect x promotion x holiday.
    """
    generator = np.random.default_rng(seed)
    days = pd.date_range(START, periods=n_days + n_future, freq="D", unit="ns")
    holiday = np.isin(days.month * 100 + days.day, [month * 100 + day for month, day in HOLIDAYS]).astype(float)
    frames = []
    for number in range(n_articles):
        department = DEPARTMENTS[number % len(DEPARTMENTS)]
        article = _article(generator, days, holiday, n_days)
        frames.append(
            pd.DataFrame(
                {
                    "unique_id": f"{department}-{number:02d}", "ds": days, "y": article.sales, "price": article.price,
                    "promotion": article.promotion, "holiday": holiday, "stock_out": article.stock_out,
                    "department": department,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True).sort_values(["unique_id", "ds"], ignore_index=True)


def _article(generator: np.random.Generator, days: pd.DatetimeIndex, holiday: Floats, n_days: int) -> Article:
    n_all = len(days)
    level = generator.lognormal(3.0, 0.8)
    trend = 1 + generator.normal(0, 0.15) * np.arange(n_all) / 365
    phase, swing = generator.uniform(0, 2 * np.pi), generator.uniform(0.05, 0.35)
    season = 1 + swing * np.sin(2 * np.pi * days.dayofyear.to_numpy() / 365.25 + phase)
    promotion = _weeks(generator, n_all, 0.12)
    usual = round(float(generator.lognormal(1.2, 0.5)), 2)
    raised = np.cumsum(generator.random(n_all) < 1 / 200) * 0.05
    price = np.round(usual * (1 + raised) * np.where(promotion > 0, 0.8, 1.0), 2)
    demand = level * trend * WEEK[days.dayofweek] * season * (price / usual) ** -1.5
    demand *= np.where(promotion > 0, generator.uniform(1.2, 1.8), 1.0) * np.where(holiday > 0, 0.15, 1.0)
    stock_out = _weeks(generator, n_all, 0.01)
    sales = generator.poisson(np.maximum(demand, 0.05)).astype(float) * (1 - stock_out)
    sales[n_days:] = np.nan
    stock_out[n_days:] = np.nan
    return Article(sales, price, promotion, stock_out)


def _weeks(generator: np.random.Generator, n_days: int, share: float) -> Floats:
    """Return 0 and 1 by whole weeks, 1 in about `share` of them."""
    return np.repeat(generator.random(n_days // 7 + 1) < share, 7)[:n_days].astype(float)
