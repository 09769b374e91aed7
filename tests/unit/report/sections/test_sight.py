from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.audit.leaks import Source
from tidegate.report.sections import sight


@pytest.mark.parametrize("which", ["passed", "failed"])
def test_sections_are_drawn(audits, specification, which):
    for section in (sight.blind_spots(audits[which]), sight.leaks(audits[which])):
        figures = [block for block in section["blocks"] if block["kind"] == "figure"]
        assert len(figures) == 1
        assert figures[0]["alt"]
        specification(figures[0])


def test_unseen_values_are_marked(audits):
    marked = sight.sight(audits["failed"])["data"]["marked"]
    assert len(marked["x"]) == 5 + 4 + 3 + 2 + 1
    assert {(x, y) for x, y in zip(marked["x"], marked["y"], strict=True) if y == 5} == {(1, 5)}
    assert sight.sight(audits["passed"])["data"]["marked"]["x"] == []


def test_shares_are_of_the_largest_in_the_row(audits):
    data = sight.sight(audits["passed"])["data"]
    shares = np.array(data["share"]).reshape(data["size"][::-1])
    assert (shares.max(axis=1) == 1).all()


def test_a_leak_is_drawn_for_the_series_that_shows_it(audits):
    found = audits["failed"]
    source = Source("own values", "b", "2016-01-01", 1, "b")
    leaking = replace(found.leaks, source=source, changed=found.leaks.changed + 9, largest=0.5)
    figure = sight.leaks(replace(found, leaks=leaking))["blocks"][-1]
    assert "of b, made twice" in figure["title"]
    assert "They differ" in figure["caption"]
    plain, changed = (line["y"] for line in figure["data"]["lines"][1:])
    assert np.allclose(np.array(changed) - 9, plain, atol=1e-2)
