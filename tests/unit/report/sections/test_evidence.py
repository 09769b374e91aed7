from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.evidence.evidence import evidence
from tidegate.evaluation.evidence.wording import of_intervals
from tidegate.report.sections import evidence as section
from tidegate.report.view import View


@pytest.fixture(scope="session")
def proof(many):
    """The evidence of the panel of twelve."""
    return evidence(many.backtest, many.verdict)


def test_the_section_holds_sentences_figures_and_tables(view_of_many, proof):
    made = section.section(view_of_many, proof)
    assert made["name"] == "evidence"
    said = made["blocks"][0]["sentences"]
    assert (*said, *of_intervals(proof)) == proof.sentences
    assert not any("intervals of" in sentence for sentence in said)
    assert [block["kind"] for block in made["blocks"]] == ["bullets", "grid", "table", "table"]
    assert len(made["blocks"][1]["figures"]) == 2


def test_scores_are_drawn_the_best_first_with_their_intervals(view_of_many, proof, specification):
    made = section.scores(view_of_many, proof)
    data = made["data"]
    own = {name: of["MASE"] for name, of in proof.intervals.items()}
    assert data["x"] == sorted(data["x"])
    for name, x, lower, upper in zip(*(data[key] for key in ("name", "x", "lower", "upper")), strict=True):
        assert (x, lower, upper) == pytest.approx((own[name].value, own[name].lower, own[name].upper), rel=1e-4)
    assert data["reference"] == pytest.approx(own["seasonal-naive"].value)
    specification(made)


def test_a_model_far_off_is_left_out_aloud(view_of_many, proof):
    wild = replace(proof.intervals["naive"]["MASE"], value=1e6, lower=1e5, upper=1e7)
    intervals = {**proof.intervals, "naive": {**proof.intervals["naive"], "MASE": wild}}
    made = section.scores(view_of_many, replace(proof, intervals=intervals))
    assert "naive" not in made["data"]["name"]
    assert made["data"]["x_domain"][1] < 100
    assert made["caption"].endswith("Not drawn: 1 with errors far above.")


def test_ranks_are_drawn_with_half_the_critical_difference_to_both_sides(view_of_many, proof, specification):
    made = section.ranks(view_of_many, proof)
    data = made["data"]
    assert data["name"] == list(proof.ranks.mean)
    spans = np.array(data["upper"]) - np.array(data["lower"])
    assert spans == pytest.approx(proof.ranks.critical, rel=1e-3)
    assert data["band"] == pytest.approx([data["lower"][0], data["upper"][0]], rel=1e-4)
    specification(made)


def test_pairs_are_listed_the_clearest_first(proof):
    made = section.pairs(proof)
    titles = [column["title"] for column in made["columns"]]
    assert len(made["rows"]) == len(proof.pairs) == 6
    assert titles[-2:] == ["p (permutation)", "p (Wilcoxon)"]
    order = sorted(proof.pairs, key=lambda pair: pair.p_holm)
    assert [(row[0]["text"], row[1]["text"]) for row in made["rows"]] == [(p.better, p.worse) for p in order]
    assert [row[0]["mark"] for row in made["rows"]] == ["clear" if pair.clear else "" for pair in order]


def test_of_folds_only_the_t_test_is_listed(one):
    made = section.pairs(evidence(one.backtest, one.verdict))
    assert "p (Wilcoxon)" not in [column["title"] for column in made["columns"]]


def test_every_step_has_its_row(proof):
    made = section.steps(proof)
    assert [row[0]["text"] for row in made["rows"]] == ["1", "2", "3", "4"]
    assert proof.steps.model in made["folded"]


def test_what_cannot_be_tested_is_left_out(view_of_many, proof):
    alone = replace(proof, pairs=(), ranks=None, steps=None)
    assert section.section(view_of_many, alone) is None
    assert section.ranks(view_of_many, alone) is None
    assert section.steps(alone) is None
    untested = replace(proof.pairs[0], comparison=replace(proof.pairs[0].comparison, p=float("nan")))
    assert section.pairs(replace(proof, pairs=(untested,))) is None


def test_the_report_has_it_after_the_models(many, facts):
    from tidegate.report.summary import summarise

    names = [one["name"] for one in summarise(many, facts(many))["sections"]]
    assert names[names.index("models") + 1] == "evidence"


def test_names_are_escaped_by_the_page_not_here(view_of_many, proof):
    assert View(view_of_many.backtest, view_of_many.verdict).verdict.baseline in str(proof)
