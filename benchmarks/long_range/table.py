"""Finished runs as text: errors beside published figures, the gradient's reach, what defeats a network without time.

An entry of a table is the mean over the seeds and, in brackets, the least and the greatest.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import torch
from benchmarks.long_range.networks import CELLS, FEED_FORWARD, FeedForward
from benchmarks.long_range.published import NOTES, PUBLISHED
from benchmarks.long_range.tasks import EARLIER, LATER, LONGER, N_TEST, TRAINED, adding, memoryless

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Record = dict[str, Any]

TITLES = {
    "adding": f"Adding problem: mean squared error on {N_TEST:,} fresh sequences; whoever always says 1 has 1/6",
    "copy": f"Copy memory: cross entropy per step on {N_TEST:,} fresh sequences",
    "digits": "Digits, 28 rows of 28 pixels: percent right of the 10,000 test images",
}
NAMES = (*CELLS, FEED_FORWARD)
DIVERGED = 1000.0


def report(records: Sequence[Record], n_wanted: int) -> str:
    """Return all tables and words for `records`, of `n_wanted` runs in the whole."""
    if not records:
        return "nothing is finished yet"
    tasks = list(dict.fromkeys(record["task"] for record in records))
    kinds = list(dict.fromkeys(_kind(task) for task in tasks))
    parts = [_settings(records, n_wanted)]
    parts += [_scores(records, [task for task in tasks if _kind(task) == kind]) for kind in kinds]
    parts += [_reaches(records, tasks), _feed_forward(records), NOTES]
    return "\n\n".join(parts)


def _kind(task: str) -> str:
    return task.partition("-")[0]


def _settings(records: Sequence[Record], n_wanted: int) -> str:
    seeds = sorted({record["seed"] for record in records})
    lines = [
        f"{len(records)} of {n_wanted} runs; seeds {', '.join(map(str, seeds))}; one thread each; "
        f"{sum(record['seconds'] for record in records) / 60:.0f} processor minutes"
    ]
    lines += sorted({"; ".join(record["setting"].values()) for record in records})
    for task in dict.fromkeys(record["task"] for record in records):
        here = [record for record in records if record["task"] == task]
        rates = {record["cell"]: record["rate"] for record in here}
        usual = statistics.mode(rates.values())
        others = "".join(f", {cell} {rate:g}" for cell, rate in rates.items() if rate != usual)
        one = here[0]["settings"]
        lines.append(
            f"{task}: {one['steps']} steps of Adam, {one['batch']} sequences a step, {one['hidden']} hidden units, "
            f"learning rate {usual:g}{others}"
        )
    return "\n".join(lines)


def _scores(records: Sequence[Record], tasks: Sequence[str]) -> str:
    """Return the table of one kind of task: a row for each network, a column for each task, the published figure."""
    kind = _kind(tasks[0])
    heading, figures = PUBLISHED[kind]
    rows = [["network", *tasks, heading, "parameters"]]
    for name in (*NAMES, *(other for other in figures if other not in NAMES)):
        cells = [_spread(records, task, name, _scored(TRAINED)) for task in tasks]
        if any(cells) or name in figures:
            sizes = [record["parameters"] for record in _those(records, tasks, name)]
            span = " - ".join(f"{size:,}" for size in dict.fromkeys((min(sizes), max(sizes)))) if sizes else ""
            rows.append([name, *cells, figures.get(name, ""), span])
    if kind == "adding":
        rows.append(["always 1", *(f"{_always_one(int(task[7:])):.3g}" for task in tasks), "0.1667", "0"])
    if kind == "copy":
        rows.append(["memoryless", *(f"{memoryless(int(task[5:])):.4f}" for task in tasks), "0.0204", "0"])
    return f"{TITLES[kind]}\n{_aligned(rows)}"


def _reaches(records: Sequence[Record], tasks: Sequence[str]) -> str:
    rows = [["network", *tasks]]
    for name in CELLS:
        cells = []
        for task in tasks:
            pairs = [record["reach"] for record in _those(records, [task], name)]
            before, after = (statistics.median(pair[when] for pair in pairs) if pairs else 0.0 for when in (0, 1))
            cells.append(f"{before:.0e} -> {after:.0e}" if pairs else "")
        rows.append([name, *cells])
    return (
        "The gradient's reach, before training -> after it, median of the seeds: how much of the gradient of the last\n"
        "step's loss arrives at the first, |dL_T/ds_1| / |dL_T/ds_{T-1}|, where s is h, and of an LSTM h and c\n"
        f"{_aligned(rows)}"
        f"{_vanished(records, tasks)}"
    )


def _vanished(records: Sequence[Record], tasks: Sequence[str]) -> str:
    """Say for the longest adding problem what a vanished gradient means for the error."""
    lengths = sorted((task for task in tasks if _kind(task) == "adding"), key=lambda task: int(task[7:]))
    pairs = [(name, _those(records, lengths[-1:], name)) for name in ("elman-tanh", "gru")]
    if not all(found for _, found in pairs):
        return ""
    told = [
        f"{name} ends with error {statistics.median(one['scores'][TRAINED] for one in found):.2g} "
        f"and reach {statistics.median(one['reach'][1] for one in found):.0e}"
        for name, found in pairs
    ]
    return (
        "\nWhat does not arrive cannot be learnt from. A gate that starts half open can be opened by sequences with\n"
        f"late marks; without gates the gradient stays lost. On {lengths[-1]} {', '.join(told)} (medians)."
    )


def _feed_forward(records: Sequence[Record]) -> str:
    """Say what order, length, width and a shift do to the feed-forward network, each with its measurement."""
    lines = [
        "Why a feed-forward network on the flattened window is not enough",
        "  order   It has none. With the steps of a window shuffled, and the columns of its weights likewise, its\n"
        f"          outputs differ by {_shuffled():.0e}: whatever follows from before and after it must learn anew at\n"
        "          each place.",
    ]
    sizes = {record["task"]: record["parameters"] for record in records if record["cell"] == FEED_FORWARD}
    lengths = [task for task in sizes if task.startswith("adding")]
    if lengths:
        grown = ", ".join(f"{sizes[task]:,} at T = {task[7:]}" for task in lengths)
        lines.append(f"  width   Its parameters grow with the window: {grown}; a cell's do not.")
    for task in lengths[:1]:
        lines.append(
            f"  length  Trained at T = {task[7:]}, it cannot read T = {2 * int(task[7:])} at all: torch says\n"
            f"          {_refusal()}. The cells can, with this error:"
        )
        lines.append(_moved(records, task, (TRAINED, LONGER)))
    if "digits" in sizes:
        lines.append("  shift   Digits moved in time, less than 1 % of the ink off the edge; percent right:")
        lines.append(_moved(records, "digits", (TRAINED, EARLIER, LATER)))
    return "\n".join(lines)


def _moved(records: Sequence[Record], task: str, tests: Sequence[str]) -> str:
    """Return the table of each network's scores on `tests` of one task."""
    rows = [["", name, *(_spread(records, task, name, _scored(test)) for test in tests)] for name in NAMES]
    return _aligned([[" " * 8, "network", *tests], *(row for row in rows if row[2])])


