"""The section on the course of training: the loss of what was learned from and of what was held out, by epoch."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from tidegate.report import axes, blocks

_CLEAR = 1.05
"""By how much the held-out loss must rise above its lowest to speak of it."""


class Trained(Protocol):
    """An estimator that was trained, of any task."""

    history_: dict[str, list[float]]
    n_members: int


def section(model: Trained, loss_is: str) -> blocks.Block:
    """Return the learning curve of a fitted estimator; `loss_is` says what is drawn."""
    history = model.history_
    epochs, loss, held = (np.array(history[name], dtype=float) for name in ("epoch", "loss", "val_loss"))
    known = bool(np.isfinite(held).any())
    lines: list[dict[str, Any]] = [_line("baseline", "learned from", epochs, loss)]
    if known:
        lines.append(_line("recommended", "held out", epochs, held))
    axis = {"kind": "number", "title": "Epochs", "whole": True, "domain": [0, max(float(epochs[-1]), 1.0)]}
    said = _spoken(epochs, loss, held)
    if model.n_members > 1:
        said = f"Of the first of {model.n_members} networks: {said}"
    words = blocks.Words("Learning curve", said, loss_is)
    key = [(str(line["role"]), str(line["name"])) for line in lines]
    data = {"x": axis, "y": "Loss", "lines": lines, "zero": True, "height": 220}
    parts = [blocks.text([said]), blocks.figure("lines", data, words, key=key)]
    return blocks.section("learning", "How it learned", parts, short="Learning")


def _line(role: str, name: str, epochs: np.ndarray, loss: np.ndarray) -> dict[str, Any]:
    there = np.isfinite(loss)
    return {"role": role, "name": name, "x": axes.rounded(epochs[there]), "y": axes.rounded(loss[there])}


def _spoken(epochs: np.ndarray, loss: np.ndarray, held: np.ndarray) -> str:
    """Return the course in words: how long, and whether it began to learn by heart."""
    last = int(epochs[-1])
    ran = f"{last} epoch{'' if last == 1 else 's'}"
    if not np.isfinite(held).any():
        return f"{ran}; nothing was held out to judge by, so the last is kept. The loss ended at {loss[-1]:.3g}."
    best = int(np.nanargmin(held))
    kept = f"{ran}; the one kept is {int(epochs[best])}, where the held-out loss was lowest, {held[best]:.3g}."
    rose = held[np.isfinite(held)][-1] > _CLEAR * held[best] and loss[-1] < loss[best]
    if best == len(held) - 1 and best:
        return f"{kept} It was still falling when training ended: more epochs may do better."
    return kept + (" After it the network learned its own sequences by heart." if rose else "")
