"""Which tokens of a source each token of a target looked at.

Axis letters: T source tokens, F target tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.tasks.reading import batch
from tidegate.tasks.translation.pairs import BOUNDARY
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.translation.network import TranslationNetwork
    from tidegate.tasks.translation.search import Hypothesis
    from tidegate.tasks.translation.sides import Side

    Floats = NDArray[np.float64]

END = "(end)"
"""What the end of a target is called."""


class Alignment(NamedTuple):
    """What is said of a source, and where each token of it looked.

    Attributes
    ----------
    target
        What is said: a text, or a list of tokens.
    source_tokens
        T tokens as they were read, with the space before them, if there is one.
    target_tokens
        F tokens that are said, `END` the last.
    weights
        Shape (F, T): how much each token looked at each of the source, summing to 1 over the source.
    """

    target: Any
    source_tokens: list[str]
    target_tokens: list[str]
    weights: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text."""
        return {
            "target": self.target,
            "source_tokens": self.source_tokens,
            "target_tokens": self.target_tokens,
            "weights": np.round(self.weights, 4).tolist(),
        }


@torch.no_grad()
def aligned(
    network: TranslationNetwork, item: NDArray[Any], found: Hypothesis, sides: tuple[list[str], Side]
) -> Alignment:
    """Return where a trained network looks when it says what was found.

    Parameters
    ----------
    network
        Trained.
    item
        The source as numbers, shape (T,).
    found
        What is said of it.
    sides
        The tokens of the source, and what makes tokens of the target's numbers.
    """
    tokens, target = sides
    network.eval()
    with one_thread():
        encoded = network.encoder(batch([item]))
        fed = torch.tensor([BOUNDARY, *found.numbers])[:, None]
        told = network.decoder(fed, encoded, network.decoder.begun(encoded))
    said = [*target.tokens.decode(found.numbers), END]
    return Alignment(target.written(found.numbers), tokens, said, told.weights[0].double().numpy())
