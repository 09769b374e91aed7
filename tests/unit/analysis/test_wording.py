"""Numbers and spans in words."""

from __future__ import annotations

import pytest

from tidegate.analysis.wording import listing, number, percent, probability, span, step


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (280.2986, "280"),
        (1234.567, "1,230"),
        (0.05123, "0.0512"),
        (9.996, "10"),
        (-3.5, "-3.5"),
        (1e12, "1e+12"),
        (float("nan"), "unknown"),
        (float("-inf"), "-infinity"),
    ],
)
def test_numbers_keep_three_digits(value, said):
    assert number(value) == said


@pytest.mark.parametrize(
    ("p", "said"), [(0.0009, "p < 0.001"), (0.034, "p = 0.034"), (1.0, "p = 1"), (float("nan"), "p unknown")]
)
def test_probabilities_say_what_is_too_small_to_print(p, said):
    assert probability(p) == said


@pytest.mark.parametrize(
    ("steps", "frequency", "said"),
    [
        (1, "MS", "1 month"),
        (12, "MS", "12 months"),
        (52, "W-SUN", "52 weeks (one year)"),
        (336, "30min", "336 steps of 30 minutes (one week)"),
        (7, "D", "7 days"),
        (24, "1", "24 steps"),
    ],
)
def test_spans_are_in_the_unit_of_the_data(steps, frequency, said):
    assert span(steps, frequency) == said


def test_step_of_a_plain_number_counts_single_steps():
    assert step("3") == (1, "step")


@pytest.mark.parametrize(("fraction", "said"), [(0.123, "12 %"), (0.0004, "under 0.1 %"), (0, "0 %")])
def test_percent(fraction, said):
    assert percent(fraction) == said


def test_listing():
    assert [listing(["a"] * n) for n in range(4)] == ["", "a", "a and a", "a, a and a"]
