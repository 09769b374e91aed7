"""What a recurrent classifier must beat: counted words, or summaries of the channels, and a linear rule on them.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tidegate.features.vocabulary import UNITS
from tidegate.tasks.sequences import taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]

_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_LONGEST = {"words": 2, "characters": 4}
_MOST_UPDATES = 2_000


def linear_on_words(unit: Unit = "words") -> Pipeline:
    """Return logistic regression on TF-IDF of words and pairs of words, or of up to four characters in a row.

    Takes texts or lists of tokens.
    """
    vectors = TfidfVectorizer(
        tokenizer=partial(_cut, unit=unit),
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, _LONGEST[unit]),
        sublinear_tf=True,
    )
    return make_pipeline(vectors, LogisticRegression(C=10.0, max_iter=_MOST_UPDATES))


def _cut(one: Any, unit: Unit) -> list[str]:
    """Return the tokens of a text, or a list of tokens as it is."""
    return UNITS[unit](one) if isinstance(one, str) else list(one)


def linear_on_summaries() -> Pipeline:
    """Return logistic regression on the length and, of each channel and its changes, mean, spread and quantiles.

    Takes sequences of numbers.
    """
    return make_pipeline(
        FunctionTransformer(_summaries), StandardScaler(), LogisticRegression(C=1.0, max_iter=_MOST_UPDATES)
    )


def _summaries(data: Any) -> Floats:
    """Return one row for each sequence."""
    return np.stack([_summary(one) for one in taken(data, "words").items])


def _summary(one: Floats) -> Floats:
    parts = [np.array([np.log(len(one))])]
    for values in (one, np.diff(one, axis=0, prepend=one[:1])):
        parts += [values.mean(0), values.std(0), np.quantile(values, _QUANTILES, axis=0).ravel()]
    return np.concatenate(parts)
