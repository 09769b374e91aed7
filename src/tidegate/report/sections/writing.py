"""The section on what a generator writes by itself, at two temperatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes, blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.generation.trial import GeneratorTrial, Sample

LONGEST = 64
"""Steps of a melody that are drawn."""


def section(trial: GeneratorTrial) -> blocks.Block:
    """Return what it writes from nothing."""
    lead = (
        "Written from nothing, drawn by the seed and not chosen. Temperature 1 draws each step as probable as the "
        "network says; below 1 it keeps to what is most probable, and repeats itself sooner."
    )
    parts: list[blocks.Block | None] = []
    for one in trial.written:
        parts += [blocks.heading(f"Temperature {one.temperature:g}"), *_shown(one)]
    return blocks.section("writing", "What it writes", parts, lead=lead, short="Samples")


def keys(title: str, steps: NDArray[Any]) -> blocks.Block:
    """Return the keys that sound, step by step, as a figure; of a long melody its beginning.

    Parameters
    ----------
    title
        What is drawn.
    steps
        Of 0 and 1, shape (T, K).
    """
    shown = np.asarray(steps[:LONGEST])
    sounding = np.flatnonzero(shown.any(axis=0))
    lowest, highest = (int(sounding[0]), int(sounding[-1])) if len(sounding) else (0, shown.shape[1] - 1)
    n_steps, n_keys = len(shown), highest - lowest + 1
    rows = np.tile(np.arange(n_keys), n_steps)
    starts = np.repeat(np.arange(n_steps), n_keys)
    values = shown[:, lowest : highest + 1].astype(float).ravel()
    mean = float(shown.sum(axis=1).mean())
    said = f"{title}. {n_steps} steps, on average {mean:.1f} keys sound, from key {lowest} to key {highest}."
    cut = f" The first {n_steps} of {len(steps)} steps." if len(steps) > n_steps else ""
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(n_steps, 1)]}
    data = {
        "x": axis, "y": f"Key, from {lowest}", "start": starts.tolist(), "stop": (starts + 1).tolist(),
        "row": rows.tolist(), "value": axes.rounded(values), "legend": "sounds", "graded": False,
        "height": 40 + 6 * n_keys,
    }  # fmt: skip
    return blocks.figure("heat", data, blocks.Words(title, said, f"Dark: the key sounds.{cut}"))


def _shown(one: Sample) -> list[blocks.Block | None]:
    """Return what was written: texts as they are, melodies as keys."""
    titles = [f"For {label}" for label in one.conditions] if one.conditions else [""] * len(one.sequences)
    parts: list[blocks.Block | None] = []
    for k, (title, sequence) in enumerate(zip(titles, one.sequences, strict=True), start=1):
        if isinstance(sequence, np.ndarray):
            parts.append(keys(title or f"Melody {k}", sequence))
        else:
            text = sequence if isinstance(sequence, str) else " ".join(sequence)
            parts.append({"kind": "passage", "title": title, "text": text})
    return [blocks.grid(parts)] if isinstance(one.sequences[0], np.ndarray) else parts
