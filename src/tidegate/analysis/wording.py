"""How the analysis says numbers, probabilities and spans of time in its sentences."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOUNS = {
    "Y": "year", "YS": "year", "YE": "year", "A": "year", "AS": "year", "BYS": "year", "BYE": "year",
    "Q": "quarter", "QS": "quarter", "QE": "quarter", "BQS": "quarter", "BQE": "quarter",
    "M": "month", "MS": "month", "ME": "month", "BMS": "month", "BME": "month",
    "W": "week", "D": "day", "B": "business day", "C": "business day", "h": "hour", "H": "hour",
    "min": "minute", "T": "minute", "s": "second", "S": "second", "ms": "millisecond", "us": "microsecond",
    "ns": "nanosecond",
}  # fmt: skip
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_PER_YEAR = {"week": (52,), "day": (365, 366), "business day": (260, 261)}


def step(frequency: str) -> tuple[int, str]:
    """Return what one step of `frequency` is: a count and a singular noun, "step" for integer time.

    Examples
    --------
    >>> step("MS"), step("30min"), step("W-SUN"), step("1")
    ((1, 'month'), (30, 'minute'), (1, 'week'), (1, 'step'))
    """
    match = re.match(r"(\d*)([A-Za-z]*)", frequency)
    digits, alias = match.groups() if match else ("", "")
    noun = _NOUNS.get(alias, "step")
    return (1 if noun == "step" else int(digits or 1)), noun


def span(n_steps: int, frequency: str) -> str:
    """Say a number of steps as time, with its everyday name where it has one.

    Examples
    --------
    >>> span(12, "MS"), span(168, "h"), span(48, "30min"), span(24, "1")
    ('12 months', '168 hours (one week)', '48 steps of 30 minutes (one day)', '24 steps')
    """
    count, noun = step(frequency)
    plural = "" if n_steps == 1 else "s"
    text = f"{n_steps:,} step{plural} of {count} {noun}s" if count > 1 else f"{n_steps:,} {noun}{plural}"
    everyday = _everyday(n_steps * count, noun)
    return f"{text} ({everyday})" if everyday else text


def steps_in_a_year(frequency: str) -> int:
    """Return the steps in a year of 365 days, for steps of fixed length; 0 for others.

    Examples
    --------
    >>> steps_in_a_year("D"), steps_in_a_year("h"), steps_in_a_year("MS")
    (365, 8760, 0)
    """
    count, noun = step(frequency)
    seconds = count * _SECONDS.get(noun, 0)
    return round(365 * _SECONDS["day"] / seconds) if seconds else 0


def _everyday(amount: int, noun: str) -> str:
    if amount in _PER_YEAR.get(noun, ()):
        return "one year"
    seconds = amount * _SECONDS.get(noun, 0)
    names = {3600: "one hour", 86_400: "one day", 604_800: "one week"}
    return names.get(seconds, "") if noun in ("second", "minute", "hour") and amount > 1 else ""


def number(value: float, digits: int = 3) -> str:
    """Say a number with `digits` significant digits and thousands separated.

    Examples
    --------
    >>> number(1234.567), number(-0.051234), number(12.0), number(2.5e-7)
    ('1,230', '-0.0512', '12', '2.5e-07')
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else f"{'-' * (value < 0)}infinity"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -5 < size < 9:
        return f"{float(f'{value:.{digits - 1}e}'):g}"
    rounded = round(value, digits - 1 - size)
    if float(rounded).is_integer():
        return f"{rounded:,.0f}"
    return f"{rounded:,.{max(digits - 1 - size, 0)}f}".rstrip("0").rstrip(".")


def percent(fraction: float) -> str:
    """Say a fraction in percent: "12 %", "1.5 %", "0 %", "under 0.1 %"."""
    if 0 < abs(fraction) < 0.001:
        return "under 0.1 %"
    return f"{number(100 * fraction, 2)} %"


def probability(p: float) -> str:
    """Say a p-value: "p < 0.001", "p = 0.034", "p = 0.42".

    Examples
    --------
    >>> probability(0.0341), probability(1e-9)
    ('p = 0.034', 'p < 0.001')
    """
    if not math.isfinite(p):
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {number(p, 2)}"


def listing(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return "".join(words) if len(words) < 2 else f"{', '.join(words[:-1])} and {words[-1]}"
