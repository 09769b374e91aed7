from dataclasses import replace

import pytest

from tidegate.report import notebook


@pytest.mark.parametrize("part", ["profile", "backtest", "verdict", None])
def test_every_result_shows_itself(one, part):
    result = one if part is None else getattr(one, part)
    made = result.plot().to_dict()
    assert made["width"] == 680
    text = result._repr_html_()
    assert "<svg" in text
    assert "<script" not in text
    assert 'aria-label="' in text


def test_a_comparison_shows_its_folds(one):
    compared = replace(one, model=None, forecast=None, frame=None)
    assert notebook.figure(compared)["drawing"] == "folds"


def test_an_insight_shows_the_gradient_of_its_last_layer(inside):
    assert notebook.figure(inside)["title"] == "By the cell state c"
    shown = inside._repr_html_()
    gates = inside.layers[-1].gates
    assert shown.count("<svg") == 1 + len(gates) > 1
    assert all(f"{name.capitalize()} gate" in shown for name in gates)


def test_an_audit_shows_what_each_step_sees(audits):
    assert notebook.figure(audits["failed"])["drawing"] == "matrix"
    assert notebook.sentences(audits["failed"])[0] == audits["failed"].statement
    assert "<svg" in audits["failed"]._repr_html_()


def test_sentences_are_escaped(one):
    verdict = replace(one.verdict, sentences=("<b>bold</b>",))
    assert "&lt;b&gt;bold" in notebook.html(verdict)


def test_the_first_sentences_stand_with_the_chart(one):
    assert one.verdict.headline in notebook.sentences(one)
    assert notebook.sentences(one.backtest) == [one.verdict.sentences[0]]
    assert notebook.sentences(one.profile) == one.profile.sentences()[:6]


def test_what_has_no_chart_is_refused():
    with pytest.raises(TypeError, match="int has no chart; a Study, Backtest, Verdict, Profile, Audit or Insight has"):
        notebook.chart(3)
