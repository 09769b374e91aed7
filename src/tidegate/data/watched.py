"""Made-up recordings in which something goes wrong, to try detectors on without data of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tidegate.data.naming import named

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES: dict[str, str] = {
    "pump": "A made-up pump, every 10 minutes for a month: pressure, flow, temperature and current; five faults",
    "payments": "Made-up payments of 12 cards: amount, hours since the last, distance; four cards are used by thieves",
    "logins": "A made-up server's log by 5 minutes for 12 days: logins, failures, bytes sent; three intrusions",
}
LABEL = "odd"
"""The column that says what is odd, 0 or 1."""

_SEED = 11


def watched_example(name: str) -> pd.DataFrame:
    """Return an example of recordings with faults, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`. The first half of each recording is normal.

    Returns
    -------
    pandas.DataFrame
        A column ``time``, for payments also ``card``, one for each channel, and ``odd``, 0 or 1.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    makers: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
        "pump": _pump, "payments": _payments, "logins": _logins,
    }  # fmt: skip
    return named(name, makers)(np.random.default_rng(_SEED))


def _pump(rng: np.random.Generator) -> pd.DataFrame:
    """Return a pump whose flow follows its pressure, and whose faults are not all out of the usual range."""
    n_steps = 30 * 144
    steps = np.arange(n_steps)
    load = np.sin(2 * np.pi * steps / 144) + 0.4 * np.sin(2 * np.pi * steps / 36) + _wandering(rng, n_steps, 0.9, 0.08)
    pressure = 5 + 0.8 * load + rng.normal(0, 0.05, n_steps)
    flow = 30 + 6 * load + rng.normal(0, 0.5, n_steps)
    temperature = 60 + 4 * pd.Series(load).ewm(span=18).mean().to_numpy() + rng.normal(0, 0.3, n_steps)
    current = 12 + 1.5 * load + rng.normal(0, 0.1, n_steps)
    odd = np.zeros(n_steps, dtype=int)
    for start, steps_long in ((2500, 12), (2900, 40), (3300, 60), (3700, 6), (4050, 30)):
        odd[start : start + steps_long] = 1
    flow[2500:2512] -= 8  # a valve that sticks
    temperature[2900:2940] += np.linspace(0, 5, 40)  # a bearing that warms up
    pressure[3300:3360] = pressure[3300] + rng.normal(0, 0.005, 60)  # a sensor that freezes
    current[3700:3706] += 3  # surges
    flow[4050:4080] = 60 - flow[4050:4080]  # flow against pressure: each value is a usual one
    time = pd.date_range("2026-03-01", periods=n_steps, freq="10min", unit="ns")
    columns = {"time": time, "pressure": pressure, "flow": flow, "temperature": temperature, "current": current}
    return pd.DataFrame({**columns, LABEL: odd}).round(4)


def _payments(rng: np.random.Generator) -> pd.DataFrame:
    """Return payments card by card: thieves pay often, much, and far away."""
    parts = []
    for card in range(12):
        n_steps = 400
        amount = np.exp(rng.normal(3 + 0.3 * rng.normal(), 0.6, n_steps))
        hours = rng.exponential(20 + 4 * rng.normal(), n_steps) + 0.5
        distance = np.exp(rng.normal(1.5, 0.7, n_steps))
        odd = np.zeros(n_steps, dtype=int)
        if card % 3 == 0:
            start = int(rng.integers(240, 380))
            stolen = slice(start, start + 8)
            amount[stolen] *= np.linspace(2, 8, 8)
            hours[stolen] = rng.uniform(0.05, 0.6, 8)
            distance[stolen] *= 20
            odd[stolen] = 1
        parts.append(
            pd.DataFrame({
                "card": f"card {card:02}", "time": np.arange(n_steps), "log amount": np.log(amount),
                "log hours since": np.log(hours), "log distance": np.log(distance), LABEL: odd,
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True).round(4)


def _logins(rng: np.random.Generator) -> pd.DataFrame:
    """Return counts of a server's log: passwords guessed, a door left open at night, data carried off."""
    n_steps = 12 * 288
    hour = np.arange(n_steps) / 12 % 24
    busy = 0.15 + np.exp(-((hour - 13) ** 2) / 18)
    logins = rng.poisson(20 * busy)
    failures = rng.poisson(1.5 * busy + 0.1)
    sent = np.exp(rng.normal(np.log(40 * busy + 3), 0.25))
    odd = np.zeros(n_steps, dtype=int)
    for start, steps_long in ((2000, 12), (2620, 8), (3180, 18)):
        odd[start : start + steps_long] = 1
    failures[2000:2012] += rng.poisson(12, 12)
    logins[2620:2628] += rng.poisson(12, 8)
    sent[3180:3198] *= 4
    time = pd.date_range("2026-05-04", periods=n_steps, freq="5min", unit="ns")
    counts = {"logins": np.sqrt(logins), "failures": np.sqrt(failures), "log bytes sent": np.log(sent)}
    return pd.DataFrame({"time": time, **counts, LABEL: odd}).round(4)


def _wandering(rng: np.random.Generator, n_steps: int, kept: float, size: float) -> np.ndarray:
    """Return a walk that is drawn back to 0, shape (T,)."""
    made = np.zeros(n_steps)
    for k, push in enumerate(rng.normal(0, size, n_steps - 1), start=1):
        made[k] = kept * made[k - 1] + push
    return made
