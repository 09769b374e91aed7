"""Settings of a model as words: what each is read as, and what is refused."""

import pytest

from tidegate.cli.settings import configured, of_models, spoken, value
from tidegate.errors import SettingError
from tidegate.forecasters.registry import entry
from tidegate.training.settings import Training


def test_words_become_settings():
    words = ["decoder=segment", "hidden_size = 32", "window=none", "training.n_updates=50", "training.budget=2.5"]
    made = configured(entry("gru"), words, seed=7, horizon=3)
    assert (made.decoder, made.hidden_size, made.window, made.seed) == ("segment", 32, None, 7)
    assert made.training == Training(n_updates=50, budget=2.5)


def test_a_model_with_training_of_its_own_keeps_the_rest_of_it():
    made = configured(entry("hybrid"), ["training.n_updates=50"], seed=0, horizon=3)
    assert made.training == made.usual_training._replace(n_updates=50)


def test_options_of_the_layers_are_told_one_by_one():
    words = ["layer_options.without=input", "layer_options.layer_norm=true", "start=chrono", "truncate=16"]
    made = configured(entry("lstm"), words, seed=0, horizon=3)
    assert made.layer_options == {"without": "input", "layer_norm": True}
    assert (made.start, made.truncate) == ("chrono", 16)


def test_a_seed_that_is_set_counts_more_than_the_general_one():
    assert configured(entry("gru"), ["seed=3"], seed=7, horizon=3).seed == 3


def test_a_model_without_chance_gets_no_seed():
    assert configured(entry("ets"), ["search=full"], seed=7, horizon=3).get_params() == {"search": "full"}


def test_settings_of_training_that_do_not_count_are_refused_whatever_their_value():
    def refused(name, value):
        return SettingError(f"not {name} {value}") if name == "n_checks" else None

    assert spoken(["training.patience=3"], ["training"], "it", refused=refused)["training"].patience == 3
    with pytest.raises(SettingError, match="not n_checks 20"):
        spoken(["training.n_checks=20"], ["training"], "it", refused=refused)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", 0.5),
        ("None", None),
        ("TRUE", True),
        ("ets, theta,gru", ("ets", "theta", "gru")),
        ("ets,", ("ets",)),
        ("1,2", (1, 2)),
        ("mean", "mean"),
        ("", ""),
    ],
)
def test_values(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("model", "word", "said"),
    [
        ("gru", "hidden=32", "gru has no setting 'hidden'. Did you mean 'hidden_size'? Its settings are: base, "),
        ("gru", "training.updates=3", "The training of gru has no setting 'updates'. Did you mean 'n_updates'?"),
        ("gru", "hidden_size", "--set is 'hidden_size'; it must be NAME=VALUE"),
        ("gru", "=3", "it must be NAME=VALUE"),
        ("gru", "training.batch_size=0", "batch_size is 0; it must be a whole number of at least 1"),
        ("naive", "seed=1", "naive has no settings."),
        ("ets", "training.n_updates=1", "ets has no setting 'training.n_updates'"),
        ("gru", "hidden_size=-5", "hidden_size is -5; it must be a whole number, at least 1"),
        ("gru", "hidden_size={[1]:2}", "hidden_size is '{[1]:2}'"),
        ("gru", "training=5", "--set gives gru what it cannot take"),
        ("ensemble", "members=ets,thetta", "There is no model 'thetta'. Did you mean 'theta'?"),
        ("ensemble", "members=,", "members is ()"),
        ("recurrent", "cell=grru", "grru"),
        ("gru", "layer_options.resets=before", "gru has no option 'resets'. Did you mean 'reset'?"),
        ("gru", "layer_options=full", "layer_options is 'full'; it must be a dictionary"),
        ("hybrid", "layer_options.reset=before", "hybrid has no setting 'layer_options.reset'"),
    ],
)
def test_what_is_no_setting_is_refused(model, word, said):
    with pytest.raises(SettingError) as refused:
        configured(entry(model), [word], seed=0, horizon=3)
    assert said in str(refused.value)


def test_training_as_a_whole_and_in_parts_is_refused():
    with pytest.raises(SettingError, match="gives training as a whole and in parts"):
        configured(entry("gru"), ["training=none", "training.n_updates=2"], seed=0, horizon=3)
    with pytest.raises(SettingError, match="gives layer_options as a whole and in parts"):
        configured(entry("gru"), ["layer_options.reset=before", "layer_options=none"], seed=0, horizon=3)


def test_words_for_several_models_are_told_apart():
    words = ["gru.hidden_size=8", "ets.search=full", "gru.training.n_updates=5"]
    assert of_models(words, ["ets", "gru"]) == {
        "gru": ["hidden_size=8", "training.n_updates=5"],
        "ets": ["search=full"],
    }


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hidden_size=8", "it must be MODEL.NAME=VALUE"),
        ("hidden_size=0.5", "it must be MODEL.NAME=VALUE"),
        ("lstm.hidden_size=8", "--set names the model 'lstm', which is not tried: ets, gru."),
    ],
)
def test_a_word_for_no_model_is_refused(word, said):
    with pytest.raises(SettingError) as refused:
        of_models([word], ["ets", "gru"])
    assert said in str(refused.value)
