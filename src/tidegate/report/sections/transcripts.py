"""The sections on transcripts: which tokens are wrong, and sequences, right and wrong, with what was heard when."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.features.spectrogram import HOP_SECONDS
from tidegate.report import axes, blocks
from tidegate.report.sections import classes, opened
from tidegate.report.wording import percent
from tidegate.tasks.transcription.edits import matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.transcription.edits import Edits
    from tidegate.tasks.transcription.trial import Example, Trial

    Floats = NDArray[np.float64]

_MANY = 16
"""Tokens from which on their scores are folded."""

_FRAMES, _COLUMNS, _ROWS = 400, 200, 20
"""Frames of a sequence that are drawn, and at most how many columns and rows of shades."""

_QUIET = 0.25
"""Share of all places of a spectrogram that count as its usual quiet."""

_ROUNDING = 1e-9

_FAINT = 0.05
"""A token is drawn if it is at least as probable at some step."""


def section(trial: Trial) -> blocks.Block:
    """Return mistakes beside those of the simple model, scores of each token, and what was heard as what."""
    told = trial.judgement
    names = [named(token) for token in told.tokens.tolist()]
    rows = [row | {"label": named(str(row["label"]))} for row in told.by_token()]
    by_token = classes.scores(rows, "tokens", "How well each token is heard")
    taken = classes.confusion(told.confusion(), names, "What each token was heard as; one left out is in no column")
    lead = (
        "Of the test sequences alone. Wrong tokens are those to replace, to leave out and to put in until a transcript "
        "is what was said, by the tokens that were said. Precision: of those that were heard; recall: of those said."
    )
    parts = [
        _mistakes(trial),
        by_token | ({"folded": "The same for each token"} if len(names) > _MANY else {}),
        blocks.heading("Heard as another"),
        taken or blocks.text(["No token was heard as another."]),
    ]
    return blocks.section("tokens", "Token by token", parts, lead=lead, short="Tokens")


def examples(trial: Trial) -> blocks.Block:
    """Return sequences it was surest of, right and wrong."""
    lead = (
        "Test sequences of which it was surest, by turns of what they say; their numbers are places in their file, "
        "counted from 0. In frames what is wrong: struck out what was heard and not said. Lines are how probable each "
        "token is as time goes, over the "
        + (
            "spectrogram: the darker, the louder."
            if trial.model.rate is not None
            else "channels: the darker, the more."
        )
        + " Between its spikes the network says nothing new."
    )
    parts: list[blocks.Block | None] = [blocks.heading("Right"), *_side(trial, trial.right, 1)]
    if not trial.right:
        parts.append(blocks.text(["None: every test sequence has a mistake."]))
    parts += [blocks.heading("Wrong"), *_side(trial, trial.wrong, len(trial.wrong))]
    if not trial.wrong:
        parts.append(blocks.text(["None: every test sequence was right."]))
    return blocks.section("examples", "What it heard when", parts, lead=lead, short="Examples")


def named(token: str) -> str:
    """Return a token so that it can be seen: a blank as "space"."""
    return "space" if token == " " else token


def _mistakes(trial: Trial) -> blocks.Block:
    told = trial.judgement
    columns = [blocks.column("")] + [
        blocks.column(name, numeric="yes") for name in ("Wrong", "Heard as others", "Left out", "Put in")
    ]
    sides: list[tuple[str, Edits, str]] = [
        (told.name, told.edits, "recommended"), ("the simple model", told.simple_edits, "baseline")
    ]  # fmt: skip
    rows = [
        [
            blocks.cell(name[0].upper() + name[1:]),
            blocks.cell(percent(one.rate), bar=one.rate, role=role),
            *(blocks.cell(f"{n:,}") for n in (one.substitutions, one.deletions, one.insertions)),
        ]
        for name, one, role in sides
    ]
    return blocks.table(
        columns, rows, caption=f"Mistakes in {told.edits.tokens:,} tokens; the simple model is {told.simple_name}"
    )


def _side(trial: Trial, found: Sequence[Example], n_drawn: int) -> list[blocks.Block | None]:
    """Return examples, the first `n_drawn` with what was heard when."""
    made: list[blocks.Block | None] = []
    for k, one in enumerate(found):
        made.append(_marked(one))
        if k < n_drawn:
            made.append(_drawn(trial, one))
    return made


def _marked(one: Example) -> blocks.Block:
    """Return a transcript with its mistakes; tokens that are right stand together."""
    said, apart = one.heard.said, "" if isinstance(one.heard.said, str) else " "
    pairs = matched(list(one.wanted), list(said))
    parts = []
    for right, run in groupby(pairs, key=lambda pair: pair[0] == pair[1]):
        if right:
            whole = apart.join(token for token, _ in run)
            parts.append([whole, whole])
        else:
            parts += [[named(wanted), named(heard)] for wanted, heard in run]
    cut = max(len(parts) - opened.LONGEST, 0)
    simple = apart.join(one.simple_said)
    beside = "the simple model says the same" if one.simple_said == said else f"the simple model says {simple!r}"
    title = f"Sequence {one.number} ({percent(float(np.exp(one.heard.log_probability)))} sure; {beside})"
    return {"kind": "transcript", "title": title, "parts": parts[: opened.LONGEST], "cut": cut}


def _drawn(trial: Trial, one: Example) -> blocks.Block:
    """Return the probability of tokens as time goes, over what the network reads."""
    recorded = trial.model.rate is not None
    length = HOP_SECONDS if recorded else 1.0
    n_frames = min(len(one.frames), _FRAMES)
    end = n_frames * length
    seen = one.spikes.begins < end
    likely = one.spikes.probability[seen]
    lines = [
        {
            "name": named(str(token)),
            "x": axes.rounded(one.spikes.begins[seen]),
            "y": axes.rounded(likely[:, k].round(4)),
        }
        for k, token in enumerate(one.spikes.tokens.tolist())
        if k and likely[:, k].max(initial=0.0) >= _FAINT
    ]
    peaks = [(named(token), at) for token, at in _placed(one) if at < end]
    told = ", ".join(
        f"{token} at {at:.2f} s" if recorded else f"{token} at step {at:.0f}" for token, at in peaks[: opened.LONGEST]
    )
    left = f" Its first {n_frames:,} of {len(one.frames):,} frames." if n_frames < len(one.frames) else ""
    words = blocks.Words(
        f"Sequence {one.number}, as time goes", f"Heard: {told or 'nothing'}.", f"Heard: {told or 'nothing'}.{left}"
    )
    data: dict[str, Any] = {
        "x": {"kind": "number", "title": "Time (s)" if recorded else "Step", "domain": [0, end]},
        "y": "Probability",
        "lines": lines,
        "peaks": [[round(at, 4), token] for token, at in peaks],
        "shades": _shades(one.frames[:n_frames], length, recorded=recorded),
        "height": 190,
    }
    return blocks.figure("spikes", data, words)


def _placed(one: Example) -> list[tuple[str, float]]:
    """Return each token of the transcript, and where it is most probable of the steps in which it is said."""
    tokens, begins, made = one.spikes.tokens.tolist(), one.spikes.begins, []
    for token, (start, end) in zip(one.heard.said, one.heard.spans.tolist(), strict=True):
        steps = slice(*np.searchsorted(begins, (start - _ROUNDING, end - _ROUNDING)).tolist())
        most = one.spikes.probability[steps, tokens.index(token)].argmax()
        made.append((str(token), float(begins[steps][most])))
    return made


def _shades(frames: Floats, length: float, *, recorded: bool) -> dict[str, Any]:
    """Return frames as columns ``start``, ``stop`` and ``value``, rows of [0, 1] from the lowest, thinned by means.

    Of a recording 0 is its usual quiet and 1 its loudest place; of other channels the least and the most of each.
    """
    low = np.quantile(frames, _QUIET) if recorded else frames.min(axis=0)
    high = frames.max() if recorded else frames.max(axis=0)
    shares = np.clip((frames - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    columns = np.array_split(np.arange(len(shares)), min(len(shares), _COLUMNS))
    rows = np.array_split(np.arange(shares.shape[1]), min(shares.shape[1], _ROWS))
    values = [[round(float(shares[np.ix_(column, row)].mean()), 2) for row in rows] for column in columns]
    edges = [(column[0] * length, (column[-1] + 1) * length) for column in columns]
    starts, stops = (axes.rounded(np.array(side)) for side in zip(*edges, strict=True))
    return {"start": starts, "stop": stops, "value": values}
