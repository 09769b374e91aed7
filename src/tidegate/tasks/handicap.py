"""How much the tag O is held back where tags are said, so that entities are neither missed nor imagined too often.

Who learns likelihood says O wherever an entity is less likely than not. F1 asks for more: of entities that are found
half of the times, those count that are less likely too.

Axis letters: T steps, G handicaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.nn import crf
from tidegate.tasks import fitting
from tidegate.tasks.entities import entity_scores, forbidden, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.nn.crf import Chain
    from tidegate.tasks.learning import Examples

OUTSIDE = "O"
"""The tag of steps outside of entities."""

FEWEST = 50
"""Held-out entities below which nothing is chosen by them."""

_HANDICAPS = tuple(k / 4 for k in range(9))
"""What is tried: from 0 to 2 nats."""


def held_back(chain: Chain, tag: int, handicap: float) -> Chain:
    """Return a batch whose scores of one tag, by number, are lower by `handicap` at each step."""
    lower = torch.zeros(chain.steps.shape[-1], dtype=chain.steps.dtype)
    lower[tag] = handicap
    return chain._replace(steps=chain.steps - lower)


def chosen(network: torch.nn.Module, held: Examples, classes: NDArray[np.str_]) -> float:
    """Return the handicap of O under which the entities that are held out are found best, by F1; the least of several.

    0 where fewer than 50 entities are held out, or the tags are not those of entities (BIO): then it cannot be told.

    Parameters
    ----------
    network
        Trained; says a `Chain`.
    held
        Sequences as numbers, and their tags as numbers.
    classes
        The tags, sorted.

    Source: Lipton, Elkan & Naryanaswamy (2014), Optimal thresholding of classifiers to maximize F1 measure, ECML, for
    the threshold below one half.
    """
    actual = [classes[numbers].tolist() for numbers in held.targets]
    if (
        OUTSIDE not in classes
        or forbidden(classes.tolist()) is None
        or sum(len(spans(tags)) for tags in actual) < FEWEST
    ):
        return 0.0
    outside = int(np.searchsorted(classes, OUTSIDE))
    said = fitting.told(network, held.items, lambda chain: _under_each(chain.double(), outside))
    scores = [
        entity_scores(actual, [classes[one[k].numpy()].tolist() for one in said]).f1 for k in range(len(_HANDICAPS))
    ]
    return _HANDICAPS[int(np.argmax(scores))]


def _under_each(chain: Chain, outside: int) -> Sequence[torch.Tensor]:
    """Return the best tags of each sequence under each handicap, shape (G, T)."""
    each = [crf.best(held_back(chain, outside, handicap)) for handicap in _HANDICAPS]
    return [torch.stack(one) for one in zip(*each, strict=True)]
