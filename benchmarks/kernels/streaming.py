"""One new observation of every series: a step of our layer beside torch.nn's layer over one step and torch.nn's cell.

All keep the state from step to step and feed it back; what is timed is one call from Python, without gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from benchmarks.kernels.sides import Side, data, layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.kernels.cases import Case

CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}


@torch.no_grad()
def streaming_sides(case: Case) -> dict[str, Side]:
    """Return the three sides by name."""
    observed = data(case).inputs[0]
    ours, theirs = layers(case)
    cell = CELLS[case.cell](case.inputs, case.hidden)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in theirs.state_dict().items()})

    def celled(state: Any) -> tuple[torch.Tensor, Any]:
        after = cell(observed, state)
        return (after[0] if isinstance(after, tuple) else after), after

    def layered(state: Any) -> tuple[torch.Tensor, Any]:
        outputs, after = theirs(observed[None], state)
        return outputs[0], after

    state = theirs(observed[None])[1]
    first = tuple(part[0] for part in state) if isinstance(state, tuple) else state[0]
    return {
        "ours": _fed_back(lambda state: ours.step(observed, state), ours(observed[None])[1]),
        "torch": _fed_back(layered, state),
        "cell": _fed_back(celled, first),
    }


def _fed_back(call: Callable[[Any], tuple[torch.Tensor, Any]], start: Any) -> Side:
    """Return a side that goes on from the state it came to."""
    state = start

    def step() -> None:
        nonlocal state
        _, state = call(state)

    return Side(step, lambda: None, lambda: [call(start)[0]])
