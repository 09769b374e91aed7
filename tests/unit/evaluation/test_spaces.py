from pathlib import Path

import numpy as np
import pytest

import tidegate
from tidegate.data.intake import as_panel
from tidegate.errors import SettingError
from tidegate.evaluation import spaces
from tidegate.evaluation.spaces import Range, arguments, complete, configured, given, settings_of, training_of, usual
from tidegate.forecasters import registry
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.forecasters.network.building import DECODERS
from tidegate.training.settings import Training


@pytest.fixture
def panel():
    return as_panel(tidegate.example("air-passengers"))


def test_recurrent_networks_have_all_their_settings(panel):
    made = usual(tidegate.GRU(), panel, 12)
    assert set(made) == {
        "decoder", "head", "hidden_size", "layers", "window", "shift", "base", "unit", "dropout", "learning_rate",
        "batch_size", "n_updates",
    }  # fmt: skip
    assert set(made["decoder"]) == set(DECODERS)
    assert made["learning_rate"] == Range(5e-4, 2e-2, log=True)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("narn", {"lags", "hidden_size", "learning_rate", "batch_size", "n_updates"}),
        ("linear", {"lags"}),
        ("random-forest", {"lags", "n_trees", "leaf_size"}),
        ("xgboost", {"lags", "n_trees", "depth", "learning_rate"}),
    ],
)
def test_other_families_have_theirs(panel, name, wanted):
    model = tidegate.forecaster(name)
    made = usual(model, panel, 12)
    assert set(made) == wanted
    for setting, values in made.items():
        default = settings_of(model, [setting])[setting]
        assert values.low <= default <= values.high if isinstance(values, Range) else default in values


def test_reaches_are_horizons_and_seasons_that_the_series_hold(panel):
    seasonal = panel.take(np.arange(1))
    assert usual(tidegate.GRU(), seasonal, 7)["window"] == (None, 7, 14, 28)
    assert usual(tidegate.GRU(), seasonal, 40)["window"] == (None, 40, 80)


def test_trees_grow_around_their_default(panel):
    assert usual(tidegate.RandomForest(n_trees=40), panel, 12)["n_trees"] == (20, 40, 80, 160)


@pytest.mark.parametrize("name", [entry.name for entry in registry.entries() if entry.traits.scope == "series"])
def test_models_that_choose_by_themselves_have_nothing_to_tune(panel, name):
    message = rf"{name} chooses its form .* there is nothing to tune. Choose one of linear, random-forest"
    with pytest.raises(SettingError, match=message):
        usual(tidegate.forecaster(name), panel, 12)


def test_defaults_outside_the_values_are_added():
    made = complete({"hidden_size": (16, 32), "dropout": Range(0.1, 0.3)}, tidegate.GRU(hidden_size=7, dropout=0.05))
    assert made == {"hidden_size": (7, 16, 32), "dropout": Range(0.05, 0.3)}


def test_a_space_of_ones_own_is_taken():
    made = given({"layers": [1, 2, 2], "learning_rate": Range(1e-3, 1e-2, log=True)}, tidegate.LSTM())
    assert made == {"layers": (1, 2), "learning_rate": Range(1e-3, 1e-2, log=True)}


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "The space is empty"),
        ({"hidden_siz": [8]}, r"gru has no setting 'hidden_siz' to tune. Did you mean 'hidden_size'\?"),
        ({"seed": [1, 2]}, "gru has no setting 'seed' to tune"),
        ({"layers": []}, r"The space of layers is \[\]; it must be a Range, or a list"),
        ({"layers": "12"}, "The space of layers is '12'; it must be a Range, or a list"),
        ({"layers": [{1}]}, r"The space of layers is \[\{1\}\]"),
        ({"window": Range(5, 9)}, "window is None by default, which is in no range; give a list of values"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(space, message):
    with pytest.raises(SettingError, match=message):
        given(space, tidegate.GRU())


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ((3, 3), "from 3 to 3; the first end must be below the second"),
        ((1, float("inf")), "from 1 to inf"),
        ((0, 1, True), "begins at 0; it must begin above 0, or have log=False"),
    ],
)
def test_a_range_has_limits(ends, message):
    with pytest.raises(SettingError, match=message):
        Range(*ends)


def test_flat_settings_become_arguments():
    model = tidegate.GRU(training=Training(patience=3), seed=5)
    values = {"layers": 2, "learning_rate": 0.001}
    assert arguments(model, values) == {"layers": 2, "training": Training(patience=3, learning_rate=0.001)}
    made = configured(model, values)
    assert (made.layers, made.seed, made.training.learning_rate, model.layers) == (2, 5, 0.001, 1)
    assert settings_of(made, ("layers", "learning_rate", "batch_size")) == {**values, "batch_size": 64}


def test_a_learning_rate_of_the_models_own_stays_there():
    assert arguments(tidegate.XGBoost(), {"learning_rate": 0.2}) == {"learning_rate": 0.2}


def test_the_documentation_lists_every_setting():
    page = (Path(__file__).parents[3] / "docs" / "tuning.md").read_text("utf-8")
    documented = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert sorted(documented) == sorted([*spaces._OWN, *spaces._TRAINING])


def test_a_family_is_trained_by_its_own_defaults_where_none_are_given():
    assert training_of(Hybrid()) == Hybrid.usual_training != Training()
    assert settings_of(Hybrid(), ("batch_size", "weight_decay")) == {"batch_size": 16, "weight_decay": 0.3}
    made = arguments(Hybrid(), {"learning_rate": 0.001})
    assert made == {"training": Hybrid.usual_training._replace(learning_rate=0.001)}
    assert training_of(tidegate.GRU()) == Training()
    assert training_of(tidegate.XGBoost()) is None


def test_training_that_was_saved_as_a_tuple_is_read():
    assert training_of(tidegate.GRU(training=tuple(Training(patience=3)))) == Training(patience=3)
