import re

import numpy as np
import pytest

from tidegate.data.stories import matches, questions


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def test_the_newest_sentence_on_who_is_asked_for_has_the_answer(rng):
    sources, targets = questions(500, rng)
    for source, target in zip(sources, targets, strict=True):
        asked = re.search(r"Where is (\w+)\?$", source).group(1)
        places = [re.search(r"the (\w+)$", one).group(1) for one in source.split(".") if one.strip().startswith(asked)]
        assert target == f"in the {places[-1]}"
    assert any(source.count("Ann ") > 1 for source in sources)
    assert len(set(targets)) == 6


def test_results_count_the_goals(rng):
    sources, targets = matches(500, rng)
    kinds = set()
    for source, target in zip(sources, targets, strict=True):
        home, away = re.match(r"(\w+) against (\w+)\.", source).groups()
        goals = {
            team: len(re.findall(rf"The {team} (?:score|hit the net|find the goal)\.", source)) for team in (home, away)
        }
        high, low = max(goals.values()), min(goals.values())
        if high == low:
            assert target == f"{home} and {away} draw {high} to {low}"
        else:
            winner, loser = sorted(goals, key=goals.get, reverse=True)
            assert target == f"{winner} beat {loser} {high} to {low}"
        kinds.add(target.split()[1])
    assert kinds == {"beat", "and"}
