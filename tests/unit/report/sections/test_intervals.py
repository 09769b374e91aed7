from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.evidence.evidence import evidence
from tidegate.evaluation.evidence.wording import of_intervals
from tidegate.evaluation.selection import verdict
from tidegate.report.sections import intervals
from tidegate.report.view import View
from tidegate.scoring.folds import Folds


@pytest.fixture(scope="session")
def proof(many):
    """The evidence of the panel of twelve, three folds of four steps."""
    return evidence(many.backtest, many.verdict)


@pytest.fixture(scope="session")
def longer(many):
    """A view and its evidence of the same panel on eight folds with five levels."""
    settings = Settings(levels=(50, 80, 90, 95, 99))
    found = backtest(many.backtest.panel, ["drift"], folds=Folds(4, 8), settings=settings)
    said = verdict(found)
    return View(found, said), evidence(found, said)


def test_the_section_holds_sentences_figures_and_tables(longer):
    made = intervals.section(*longer)
    assert made["name"] == "intervals"
    assert made["blocks"][0]["sentences"] == list(of_intervals(longer[1]))
    assert [block["kind"] for block in made["blocks"]] == ["bullets", "grid", "table", "table", "table"]
    assert [figure["title"] for figure in made["blocks"][1]["figures"]] == ["Step by step", "Where outcomes fall"]


def test_a_model_without_intervals_has_no_section(view_of_many, proof):
    without = replace(proof, intervals_held=(), pit=None, alternatives=())
    assert intervals.section(view_of_many, without) is None
    assert intervals.held(view_of_many, without) is None
    assert intervals.transform(None) is intervals.bins(None) is intervals.by_series(view_of_many, without) is None


def test_the_share_inside_is_drawn_by_step_beside_what_it_should_be(view_of_many, proof, specification):
    made = intervals.held(view_of_many, proof)
    assert [line["y"] for line in made["data"]["lines"]] == [
        pytest.approx(100 * one.by_step, abs=0.1) for one in proof.intervals_held
    ]
    assert [rule["y"] for rule in made["data"]["rules"]] == [80, 95]
    assert "Not drawn" not in made["caption"]
    specification(made)


def test_levels_that_are_not_drawn_are_named(longer):
    made = intervals.held(*longer)
    assert len(made["data"]["lines"]) == 4
    assert made["caption"].endswith("Not drawn: the intervals of 99 %.")


def test_bars_are_the_shares_over_what_they_should_be(proof, specification):
    made = intervals.transform(proof.pit)
    data = made["data"]
    assert data["name"] == ["97.5 to 100 %", "90 to 97.5 %", "10 to 90 %", "2.5 to 10 %", "0 to 2.5 %"]
    assert data["x"] == pytest.approx((proof.pit.shares / proof.pit.nominal)[::-1], rel=1e-4)
    assert [role == "recommended" for role in data["role"]] == (proof.pit.p < 0.05)[::-1].tolist()
    assert made["alt"] == str(proof.pit)
    specification(made)


def test_the_figures_of_the_bars_are_listed_from_the_top(proof):
    rows = intervals.bins(proof.pit)["rows"]
    assert [row[0]["text"] for row in rows][::4] == ["Above the 95 % interval", "Below the 95 % interval"]
    assert [row[1]["text"] for row in rows] == [f"{100 * share:.1f} %" for share in proof.pit.shares[::-1]]


def test_every_kind_has_a_row_and_the_lowest_score_its_mark(longer):
    view, proof = longer
    made = intervals.alternatives(proof)
    compared = [one for one in proof.alternatives if one.kinds]
    assert [row[1]["text"] for row in made["rows"]] == ["its own", "split-conformal", "adaptive"] * len(compared)
    marked = [row[4]["text"] for row in made["rows"] if row[4]["mark"]]
    assert len(marked) == len(compared)
    assert f"Around the forecasts of {view.verdict.recommended}, on the newest 7 folds" in made["caption"]
    assert "Not compared" not in made["caption"]


def test_levels_that_need_more_folds_are_named(longer):
    proof = longer[1]
    late = replace(proof.alternatives[-1], kinds={}, comparison=None, needed=12)
    made = intervals.alternatives(replace(proof, alternatives=(*proof.alternatives[:-1], late)))
    assert made["caption"].endswith("Not compared, since more folds are needed: 12 for 99 %.")
    assert intervals.alternatives(replace(proof, alternatives=(late,))) is None


def test_the_series_that_are_farthest_off_come_first(longer):
    view, proof = longer
    off = replace(proof.intervals_held[1], by_series=np.linspace(0.8, 0.25, 12), p_by_series=np.linspace(1, 0.01, 12))
    rest = [replace(one, by_series=np.full(12, one.level / 100)) for one in proof.intervals_held]
    rest = [replace(one, p_by_series=np.ones(12)) for one in rest]
    made = intervals.by_series(view, replace(proof, intervals_held=(off, *rest[2:])))
    assert made["folded"] == "The 10 of 12 series whose intervals are farthest off"
    assert [row[0]["text"] for row in made["rows"]] == [str(name) for name in view.panel.ids[:1:-1]]
    assert (made["rows"][0][1]["text"], made["rows"][0][1]["mark"]) == ("25 %", "clear")
    assert made["rows"][-1][1]["mark"] == ""


def test_one_series_has_no_list_of_series(view, one):
    assert intervals.by_series(view, one.evidence) is None
