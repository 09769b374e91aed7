"""Vanishing, exploding or healthy: what the gradient through time says, and the textbook's remedies as options here.

Bengio, Simard & Frasconi 1994, Learning long-term dependencies with gradient descent is difficult, IEEE Transactions on
Neural Networks 5(2); Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.training.loop import Losses
    from tidegate.training.record import Record

    Floats = NDArray[np.float64]

State = Literal["healthy", "vanishing", "exploding"]

VANISHED = 0.01
"""Share of the newest step's gradient below which what is left of it counts as vanished."""
GROWN = 10.0
"""Times the newest step's gradient above which it counts as exploding; the same for norms beside the clipping limit."""
OFTEN = 0.15
"""Share of the stretches between checks with such a norm from which on a run counts as exploding."""


NO_RECORD = "The model holds no record of gradients in training: it was fitted by an earlier version. Fit it again."
"""What to say where `training_of` finds none."""


class Remedy(NamedTuple):
    """One thing to try.

    Attributes
    ----------
    name
        As textbooks call it.
    why
        What it does.
    option
        How to ask for it here.
    """

    name: str
    why: str
    option: str


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, if anything.

    Parameters
    ----------
    state
        "vanishing", "exploding" or "healthy".
    reasons
        What it rests on, in sentences with the numbers.
    remedies
        Those that apply, the most usual first; none for a healthy network.
    """

    state: State
    reasons: tuple[str, ...]
    remedies: tuple[Remedy, ...] = ()


class Case(NamedTuple):
    """What a diagnosis is made of.

    Attributes
    ----------
    cell
        Its name in the catalogue.
    flow
        Shape (T,): gradient of the loss by the state in which the past is kept at each lag, the newest first.
    lag
        At which something of the gradient should be left: a season, where there is one.
    why_lag
        What that lag is, in words.
    lag_steps
        Steps of the series in one lag.
    """

    cell: str
    flow: Floats
    lag: int
    why_lag: str
    lag_steps: int = 1


def diagnose(case: Case) -> Diagnosis:
    """Return what the gradient through time of a trained network says.

    Exploding: it is not finite, or somewhere more than 10 times that of the newest step. Vanishing: at the lag that
    matters less than 1 % of that is left. Else healthy.
    """
    flow, steps = case.flow, case.lag_steps
    if not np.isfinite(flow).all():
        return Diagnosis("exploding", ("The gradient of the loss is not finite.",), _against("exploding", case.cell))
    if not flow[0] > 0:
        said = "No gradient reaches the newest step: the forecast does not depend on the layer's state there."
        return Diagnosis("vanishing", (said,), _against("vanishing", case.cell))
    relative = flow / flow[0]
    top, lag = int(relative.argmax()), min(case.lag, len(flow) - 1)
    left = float(relative[lag])
    if relative[top] > GROWN:
        said = f"{top * steps:,} steps back the gradient is {relative[top]:,.3g} times that of the newest step."
        return Diagnosis("exploding", (said,), _against("exploding", case.cell))
    said = (
        f"{lag * steps:,} steps back, {case.why_lag}, {_share(left)} of the newest step's gradient is left; "
        f"below {100 * VANISHED:.0f} % counts as vanished, more than {GROWN:.0f} times as exploding."
    )
    if left < VANISHED:
        return Diagnosis("vanishing", (said,), _against("vanishing", case.cell))
    return Diagnosis("healthy", (said,))


def course(record: Record, cell: str) -> Diagnosis:
    """Return what a training run says: of its gradients' norms, of clipping, and of the flow through time at the end.

    Exploding: between 15 % of the checks or more a norm was above 10 times the limit of clipping, or in a look the
    gradient grew through time to more than 10 times that of the newest step. Vanishing: in the last look less than 1 %
    of the gradient was left 8 steps back, or at the oldest step of a shorter window.
    """
    norms = np.array(record.largest)[1:]
    seen = norms[np.isfinite(norms)]
    reasons = []
    if len(seen):
        clipped = float(np.nanmean(np.array(record.clipped)[1:]))
        mean = float(np.nanmean(np.array(record.norm)[1:]))
        reasons.append(
            f"In training the gradient's norm was {mean:.2g} on average and {seen.max():.2g} at most; clipping to "
            f"{record.limit:g} shortened {100 * clipped:.0f} % of the updates."
        )
    flows = [np.array(flow) / max(flow[0], 1e-300) for look in record.looks for flow in look.flows]
    state: State = "healthy"
    wild = int((seen > GROWN * record.limit).sum())
    if len(seen) and wild >= OFTEN * len(seen):
        state = "exploding"
        reasons.append(f"In {wild} of {len(seen)} stretches of training it was above {GROWN:.0f} times that limit.")
    elif any(not np.isfinite(one).all() or one.max() > GROWN for one in flows):
        state = "exploding"
        reasons.append("Through time it grew to more than 10 times that of the newest step.")
    elif record.looks:
        last = record.looks[-1]
        place = max(n for n, lag in enumerate(last.lags) if lag <= _NEAR)
        left = min(flow[place] / max(flow[0], 1e-300) for flow in last.flows)
        at = f"{last.lags[place]} step{'' if last.lags[place] == 1 else 's'} of the layers back"
        reasons.append(f"At the last look {_share(left)} of the newest step's gradient was left {at}.")
        state = "vanishing" if left < VANISHED else "healthy"
    return Diagnosis(state, tuple(reasons), _against(state, cell))


def training_of(runs: Sequence[Losses], cell: str) -> Diagnosis | None:
    """Return what the first of some runs says of its gradients; None without a record."""
    recorded = [run.record for run in runs if run.record is not None and len(run.record.norm) > 1]
    return course(recorded[0], cell) if recorded else None


_NEAR = 8


def _share(left: float) -> str:
    percent = 100 * left
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _against(state: State, cell: str) -> tuple[Remedy, ...]:
    if state == "healthy":
        return ()
    if state == "exploding":
        usual = [CLIPPING, TRUNCATION]
        return tuple([*usual, GATED] if cell == "elman" else usual)
    return (GATED, IDENTITY) if cell == "elman" else (FORGET_BIAS, CHRONO)


GATED = Remedy(
    "A gated cell",
    "its forget or update gate passes the state on almost unchanged, and the gradient with it",
    "--model lstm or --model gru, of recurrent --set cell=lstm; tidegate.LSTM() or tidegate.GRU() in Python",
)
IDENTITY = Remedy(
    "ReLU with identity initialisation",
    "the state is kept as it is until training changes that",
    "--set start=identity; start='identity' in Python",
)
FORGET_BIAS = Remedy(
    "A larger forget bias",
    "the gate that keeps the state starts nearer to 1",
    "--set forget_bias=3; forget_bias=3 in Python",
)
CHRONO = Remedy(
    "Forget biases for long dependencies",
    "units start with memories of all lengths up to the window",
    "--set start=chrono; start='chrono' in Python",
)
CLIPPING = Remedy(
    "Clipping",
    "one steep place cannot throw the weights far away",
    "--set training.clip_norm=0.5; training=Training(clip_norm=0.5) in Python",
)
TRUNCATION = Remedy(
    "Shorter truncation",
    "the gradient is multiplied fewer times",
    "--set truncate=16; truncate=16 in Python",
)
REMEDIES = (GATED, IDENTITY, FORGET_BIAS, CHRONO, CLIPPING, TRUNCATION)
"""Every remedy that a diagnosis names; each `option` holds words of the command line, then what they are in Python."""
