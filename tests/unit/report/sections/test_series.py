from dataclasses import replace

import numpy as np

from tidegate.report.sections import series


def figures(blocks):
    kept = [block for block in blocks if block is not None]
    return [one for block in kept for one in block.get("figures", [block] if block["kind"] == "figure" else [])]


def test_each_component_has_its_chart(one, specification):
    made = figures(series.decomposition(one.profile, one.backtest.panel))
    assert [figure["title"] for figure in made] == [
        "Observed and trend",
        "Season of 12 months",
        "What is left (remainder)",
    ]
    assert made[0]["caption"].startswith("Decomposition by STL, ")
    for figure in made:
        specification(figure)


def test_a_long_series_is_condensed_aloud(hourly):
    made = figures(series.decomposition(hourly.profile, hourly.backtest.panel))
    assert "of each of 750 stretches" in made[0]["caption"]


def test_without_decomposition_the_series_is_drawn(one, specification):
    made = series.decomposition(replace(one.profile, decomposition=None), one.backtest.panel)
    assert [figure["title"] for figure in figures(made)] == ["Observed"]
    specification(made[0])


def test_stationarity_in_words_beside_rolling_figures(one, specification):
    made = series.stationarity(one.profile, one.backtest.panel)
    said = made[1]["sentences"]
    found = one.profile.stationarity
    assert said == [found.readings[0].statement, found.statement, found.rolling_statement]
    assert [figure["title"] for figure in figures(made)] == ["Rolling mean", "Rolling variance"]
    assert np.isfinite([y for figure in figures(made) for y in figure["data"]["lines"][0]["y"]]).all()
    for figure in figures(made):
        specification(figure)


def test_correlograms(one, specification):
    made = figures(series.correlations(one.profile))
    shown = one.profile.autocorrelation
    assert len(made) == (4 if shown.differenced is not None else 2)
    assert made[0]["data"]["value"][0] == float(f"{shown.observed.acf[0]:.6g}")
    assert made[0]["data"]["x"]["title"] == "Lag (months)"
    for figure in made:
        specification(figure)


def test_what_could_not_be_studied_is_left_out(one):
    empty = replace(one.profile, stationarity=None, autocorrelation=None, sampling=None, decomposition=None)
    made = series.section(empty, one.backtest.panel)
    assert [block["kind"] for block in made["blocks"]] == ["bullets", "figure"]


def test_coarse_sampling_is_warned_of(one):
    coarse = replace(one.profile.sampling, coarse=True, statement="Sampled too coarsely.")
    made = series.sampling(replace(one.profile, sampling=coarse))
    assert made[1]["sentences"] == ["Sampled too coarsely."]
    assert series.sampling(replace(one.profile, sampling=replace(coarse, coarse=False))) == []


def test_findings_stand_once(one):
    made = series.section(one.profile, one.backtest.panel)
    said = [text for block in made["blocks"] if "sentences" in block for text in block["sentences"]]
    assert len(said) == len(set(said))
