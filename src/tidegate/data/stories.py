"""Made-up stories with a question and its answer, and made-up matches with their summaries.

Axis letters: N pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.data.parallel import Parallel

if TYPE_CHECKING:
    import numpy as np

_PEOPLE = ("Ann", "Bob", "Cleo", "Dan")
_PLACES = ("garden", "kitchen", "harbour", "library", "attic", "market")
_WALKS = ("went to", "walked to", "is now in", "hurried to")
_TEAMS = ("Reds", "Blues", "Greens", "Whites")
_GOALS = ("score", "hit the net", "find the goal")
_QUIET = ("hit the post", "win a corner", "change a player")
_SENTENCES, _EVENTS = (2, 5), (3, 8)


def questions(n: int, rng: np.random.Generator) -> Parallel:
    """Return `n` stories of two to five sentences, each with a question after it, and the answers.

    People go from place to place; the newest sentence on the one who is asked for says where that one is.

    Parameters
    ----------
    n
        At least 1.
    rng
        Of every choice.
    """
    made = [_question(rng) for _ in range(n)]
    return Parallel([text for text, _ in made], [answer for _, answer in made])


def _question(rng: np.random.Generator) -> tuple[str, str]:
    where: dict[str, str] = {}
    told = []
    for _ in range(int(rng.integers(_SENTENCES[0], _SENTENCES[1] + 1))):
        one, place = str(rng.choice(_PEOPLE)), str(rng.choice(_PLACES))
        where[one] = place
        told.append(f"{one} {rng.choice(_WALKS)} the {place}.")
    asked = str(rng.choice(sorted(where)))
    return " ".join([*told, f"Where is {asked}?"]), f"in the {where[asked]}"


def matches(n: int, rng: np.random.Generator) -> Parallel:
    """Return `n` matches told event by event, three to eight of them, and their results in a sentence.

    Goals are to be counted; what else happens is to be passed over.

    Parameters
    ----------
    n
        At least 1.
    rng
        Of every choice.
    """
    made = [_match(rng) for _ in range(n)]
    return Parallel([text for text, _ in made], [summary for _, summary in made])


def _match(rng: np.random.Generator) -> tuple[str, str]:
    home, away = (str(one) for one in rng.permutation(_TEAMS)[:2])
    goals = {home: 0, away: 0}
    told = [f"{home} against {away}."]
    for _ in range(int(rng.integers(_EVENTS[0], _EVENTS[1] + 1))):
        team = str(rng.choice([home, away]))
        scored = rng.random() < 0.5
        goals[team] += int(scored)
        told.append(f"The {team} {rng.choice(_GOALS if scored else _QUIET)}.")
    first, second = goals[home], goals[away]
    if first == second:
        return " ".join(told), f"{home} and {away} draw {first} to {second}"
    winner, loser = (home, away) if first > second else (away, home)
    return " ".join(told), f"{winner} beat {loser} {max(first, second)} to {min(first, second)}"
