"""From what is said at each step to transcripts: the best path, the best transcripts of a beam, and when each was said.

A path says at each step a token or nothing new (the blank); its transcript is what remains of it once repetitions
become one and blanks are left out. Axis letters: S steps, K tokens, L tokens of a transcript, W prefixes of a beam.

Source: Graves, Fernández, Gomez & Schmidhuber (2006), Connectionist temporal classification, ICML, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.tasks.transcription.network import BLANK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Found(NamedTuple):
    """A transcript as places among the tokens.

    Attributes
    ----------
    tokens
        Counted from 1.
    log_probability
        Of the transcript, all its paths summed; at most 0.
    """

    tokens: tuple[int, ...]
    log_probability: float


def greedy(scores: torch.Tensor) -> tuple[int, ...]:
    """Return the transcript of the most probable path, for log-probabilities of shape (S, 1 + K)."""
    path = torch.unique_consecutive(scores.argmax(dim=1))
    return tuple(path[path != BLANK].tolist())


def likelihood(scores: torch.Tensor, tokens: Sequence[int]) -> float:
    """Return the log-probability of a transcript, all its paths summed; minus infinity where no path says it."""
    sizes = torch.tensor([[len(scores)], [len(tokens)]])
    wanted = torch.tensor([tokens], dtype=torch.long)
    lost = torch.nn.functional.ctc_loss(scores[:, None], wanted, sizes[0], sizes[1], BLANK, "none")
    return -float(lost)


def beam(scores: torch.Tensor, width: int) -> list[Found]:
    """Return at most `width` transcripts, the most probable first.

    At each step the `width` most probable beginnings of transcripts go on, all paths of each summed; with a width of at
    least their number nothing is lost. The probability that is told is exact.

    Parameters
    ----------
    scores
        Log-probabilities, shape (S, 1 + K), in float64.
    width
        Of the beam, W, at least 1.

    Source: Graves (2012), Supervised sequence labelling with recurrent neural networks, section 7.5.3; Hannun, Maas,
    Jurafsky & Ng (2014), First-pass large vocabulary continuous speech recognition, algorithm 1, without the words.
    """
    prefixes: list[tuple[int, ...]] = [()]
    blank, token = np.zeros(1), np.full(1, -np.inf)
    for step in scores.numpy():
        prefixes, blank, token = _longer(step, prefixes, (blank, token), width)
    found = [Found(prefix, likelihood(scores, prefix)) for prefix in prefixes]
    return sorted(found, key=lambda one: -one.log_probability)


def _longer(
    step: Floats, prefixes: list[tuple[int, ...]], ends: tuple[Floats, Floats], width: int
) -> tuple[list[tuple[int, ...]], Floats, Floats]:
    """Return the prefixes after one more step, with the log-probability of those that end in a blank and in a token.

    Parameters
    ----------
    step
        Log-probabilities, shape (1 + K,).
    prefixes
        W beginnings of transcripts.
    ends
        Log-probability of the paths of each that end in a blank, and in its last token, each of shape (W,).
    width
        How many go on.
    """
    blank, token = ends
    whole = np.logaddexp(blank, token)
    last = np.array([prefix[-1] if prefix else BLANK for prefix in prefixes])
    stays_blank = whole + step[BLANK]
    stays_token = np.where(last == BLANK, -np.inf, token + step[last])
    grows = whole[:, None] + step[None, 1:]
    doubled = np.flatnonzero(last != BLANK)
    grows[doubled, last[doubled] - 1] = blank[doubled] + step[last[doubled]]
    places = {prefix: place for place, prefix in enumerate(prefixes)}
    for place, prefix in enumerate(prefixes):
        parent = places.get(prefix[:-1]) if prefix else None
        if parent is not None:
            stays_token[place] = np.logaddexp(stays_token[place], grows[parent, prefix[-1] - 1])
            grows[parent, prefix[-1] - 1] = -np.inf
    stays = np.logaddexp(stays_blank, stays_token)
    every = np.concatenate([stays, grows.ravel()])
    best = np.argsort(-every, kind="stable")[:width]
    best = best[every[best] > -np.inf]
    n_old, n_tokens = len(prefixes), grows.shape[1]
    kept = [
        prefixes[k] if k < n_old else (*prefixes[(k - n_old) // n_tokens], (k - n_old) % n_tokens + 1)
        for k in best.tolist()
    ]
    old = best < n_old
    own = np.where(old, best, 0)
    return kept, np.where(old, stays_blank[own], -np.inf), np.where(old, stays_token[own], every[best])


def aligned(scores: Floats, tokens: Sequence[int]) -> Integers:
    """Return where each token is said on the most probable path of a transcript: its first step, and the one after.

    Parameters
    ----------
    scores
        Log-probabilities, shape (S, 1 + K).
    tokens
        L of them, counted from 1, for which there are steps enough.

    Returns
    -------
    Integers
        Shape (L, 2).

    Source: Graves et al. (2006), equations 5 to 7, with the maximum in place of the sum.
    """
    spaced = np.full(2 * len(tokens) + 1, BLANK)
    spaced[1::2] = tokens
    jumps = np.zeros(len(spaced), dtype=bool)
    jumps[3::2] = spaced[3::2] != spaced[1:-2:2]
    best = np.full(len(spaced), -np.inf)
    best[:2] = scores[0, spaced[:2]]
    came = np.zeros((len(scores), len(spaced)), dtype=np.int64)
    for step in range(1, len(scores)):
        ways = np.full((3, len(spaced)), -np.inf)
        ways[0], ways[1, 1:], ways[2, 2:] = best, best[:-1], np.where(jumps[2:], best[:-2], -np.inf)
        came[step] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[step, spaced]
    place = len(spaced) - 1 - int(len(spaced) > 1 and best[-2] > best[-1])
    path = [place]
    for step in range(len(scores) - 1, 0, -1):
        place -= int(came[step, place])
        path.append(place)
    walked = np.array(path[::-1])
    said = [np.flatnonzero(walked == 2 * k + 1) for k in range(len(tokens))]
    return np.array([[own[0], own[-1] + 1] for own in said], dtype=np.int64).reshape(-1, 2)
