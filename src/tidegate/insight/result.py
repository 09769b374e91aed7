"""What was seen in one network: numbers, arrays and words.

Axis letters: T time, H hidden units, F steps ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.display import Displayed
from tidegate.insight.asking import Asking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.insight.contributions import Contributions
    from tidegate.insight.diagnosis import Diagnosis
    from tidegate.insight.memory import Memory
    from tidegate.insight.units import Units
    from tidegate.nn.gates import Gate
    from tidegate.training.loop import Losses

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer in one direction.

    Parameters
    ----------
    number
        From 1, the one that reads the window first.
    direction
        "forward" or "backward".
    gates
        By name; none for a cell without.
    units
        What they track, and which are dead.
    hidden
        Shape (F' + 1, T): norm of the gradient of the loss of each step ahead, and last of all together, by the hidden
        state at each lag, 0 the newest: its root mean square over the windows.
    cell
        The same by the cell state; None for a cell without.
    memory
        How long it remembers.
    diagnosis
        What the gradient through time says.
    lag_steps
        Steps of the series from one lag of the gradient to the next.
    """

    number: int
    direction: str
    gates: dict[str, Gate]
    units: Units
    hidden: Floats
    cell: Floats | None
    memory: Memory
    diagnosis: Diagnosis
    lag_steps: int = 1

    @property
    def key(self) -> str:
        """Name in tables and arrays: "layer1", or "layer1-backward"."""
        return f"layer{self.number}" + ("-backward" if self.direction == "backward" else "")


@dataclass(frozen=True, eq=False)
class Scene:
    """What the network reads.

    Parameters
    ----------
    name
        Of the model, for people.
    cell
        Its name in the catalogue.
    member
        Which network of the model, from 1, and of how many.
    series
        Identifier; empty for a made-up problem.
    target
        Name of the values.
    times, values
        Shape (T,): of the newest window, in the data's unit; NaN where missing.
    frequency, timezone
        As in `Panel`.
    seasons
        In steps, the main one first; (1,) for none.
    lag_steps
        Steps of the series in one step of the gates.
    n_windows
        Over how many windows gradients were taken.
    marked
        Steps of the newest window, from 0, at which something is to be remembered, where that is known.
    season_by
        What gives the network its season without remembering it: parts of a sentence whose subject is the network.
    asking
        How settings of the model are asked for.
    """

    name: str
    cell: str
    member: tuple[int, int]
    series: str
    target: str
    times: NDArray[np.int64]
    values: Floats
    frequency: str
    timezone: str | None
    seasons: tuple[int, ...]
    lag_steps: int
    n_windows: int
    marked: tuple[int, ...] = ()
    season_by: tuple[str, ...] = ()
    asking: Asking = field(default_factory=Asking)


@dataclass(frozen=True, eq=False)
class Insight(Displayed):
    """What one network does with the past; ``plot()`` draws its gradient through time, notebooks show it by itself.

    Parameters
    ----------
    scene
        What was looked at.
    steps
        The F' steps ahead that were looked at one by one, from 1.
    layers
        Each layer and direction.
    contributions
        To the newest forecast; None where they could not be worked out: `notes` say why.
    training
        The course of each run that trained the network; empty where nothing was recorded.
    course
        What training says; None without a record.
    notes
        What people should know of how this was measured.
    """

    scene: Scene
    steps: tuple[int, ...]
    layers: tuple[Layer, ...]
    contributions: Contributions | None = None
    training: tuple[Losses, ...] = ()
    course: Diagnosis | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def diagnosis(self) -> Diagnosis:
        """The worst of the layers: exploding, then vanishing, then healthy.

        Where layers are dilated the past comes through any of them: one that is healthy then counts before others in
        which the gradient vanishes.
        """
        dilated = len({layer.lag_steps for layer in self.layers}) > 1
        order = ("exploding", "healthy", "vanishing") if dilated else ("exploding", "vanishing", "healthy")
        return min((layer.diagnosis for layer in self.layers), key=lambda one: order.index(one.state))

    def sentences(self) -> list[str]:
        """Return what was found in words, the most important first."""
        from tidegate.insight.wording import sentences

        return sentences(self)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return every array by name, such as "layer1.gate.forget", "layer1.gradient.hidden" or "values"."""
        found: dict[str, NDArray[Any]] = {
            "times": self.scene.times, "values": self.scene.values, "steps": np.array(self.steps)
        }  # fmt: skip
        for layer in self.layers:
            found |= {f"{layer.key}.{name}": values for name, values in _arrays(layer).items()}
        if self.contributions is not None:
            made = self.contributions
            parts = {"times": made.times, "values": made.values, "covariates": made.covariates, "steps": made.steps}
            parts |= {"forecast": made.forecast, "baseline": made.baseline}
            found |= {f"contributions.{name}": values for name, values in parts.items()}
        for number, run in enumerate(self.training, start=1):
            if run.record is not None:
                told = {"updates": run.updates, "norm": run.record.norm, "clipped": run.record.clipped}
                found |= {f"training{number}.{name}": np.array(values) for name, values in told.items()}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the figures without the arrays, ready for JSON."""
        from tidegate.insight.wording import figures

        return figures(self)


def _arrays(layer: Layer) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any] | None] = {"gradient.hidden": layer.hidden, "gradient.cell": layer.cell}
    for name, gate in layer.gates.items():
        found |= {f"gate.{name}": gate.values, f"closed.{name}": gate.closed, f"open.{name}": gate.open}
    memory = layer.memory
    found |= {"correlations": layer.units.correlations, "dead": layer.units.dead, "half_lives": memory.half_lives}
    found |= {"radii": memory.radii, "singular_values": memory.singular_values}
    return {name: values for name, values in found.items() if values is not None}
