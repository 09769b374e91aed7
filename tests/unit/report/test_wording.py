import numpy as np
import pytest

from tidegate.report import wording

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1234.567, "1,235"),
        (0.051234, "0.0512"),
        (-12.0, f"{MINUS}12"),
        (0.0, "0"),
        (None, DASH),
        (np.inf, DASH),
        (3.2e11, "3.20e+11"),
    ],
)
def test_number(value, said):
    assert wording.number(value) == said


def test_fixed_lines_up():
    assert [wording.fixed(x, 2) for x in (1.0, -0.5, np.nan)] == ["1.00", f"{MINUS}0.50", DASH]


@pytest.mark.parametrize(
    ("fraction", "said"), [(-0.234, f"{MINUS}23 %"), (0.0412, "+4.1 %"), (0.0001, "0 %"), (np.nan, DASH)]
)
def test_change(fraction, said):
    assert wording.change(fraction) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0002, "0.2 ms"),
        (0.0032, "3 ms"),
        (2.44, "2.4 s"),
        (42.4, "42 s"),
        (72, "1 min 12 s"),
        (7500, "2 h 5 min"),
        (None, DASH),
    ],
)
def test_seconds(value, said):
    assert wording.seconds(value) == said


@pytest.mark.parametrize(("value", "said"), [(640_000, "640 kB"), (12e6, "12 MB"), (1.44e9, "1.4 GB"), (None, DASH)])
def test_memory(value, said):
    assert wording.memory(value) == said


@pytest.mark.parametrize(
    ("stamp", "frequency", "said"),
    [
        ("1949-01-01", "MS", "Jan 1949"),
        ("2001-04-01", "QS", "Q2 2001"),
        ("2020-05-03", "D", "3 May 2020"),
        ("2020-05-03T14:30", "30min", "3 May 2020 14:30"),
        ("2020-01-01", "YS", "2020"),
        ("2020-05-03T14:30:07", "s", "3 May 2020 14:30:07"),
    ],
)
def test_moment(stamp, frequency, said):
    assert wording.moment(int(np.datetime64(stamp, "ns").astype(np.int64)), frequency) == said


def test_integer_steps_stay_numbers():
    assert wording.moment(17, "1") == "17"
    assert wording.steps_label("1") == "steps"


def test_units_of_steps():
    assert [wording.steps_label(one) for one in ("MS", "30min", "B")] == [
        "months",
        "steps of 30 minutes",
        "business days",
    ]
    assert wording.everyday(48, "30min") == "one day"
    assert wording.everyday(12, "MS") == "12 months"
