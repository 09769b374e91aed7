import re

import pytest

from tidegate.errors import DataError, Place
from tidegate.evaluation.audit.refusals import DAMAGES, refusals
from tidegate.forecasters.naive import Naive


@pytest.fixture
def model(panel):
    return Naive().fit(panel(2), horizon=4)


def test_our_models_refuse_all_of_it(model, panel):
    mark = refusals("Refuses", lambda data, future: model.forecast(data, future=future), panel(2), 4)
    assert (mark.outcome, mark.measured) == ("passed", "4 of 4 refused")


def test_every_damage_is_refused_with_what_it_is(model, panel):
    said = {}

    def forecast(data, future):
        try:
            model.forecast(data, future=future)
        except DataError as error:
            said[len(said)] = str(error)
            raise

    refusals("Refuses", forecast, panel(), 4)
    wanted = ("inf", "two|twice|duplicate|more than once", "closed", "soon")
    for text, pattern in zip(said.values(), wanted, strict=True):
        assert re.search(pattern, text), text


def test_one_that_takes_anything_fails(panel):
    mark = refusals("Refuses", lambda data, future: None, panel(), 4)
    assert (mark.outcome, mark.measured) == ("failed", "0 of 4 refused")
    assert mark.statement.startswith("It forecasts from data with an infinite value, two values at one time")


def test_one_that_does_not_say_where_is_warned(panel):
    calls = []

    def forecast(data, future):
        calls.append(data)
        if len(calls) > 1:
            raise DataError("no", place=Place(row=3) if len(calls) == 2 else None, repair="Mend it.")

    mark = refusals("Refuses", forecast, panel(), 4)
    assert mark.outcome == "warned"
    assert "an infinite value" not in mark.statement
    assert "without their place" in mark.statement


def test_data_that_are_refused_as_they_are_show_nothing(panel):
    def forecast(data, future):
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        refusals("Refuses", forecast, panel(), 4)
    assert len(DAMAGES) == 4


@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError])
def test_one_that_breaks_on_damaged_data_fails(panel, error):
    calls = []

    def forecast(data, future):
        calls.append(data)
        if len(calls) == 2:
            raise error("what is this")
        if len(calls) > 2:
            raise DataError("no", place=Place(row=3), repair="Mend it.")

    mark = refusals("Refuses", forecast, panel(), 4)
    assert (mark.outcome, mark.measured) == ("failed", "3 of 4 refused")
    assert f"an infinite value ({error.__name__}: " in mark.statement
