"""Made-up pairs of texts to try translating on without data of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.dates import dates
from tidegate.data.naming import named
from tidegate.data.stories import matches, questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.data.parallel import Parallel

EXAMPLES: dict[str, str] = {
    "dates": "Dates as people write them, in one of six ways, and as ISO 8601 has them",
    "questions": "Stories of people who go from place to place, each with a question, and the answers",
    "matches": "Matches told event by event, and their results in a sentence: summaries",
}

_N_PAIRS, _SEED = 2_000, 7


def parallel_example(name: str) -> Parallel:
    """Return an example of sources and targets, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    makers: dict[str, Callable[[int, np.random.Generator], Parallel]] = {
        "dates": dates, "questions": questions, "matches": matches,
    }  # fmt: skip
    return named(name, makers)(_N_PAIRS, np.random.default_rng(_SEED))
