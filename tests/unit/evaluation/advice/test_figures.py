import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tidegate.analysis.wording import percent
from tidegate.evaluation.advice.figures import TABLE, Measurement, Pace, concluded, figures, of_table, relative
from tidegate.evaluation.evidence.pairs import holm

ROOT = Path(__file__).parents[4]


def measured(differences, claim="a", **fields):
    return Measurement(claim, "A is better.", "on a set", "panels", tuple(differences), **fields)


def one_of(differences, **fields):
    return concluded([measured(differences, **fields)])[0]


def kept():
    """What the results file holds, by claim."""
    lines = (ROOT / figures().source["file"]).read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    found = {record["experiment"]: record["found"] for record in records}
    claims = {claim: values for part in found.values() for claim, values in part.items() if isinstance(values, list)}
    return claims, found


def test_relative_differences_are_bounded_and_change_sign_with_the_sides():
    a, b = np.array([2.0, 0.0, 0.0, 5.0]), np.array([1.0, 0.0, 3.0, 5.0])
    assert relative(a, b) == pytest.approx([2 / 3, 0, -2, 0])
    assert relative(b, a) == pytest.approx(-relative(a, b))


def test_the_verdict_follows_the_sign_where_the_difference_is_clear():
    clear = np.array([0.2, 0.25, 0.3, 0.22])
    assert one_of(clear).verdict == "holds"
    assert one_of(-clear).verdict == "fails"
    assert one_of([0.2, -0.25, 0.3, -0.22]).verdict == "no evidence"


def test_the_figures_are_those_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    first, second = rng.normal(1.2, 1, 20), rng.normal(1, 1, 20)
    made, expected = one_of(first - second), ttest_rel(first, second)
    lower, upper = expected.confidence_interval()
    assert (made.effect, made.lower, made.upper) == pytest.approx(((first - second).mean(), lower, upper), abs=1e-4)
    assert made.p == pytest.approx(expected.pvalue, rel=5e-3)


def test_many_claims_are_corrected_together():
    weak = [0.3, 0.1, 0.25, 0.02, 0.3]
    assert one_of(weak).verdict == "holds"
    together = concluded([measured(weak, str(k)) for k in range(20)])
    assert {one.verdict for one in together} == {"no evidence"}
    assert together[0].p == pytest.approx(min(20 * one_of(weak).p, 1), rel=1e-2)


@pytest.mark.parametrize("differences", [[0.3, 0.2], [0.2, 0.2, 0.2]])
def test_too_few_or_equal_units_carry_no_test(differences):
    made = one_of(differences)
    assert (made.verdict, made.p, made.certainty) == ("no evidence", None, "no test possible")


def test_what_is_counted_needs_no_test_but_all_units_must_agree():
    assert one_of([0.2, 0.3], counted=True).verdict == "holds"
    assert one_of([-0.2, -0.3], counted=True).verdict == "fails"
    assert one_of([-0.2, 0.3], counted=True).verdict == "no evidence"
    assert str(one_of([0.2, 0.3], counted=True)) == (
        "“A is better”: holds (effect 25 %, range 20 % to 30 %, counted, n = 2 panels; on a set)."
    )


def test_a_figure_is_cited_with_effect_interval_p_and_n():
    assert str(one_of([0.2, 0.25, 0.3, 0.22])).startswith(
        "“A is better”: holds (effect 24 %, 95 % interval 17 % to 31 %"
    )
    assert str(one_of([0.2, 0.25, 0.3, 0.22])).endswith("p = 0.0015, n = 4 panels; on a set).")


def test_training_takes_longer_with_longer_windows():
    assert Pace(0.004, 0.0001).seconds(100, 48) == pytest.approx(0.88)


def test_the_table_of_the_package_is_what_the_results_file_says():
    claims, found = kept()
    table = figures().claims
    assert set(table) == set(claims)
    one_by_one = [table[name] for name in table]
    again = concluded(
        [
            Measurement(
                one.claim, one.sentence, one.conditions, one.unit, tuple(claims[one.claim]), counted=one.unit == "sizes"
            )
            for one in one_by_one
        ]
    )
    assert list(again) == one_by_one
    assert {name: vars(cost) for name, cost in figures().costs.items()} == found["costs"]
    assert vars(figures().pace) == found["pace"]


def test_the_table_for_people_says_the_same():
    lines = (ROOT / figures().source["file"]).with_suffix(".txt").read_text("utf-8").splitlines()
    for name, one in figures().claims.items():
        row = next(line for line in lines if line.startswith(f"{name} "))
        assert f" {one.verdict} " in row, row
        assert f"effect {percent(one.effect)} " in row, row
        assert f"n = {one.n} {one.unit}" in row, row


def test_correction_is_over_all_tested_claims():
    p = [one.p for one in figures().claims.values() if one.p is not None]
    claims, _ = kept()
    raw = [
        ttest_rel(claims[one.claim], np.zeros(one.n)).pvalue for one in figures().claims.values() if one.p is not None
    ]
    assert p == pytest.approx(holm(np.array(raw)), rel=5e-3)


def test_the_table_is_written_as_it_is_read():
    text = TABLE.read_text("utf-8")
    assert of_table(json.loads(text)).text() == text
