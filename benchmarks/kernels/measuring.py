"""One case measured: its figures by name."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from benchmarks.kernels.memory import peaks
from benchmarks.kernels.peers import called, peer_side, rested
from benchmarks.kernels.sides import TOLERANCE, data, difference, fingerprint, layers, ours, torchs
from benchmarks.kernels.streaming import streaming_sides
from benchmarks.kernels.timing import Sgemm, interleaved

if TYPE_CHECKING:
    from benchmarks.kernels.cases import Case
    from benchmarks.kernels.sides import Side


def measured(case: Case, sgemm: Sgemm) -> dict[str, Any]:
    """Return seconds of each side, or bytes, and what tells whether to believe them.

    `difference` is the greatest relative difference from our results, `others` how many processors were busy for
    others, `bits` a fingerprint of our results, `sgemm` the rate of a matrix product about the same time.
    """
    torch.set_num_threads(case.threads)
    if case.part == "memory":
        return {"bytes": peaks(case)}
    drawn = data(case)
    figures = {"operations": case.operations(drawn.n_steps), "sgemm": sgemm.rate(case.threads)}
    if case.part == "streaming":
        return figures | _raced(case, streaming_sides(case))
    mine, theirs = layers(case)
    if case.part == "peers":
        sides = {"ours": ours(case, mine, drawn), case.peer: peer_side(case, mine, drawn)}
        rest = {name: rested(side) for name, side in sides.items()}
        return figures | {"called": called(case.peer)} | _raced(case, rest)
    return figures | _raced(case, {"ours": ours(case, mine, drawn), "torch": torchs(case, theirs, drawn)})


def _raced(case: Case, sides: dict[str, Side]) -> dict[str, Any]:
    """Compare the sides' results, then time them."""
    with nullcontext() if case.trains else torch.inference_mode():
        results = {name: side.results() for name, side in sides.items()}
        mine = results.pop("ours")
        found = max(difference(mine[: len(one)], one) for one in results.values())
        bits = fingerprint(mine)
        del results, mine
        return {"difference": found, "wrong": found > TOLERANCE, "bits": bits, **interleaved(sides)._asdict()}
