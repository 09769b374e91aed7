import json

import pytest

import tidegate
from tidegate.cli.advise import Needs, Request, advise, repeated
from tidegate.cli.app import Invocation
from tidegate.cli.options import Source, Speech
from tidegate.errors import SettingError


def asked(*, arguments=(), source=None, **needs):
    json_wanted = "--json" in arguments
    return Request(
        source or Source(example="air-passengers"),
        Needs(**needs),
        Speech(json=json_wanted),
        Invocation("advise", tuple(arguments)),
    )


def test_the_text_holds_every_sentence_of_the_library(capsys):
    assert advise(asked(arguments=("--example",), horizon=12)) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for sentence in tidegate.advise(tidegate.example(), horizon=12).sentences():
        assert " ".join(sentence.split()) in shown.replace("--example", "DATA")


def test_the_document_names_the_data_and_the_command_to_type_next(capsys):
    typed = ("--example", "--season", "12", "--horizon", "12", "--memory", "4000", "--json")
    assert advise(asked(arguments=typed, horizon=12, memory=4_000.0)) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "air-passengers"
    assert document["limits"] == {"memory": 4000.0, "latency": None}
    assert document["next"].startswith("tidegate forecast --example --season 12 --horizon 12 --models seasonal-naive,")
    assert document["next"] in document["sentences"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["a.csv", "--latency", "5", "--quiet"], ["a.csv"]),
        (["--horizon=12", "a.csv", "--id", "shop"], ["a.csv", "--id", "shop"]),
        (["a.csv", "--memory", "--horizon"], ["a.csv"]),
    ],
)
def test_what_says_how_to_read_is_repeated(typed, kept):
    assert repeated(typed) == kept


def test_no_data_is_refused():
    with pytest.raises(SettingError, match="No data"):
        advise(asked(source=Source()))
