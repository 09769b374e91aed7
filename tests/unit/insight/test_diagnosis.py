import math
import re

import numpy as np
import pytest
import torch

import tidegate
from tidegate.cli.settings import configured
from tidegate.forecasters import registry
from tidegate.forecasters.recurrent import RecurrentForecaster
from tidegate.insight import diagnosis as told
from tidegate.insight.diagnosis import Case, course, diagnose
from tidegate.insight.walk import walk
from tidegate.nn import initialisation
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.stack import Recurrent
from tidegate.training.record import Look, Record
from tidegate.training.settings import Training

N_STEPS, LAG = 48, 24


def planted(cell, *, radius=None, forget=None, scale=0.3):
    """Return layers whose recurrent matrix is a random orthogonal one times `radius`, or with that forget bias."""
    layers = Recurrent(cell, 3, 16)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.uniform_(-0.1, 0.1, generator=generator) if parameter.dim() > 1 else parameter.zero_()
    if radius is not None:
        initialisation.orthogonal(layers, generator, gain=radius)
    if forget is not None:
        initialisation.open_forget(layers, bias=forget)
    return layers


def judged(layers, subject_of, scale=0.3):
    (walked,) = walk(subject_of(layers, n_steps=N_STEPS, scale=scale))
    return diagnose(Case(layers.cell.name, walked.kept, LAG, "half the window"))


def test_small_recurrent_weights_make_an_elman_network_vanish(subject_of):
    found = judged(planted(Elman(), radius=0.5), subject_of)
    assert found.state == "vanishing"
    assert [remedy.name for remedy in found.remedies] == ["A gated cell", "ReLU with identity initialisation"]
    assert found.reasons[0].startswith("24 steps back, half the window, ")


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_weights_with_a_spectral_radius_of_one_and_a_half_explode(nonlinearity, subject_of):
    found = judged(planted(Elman(nonlinearity), radius=1.5), subject_of, scale=1e-10)
    assert found.state == "exploding"
    assert {"Clipping", "Shorter truncation"} <= {remedy.name for remedy in found.remedies}


def test_an_orthogonal_elman_network_and_an_lstm_with_an_open_forget_gate_are_healthy(subject_of):
    assert judged(planted(Elman(), radius=1.0), subject_of, scale=0.01).state == "healthy"
    found = judged(planted(Lstm(), forget=3.0), subject_of)
    assert found.state == "healthy"
    assert found.remedies == ()


def test_an_lstm_whose_forget_gate_is_half_closed_vanishes_until_its_bias_is_raised(subject_of):
    found = judged(planted(Lstm(), forget=0.0), subject_of)
    assert found.state == "vanishing"
    assert found.remedies[0] is told.FORGET_BIAS
    assert judged(planted(Lstm(), forget=3.0), subject_of).state == "healthy"


def test_gradients_that_are_not_finite_or_do_not_arrive_are_named():
    assert diagnose(Case("gru", np.array([1.0, math.inf]), 1, "")).state == "exploding"
    assert diagnose(Case("gru", np.zeros(4), 1, "")).reasons[0].startswith("No gradient reaches the newest step")


def test_lags_are_said_in_steps_of_the_series():
    found = diagnose(Case("gru", 0.5 ** np.arange(9), 4, "a season", 3))
    assert found.state == "healthy"
    assert found.reasons[0].startswith("12 steps back, a season, 6.2 % of the newest")


def looks(*flows):
    lags = (0, 1, 2, 4, 8, 16)
    return tuple(Look(20 * n, lags, (tuple(flow),), (), ((),)) for n, flow in enumerate(flows))


def test_a_run_whose_norms_are_often_far_above_the_limit_explodes():
    wild = Record((math.nan, 1.0, 9.0, 30.0), (math.nan, 2.0, 50.0, 80.0), (math.nan, 0.5, 0.9, 1.0), 1.0)
    found = course(wild, "elman")
    assert found.state == "exploding"
    assert "80 at most; clipping to 1 shortened 80 % of the updates" in found.reasons[0]
    calm = Record((math.nan, 0.2, 0.1), (math.nan, 0.9, 0.3), (math.nan, 0.0, 0.0), 1.0)
    assert course(calm, "elman").state == "healthy"


