import re
from dataclasses import replace

import pytest

import tidegate
from tidegate.cli.settings import configured, of_models
from tidegate.evaluation.held import Held
from tidegate.forecasters import registry
from tidegate.insight import wording
from tidegate.insight.asking import Asking, asking, suited
from tidegate.insight.diagnosis import CHRONO, CLIPPING, FORGET_BIAS, GATED, IDENTITY, REMEDIES, Diagnosis
from tidegate.insight.inspection import inspect
from tidegate.training.settings import Training

MODELS = ["rnn", "lstm", "gru", "recurrent", "hybrid"]


def found(name, *within):
    return Held(registry.entry(name).build(), name, 1.0, within)


PAIRS = [
    (name, remedy)
    for name in MODELS
    for remedy in REMEDIES
    if not (remedy is IDENTITY and name in ("lstm", "gru")) and not (remedy in (FORGET_BIAS, CHRONO) and name == "rnn")
]
"""Without those that are never advised: each is for gated cells, or for the others."""


@pytest.mark.parametrize(("name", "remedy"), PAIRS)
def test_what_is_named_is_a_setting_of_the_model(name, remedy):
    how = asking(found(name))
    if not how.suits(remedy):
        assert name == "hybrid"
        assert remedy is not CLIPPING
        return
    typed = how.option(remedy).partition("; ")[0]
    models = re.findall(r"--model (\w+)", typed) or [name]
    cell = ["cell=elman"] if name == "recurrent" and "identity" in typed else []
    for model in models:
        configured(registry.entry(model), [*cell, *re.findall(r"--set (\S+)", typed)], seed=0, horizon=4)


@pytest.mark.parametrize("holder", [tidegate.Auto(), tidegate.Ensemble()])
def test_of_a_model_that_is_held_the_model_and_its_place_are_named(holder):
    how = asking(found("gru", holder))
    place = {"auto": "candidates", "ensemble": "members"}[holder.name]
    assert how.option(CHRONO) == (
        f"--model gru --set start=chrono; tidegate.GRU(start='chrono') among the {place} of {holder.name} in Python"
    )
    assert place in holder.get_params(deep=False)


@pytest.mark.parametrize("holder", [(), (tidegate.Auto(),)])
def test_in_a_forecast_the_model_is_named_before_each_setting(holder):
    how = asking(found("gru", *holder))._replace(several=True)
    typed = how.option(CLIPPING).partition("; ")[0]
    assert typed == ("--models auto,gru " if holder else "") + "--set gru.training.clip_norm=0.5"
    assert of_models([typed.split()[-1]], ("auto", "gru")) == {"gru": ["training.clip_norm=0.5"]}
    assert how.option(GATED).startswith("--models lstm,gru; ")


def test_without_a_model_everything_is_said_as_it_stands():
    assert all(Asking().suits(one) and Asking().option(one) == one.option for one in REMEDIES)


def test_a_look_holds_only_what_suits_its_model(sales):
    model = tidegate.Hybrid(hidden_size=4, n_members=1, training=Training(n_updates=5)).fit(sales, horizon=4)
    seen = inspect(model)
    assert seen.scene.asking.model == "hybrid"
    ill = Diagnosis("exploding", (), (CLIPPING, CHRONO))
    made = suited(replace(seen, layers=(replace(seen.layers[0], diagnosis=ill),)), seen.scene.asking)
    assert [one.name for one in made.layers[0].diagnosis.remedies] == ["Clipping"]
    said = wording.season_says(seen)
    assert said.endswith("Nothing needs repair.")
    assert "--set" not in said
