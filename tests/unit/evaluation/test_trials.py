import sys
from pathlib import Path

import numpy as np
import pytest

from tidegate.errors import MissingExtraError, StorageError
from tidegate.evaluation.spaces import Range
from tidegate.evaluation.trials import Trials, library

SPACE = {"x": Range(-4.0, 4.0), "n": Range(1, 9), "kind": (None, "a", "b")}
DEFAULTS = {"x": 3.0, "n": 2, "kind": None}


def opened(file=None, *, seed=0, name="about", space=None):
    return Trials(space or SPACE, DEFAULTS, seed=seed, name=name, file=file)


def value(settings):
    return (settings["x"] - 1) ** 2 + 0.1 * settings["n"] + (settings["kind"] != "b")


def search(trials, count):
    """Finish trials until there are `count`, with two folds each, the second a little worse."""
    while len(trials.finished()) < count:
        asked = trials.ask()
        first = value(asked.settings)
        if asked.hopeless(1, first):
            asked.prune()
            continue
        asked.hopeless(2, first + 0.01)
        asked.complete(first + 0.01)
    return [(one.state, one.settings, one.score) for one in trials.finished()]


def test_the_defaults_come_first_and_the_search_finds_better():
    found = search(opened(), 40)
    assert found[0] == ("complete", DEFAULTS, value(DEFAULTS) + 0.01)
    best = min(score for state, _, score in found if state == "complete")
    drawn = np.random.default_rng(0)
    luck = min(
        value({"x": drawn.uniform(-4, 4), "n": drawn.integers(1, 10), "kind": drawn.choice([None, "a", "b"])})
        for _ in range(40)
    )
    assert best < luck


def test_bad_trials_are_pruned_after_a_fold():
    trials = opened()
    search(trials, 30)
    pruned = [one for one in trials.finished() if one.state == "pruned"]
    complete = [one for one in trials.finished() if one.state == "complete"]
    assert len(pruned) >= 5
    assert {one.n_folds for one in pruned} == {1}
    assert {one.n_folds for one in complete} == {2}
    assert np.mean([one.score for one in pruned]) > np.mean([one.score for one in complete])
    assert all(one.state == "complete" for one in trials.finished()[:4])


def test_the_seed_decides():
    assert search(opened(), 15) == search(opened(), 15)
    assert search(opened(), 15) != search(opened(seed=1), 15)


@pytest.mark.parametrize("at", [0, 1, 12])
def test_a_study_cut_off_at_any_trial_goes_on_the_same(tmp_path, at):
    file = tmp_path / "study.journal"
    search(opened(file), at) if at else None
    cut_off = opened(file).ask()
    cut_off.hopeless(1, 99.0)
    with file.open("ab") as journal:
        journal.write(b'{"op_code": 6, "trial_')
    Path(f"{file}.lock").symlink_to(file)
    again = opened(file)
    assert again.ask().settings == cut_off.settings
    assert search(opened(file), 18) == search(opened(), 18)


def test_another_study_in_the_same_file_begins_anew(tmp_path):
    file = tmp_path / "study.journal"
    search(opened(file), 3)
    assert len(opened(file).finished()) == 3
    assert opened(file, name="other").finished() == []
    assert opened(file, seed=1).finished() == []


def test_a_failed_trial_is_told_and_avoided():
    trials = opened()
    search(trials, 1)
    asked = trials.ask()
    asked.fail("no network of this size")
    one = trials.finished()[1]
    assert (one.state, one.failure, one.n_folds) == ("failed", "no network of this size", 0)
    assert np.isnan(one.score)
    asked = trials.ask()
    assert not asked.complete(float("nan"))
    assert trials.finished()[2].failure == "its error is nan"


def test_the_best_is_known():
    trials = opened()
    assert trials.ask().complete(2.0)
    assert not trials.ask().complete(3.0)
    assert trials.ask().complete(1.0)


def test_a_space_of_lists_ends():
    trials = opened(space={"kind": (None, "a", "b")})
    trials._defaults = {"kind": None}
    while not trials.exhausted:
        asked = trials.ask()
        asked.complete(1.0)
    assert {one.settings["kind"] for one in trials.finished()} == {None, "a", "b"}
    assert not opened().exhausted


def test_nothing_is_printed(capfd):
    search(opened(), 10)
    assert capfd.readouterr() == ("", "")


def test_a_damaged_journal_is_named(tmp_path):
    file = tmp_path / "study.journal"
    file.write_text("no json\nnone here\n")
    with pytest.raises(StorageError, match=r"study.journal is damaged: .* Remove it and start the search again"):
        opened(file)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        MissingExtraError, match=r"optuna is not installed. Install it with: pip install 'tidegate\[tune"
    ):
        library()
