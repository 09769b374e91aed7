import json

import pytest

import tidegate
from tidegate.data.examples import EXAMPLE_COLUMNS
from tidegate.errors import SettingError
from tidegate.evaluation.advice.figures import figures
from tidegate.forecasters.recurrent import GRU

KEYS = [
    "start", "compare", "avoid", "reasons", "figures", "source", "facts", "limits", "training_seconds", "next",
    "changes", "notes", "sentences",
]  # fmt: skip


@pytest.fixture
def passengers():
    return tidegate.advise(tidegate.example("air-passengers"), horizon=12)


def test_one_medium_series_starts_simple_and_says_what_is_not_known(passengers):
    assert passengers.start == "theta"
    assert passengers.headline() == (
        "Start with theta, then compare it with ets, sarima and linear; seasonal-naive is compared in any case."
    )
    said = " ".join(passengers.sentences())
    assert "there is no evidence" in said
    assert "learn from 109 windows; auto asks for 200" in said
    assert "More related series: from 20 on" in said
    assert passengers.seconds is None


def test_the_next_command_names_the_data_and_the_models(passengers):
    asked = "--horizon 12 --models seasonal-naive,theta,ets,sarima,linear"
    assert passengers.command() == f"tidegate forecast DATA {asked}"
    assert passengers.command(["my sales.csv", "--fill", "zero"]) == (
        f"tidegate forecast 'my sales.csv' --fill zero {asked}"
    )


def test_the_document_has_stable_keys_and_every_figure_it_cites(passengers):
    document = json.loads(json.dumps(passengers.to_dict()))
    assert list(document) == KEYS
    cited = [
        one["claim"] for part in (document["reasons"], *document["avoid"].values()) for one in part if one["claim"]
    ]
    assert set(document["figures"]) == set(cited)


def test_a_network_is_named_with_its_settings_and_its_time(monthly):
    panel = monthly((120,) * 30, seasons=(12,))
    found = tidegate.advise(panel, horizon=12)
    assert "gru" in found.models
    assert found.seconds > 1
    assert any("roughly" in sentence for sentence in found.sentences())
    assert set(found.to_dict()["figures"]) <= set(figures().claims)


def test_covariates_bring_the_network_with_the_window_it_would_read():
    frame = tidegate.example("retail")

    found = tidegate.advise(frame, horizon=7, columns=EXAMPLE_COLUMNS["retail"])
    assert found.settings == {"decoder": "direct", "hidden_size": 64, "window": 28}
    defaults = GRU().get_params()
    assert {name: defaults[name] for name in ("decoder", "hidden_size")} == {"decoder": "direct", "hidden_size": 64}
    assert "(direct decoder, 64 hidden units, window of 28 steps)" in found.headline()


@pytest.mark.parametrize("limit", [{"memory": 0}, {"latency": -1.0}, {"memory": float("nan")}])
def test_limits_must_be_positive(limit):
    with pytest.raises(SettingError, match="it must be a number above 0"):
        tidegate.advise(tidegate.example("air-passengers"), **limit)


def test_an_assumed_horizon_is_said(monthly):
    found = tidegate.advise(monthly((96,), seasons=(12,)))
    assert "No horizon was given: 12 steps are assumed." in str(found)
