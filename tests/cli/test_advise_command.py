"""`tidegate advise`: what is typed before anything is trained, and the page that shows its figures."""

import json
import shlex
from pathlib import Path

import pytest

from tidegate.evaluation.advice.figures import figures

PAGE = Path(__file__).parents[2] / "docs" / "advise.md"


def test_advice_names_a_model_and_the_command_to_type_next(tidegate, monthly):
    done = tidegate(f"advise {monthly()} --horizon 6 --quiet")
    assert done.exit_code == 0, done.stderr
    assert "Start with theta" in done.stdout
    assert "\n  tidegate forecast sales.csv --horizon 6 --models seasonal-naive,theta," in done.stdout
    assert not list(Path().glob("tidegate-*")), "it writes nothing"


def test_the_command_it_names_can_be_typed(tidegate, monthly):
    found = json.loads(tidegate(f"advise {monthly()} --horizon 6 --json").stdout)
    words = shlex.split(found["next"])
    assert words[0] == "tidegate"
    done = tidegate(shlex.join([*words[1:], "--folds", "1", "--quiet"]))
    assert done.exit_code == 0, done.stderr


def test_limits_are_heard(tidegate):
    free = json.loads(tidegate("advise --example retail --horizon 7 --json").stdout)
    assert free["start"]["model"] == "gru"
    gru = figures().costs["gru"]
    tight = json.loads(tidegate(f"advise --example retail --horizon 7 --memory {gru.memory - 1} --json").stdout)
    assert tight["start"]["model"] == "linear"
    quick = json.loads(tidegate("advise --example retail --horizon 7 --latency 1000 --json").stdout)
    assert quick["limits"] == {"memory": None, "latency": 1000.0}
    assert quick["start"] == free["start"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("advise", "No data"),
        ("advise --example --memory 0", "memory is 0.0; it must be a number above 0."),
        ("advise --example --memory 1", "memory and latency allow no model"),
        ("advise --example --horizon 0", "horizon is 0"),
        ("advise --example --horizon 200", "144 observations; 1 fold of 200 steps needs"),
        ("advise --example --horizon many", "Invalid value for '--horizon'"),
    ],
)
def test_what_cannot_be_is_refused(tidegate, typed, said):
    done = tidegate(typed)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not done.stdout


def test_bad_data_are_refused_with_their_place(tidegate, monthly):
    file = monthly([*map(str, range(30)), "many", *map(str, range(20))])
    done = tidegate(f"advise {file} --target sold")
    assert done.exit_code == 2
    assert "row 32" in done.stderr
    assert "'many'" in done.stderr


def test_the_page_shows_every_figure_as_it_was_measured():
    text = PAGE.read_text("utf-8")
    for one in figures().claims.values():
        sentence = one.sentence.rstrip(".")
        assert f"| {sentence} | {one.verdict} | {one.cited} | {one.conditions} |" in text, (
            f"python -m benchmarks.claims: {one.claim}"
        )
