"""How the report says numbers, times, durations and units: one form for each, everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import span, step

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
_FORMATS = {"year": "%Y", "month": "%b %Y", "week": "%-d %b %Y", "day": "%-d %b %Y", "business day": "%-d %b %Y"}


def steps_label(frequency: str) -> str:
    """Return the unit of an axis that counts steps: "months", "steps of 30 minutes", "steps"."""
    count, noun = step(frequency)
    return f"{noun}s" if count == 1 else f"steps of {count} {noun}s"


def everyday(n_steps: int, frequency: str) -> str:
    """Say a number of steps as time, briefly: "12 months", "one day" for 48 half hours."""
    whole = span(n_steps, frequency)
    return whole[whole.index("(") + 1 : -1] if whole.endswith(")") else whole


def moment(time: int, frequency: str) -> str:
    """Say one time of a panel at the precision of its frequency: "Jan 1949", "Q2 2001", "3 May 2020 14:30".

    Parameters
    ----------
    time
        Local nanoseconds since 1970, or an integer step when `frequency` is a number.
    frequency
        As in `Panel.frequency`.
    """
    if frequency.isdigit():
        return str(int(time))
    stamp = np.datetime64(int(time), "ns").astype("datetime64[s]").item()
    _, noun = step(frequency)
    if noun == "quarter":
        return f"Q{(stamp.month - 1) // 3 + 1} {stamp.year}"
    text: str = stamp.strftime(_FORMATS.get(noun, "%-d %b %Y %H:%M:%S" if noun == "second" else "%-d %b %Y %H:%M"))
    return text


def percent(share: float | None) -> str:
    """Say a share, in [0, 1], as percent; a dash where there is none.

    Examples
    --------
    >>> percent(0.125), percent(None)
    ('12.5 %', '\N{EN DASH}')
    """
    return NOTHING if share is None else f"{100 * share:.1f} %"


def number(value: float | None, digits: int = 3) -> str:
    """Say a number with `digits` significant digits and thousands separated; a dash where there is none.

    Examples
    --------
    >>> number(1234.567), number(0.051234), number(12)
    ('1,235', '0.0512', '12')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 9 or size < -5:
        return f"{value:.{digits - 1}e}"
    if float(value).is_integer():
        return f"{value:,.0f}".replace("-", MINUS)
    return f"{value:,.{max(digits - 1 - size, 0)}f}".replace("-", MINUS)


def fixed(value: float | None, decimals: int) -> str:
    """Say a number with `decimals` decimals, so that a column of them lines up; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def change(fraction: float | None) -> str:
    """Say a relative change in percent with its sign, a true minus: "+4.1 %", "0 %"."""
    if fraction is None or not math.isfinite(fraction):
        return NOTHING
    percent = 100 * fraction
    decimals = 0 if abs(percent) >= 9.5 else 1
    text = f"{percent:+.{decimals}f}"
    return "0 %" if float(text) == 0 else f"{text} %".replace("-", MINUS)


def seconds(value: float | None) -> str:
    """Say a time span: "3 ms", "2.4 s", "1 min 12 s", "2 h 5 min"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value < 0.0995:
        return f"{1000 * value:.2g} ms" if value < 0.00095 else f"{1000 * value:.0f} ms"
    if value < 60:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def memory(n_bytes: float | None) -> str:
    """Say an amount of memory: "640 kB", "12 MB", "1.4 GB"."""
    if n_bytes is None or not math.isfinite(n_bytes):
        return NOTHING
    for limit, unit in ((1e6, "kB"), (1e9, "MB")):
        if n_bytes < limit:
            return f"{n_bytes / (limit / 1e3):,.0f} {unit}"
    return f"{n_bytes / 1e9:.2g} GB"


def signed(run: Mapping[str, Any]) -> str:
    """Return the line that a report ends with: what made it, and when, by ``versions`` and ``started`` of run.json."""
    return f"Made by tidegate {run['versions'].get('tidegate', '')} on {run['started']}".replace("  ", " ")