@pytest.mark.parametrize(("decay", "state"), [(0.3, "vanishing"), (0.9, "healthy"), (1.4, "exploding")])
def test_a_run_is_judged_by_what_was_left_of_the_gradient(decay, state):
    flow = [decay**lag for lag in (0, 1, 2, 4, 8, 16)]
    record = Record((math.nan, 0.2), (math.nan, 0.3), (math.nan, 0.0), 1.0, looks(flow, flow))
    assert course(record, "elman").state == state


def test_an_elman_network_in_training_with_a_large_learning_rate_is_seen_to_suffer(make):
    """Clipped hard and driven hard: most updates are cut, and the record says so."""
    training = Training(n_updates=60, clip_norm=0.01, learning_rate=0.05)
    model = make("elman", training=training)
    found = course(next(iter(model.losses_.values())).record, "elman")
    assert found.state == "exploding"
    assert "clipping to 0.01 shortened 100 % of the updates" in found.reasons[0]


def settings_of(remedy):
    """Return (model, words) for each setting that a remedy names on the command line."""
    typed = remedy.option.partition("; ")[0]
    words = [*re.findall(r"--set ([^\s;]+)", typed)]
    return [(name, []) for name in re.findall(r"--model (\w+)", typed)] + [("recurrent", [word]) for word in words]


def fitted(model, panel):
    quick = (model.training or Training())._replace(n_updates=4, n_checks=1)
    return model.set_params(training=quick, n_members=1, hidden_size=4).fit(panel, horizon=4)


@pytest.mark.parametrize("remedy", told.REMEDIES, ids=lambda one: one.name)
def test_every_remedy_names_a_setting_that_a_model_is_fitted_with(remedy, sales):
    asked = settings_of(remedy)
    assert asked
    cell = "elman" if remedy is told.IDENTITY else "lstm"
    for name, words in asked:
        own = [f"cell={cell}"] if words and not words[0].startswith("cell=") else []
        model = configured(registry.entry(name), [*own, *words], seed=0, horizon=4)
        plain = configured(registry.entry(name), own, seed=0, horizon=4)
        assert words == [] or repr(model.get_params(deep=False)) != repr(plain.get_params(deep=False))
        layers = fitted(model, sales)._networks[0].encoder.layers
        assert layers.cell.name == (name if name != "recurrent" else model.cell)


@pytest.mark.parametrize("remedy", told.REMEDIES, ids=lambda one: one.name)
def test_what_a_remedy_says_of_python_is_what_it_says_of_the_command_line(remedy):
    typed, _, spoken = remedy.option.removesuffix(" in Python").partition("; ")
    if remedy is told.GATED:
        made = [eval(one, {"tidegate": tidegate}) for one in spoken.split(" or ")]
        assert [one.name for one in made] == re.findall(r"--model (\w+)", typed)
        return
    given = eval(f"dict({spoken})", {"Training": Training})
    (word,) = re.findall(r"--set ([^\s;]+)", typed)
    assert spoken.removesuffix(" in Python").startswith(word.partition(".")[0].partition("=")[0])
    cell = "elman" if remedy is told.IDENTITY else "lstm"
    from_words = configured(registry.entry("recurrent"), [f"cell={cell}", word], seed=0, horizon=4)
    assert repr(RecurrentForecaster(cell=cell, **given).get_params()) == repr(from_words.get_params())


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru", "min_gru", "min_lstm", "slstm"])
@pytest.mark.parametrize("state", ["vanishing", "exploding"])
def test_what_is_advised_suits_the_cell(cell, state, sales):
    flow = {"vanishing": 0.1 ** np.arange(9), "exploding": 2.0 ** np.arange(9)}[state]
    for remedy in diagnose(Case(cell, flow, 8, "a season")).remedies:
        if remedy is told.GATED:
            assert cell == "elman"
            continue
        (word,) = re.findall(r"--set ([^\s;]+)", remedy.option)
        model = configured(registry.entry("recurrent"), [f"cell={cell}", word], seed=0, horizon=4)
        assert fitted(model, sales).forecast().mean.shape == (1, 4)
