import sys
import types

import pytest

from tidegate.display import Displayed


@pytest.fixture
def report(monkeypatch):
    stand_in = types.ModuleType("tidegate.report.notebook")
    stand_in.chart = lambda result: ("chart", result)
    stand_in.html = lambda result: f"<p>{type(result).__name__}</p>"
    monkeypatch.setitem(sys.modules, "tidegate.report.notebook", stand_in)


class Result(Displayed):
    pass


def test_a_result_shows_itself_through_the_report(report):
    result = Result()
    assert result.plot() == ("chart", result)
    assert result._repr_html_() == "<p>Result</p>"