def _scored(test: str) -> Callable[[Record], float | None]:
    return lambda record: record["scores"][test]


def _those(records: Sequence[Record], tasks: Sequence[str], name: str) -> list[Record]:
    return [record for record in records if record["task"] in tasks and record["cell"] == name]


def _spread(records: Sequence[Record], task: str, name: str, figure: Callable[[Record], float | None]) -> str:
    """Return mean, least and greatest over the seeds, and how many diverged; "" where there is nothing to tell."""
    values = [value for record in _those(records, [task], name) if (value := figure(record)) is not None]
    stayed = [value for value in values if abs(value) < DIVERGED]
    told = []
    if stayed:
        digits = ".1f" if task == "digits" else ".3g"
        told.append(f"{statistics.mean(stayed):{digits}} ({min(stayed):{digits}} - {max(stayed):{digits}})")
    if len(stayed) < len(values):
        told.append(f"{len(values) - len(stayed)} diverged")
    return ", ".join(told)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _always_one(n_steps: int) -> float:
    """Return the error of always answering 1 on the very test sequences."""
    return float((adding(n_steps).tests()[TRAINED].targets - 1).square().mean())


@torch.no_grad()
def _shuffled() -> float:
    """Return by how much outputs change when steps and weights are shuffled alike."""
    task, generator = adding(100), torch.Generator().manual_seed(0)
    network, inputs = FeedForward(task), task.draw(100, generator).inputs
    outputs, order = network(inputs), torch.randperm(task.n_steps, generator=generator)
    network.hidden.weight.copy_(network.hidden.weight.unflatten(1, (task.n_steps, -1))[:, order].flatten(1))
    return float((network(inputs[order]) - outputs).abs().max())


def _refusal() -> str:
    """Return torch's words when a network for T steps meets 2 T."""
    try:
        FeedForward(adding(100))(adding(200).draw(1, torch.Generator().manual_seed(0)).inputs)
    except RuntimeError as error:
        return str(error)
    return "it can"
