"""The face of the network families: fit networks that correct the seasonal naive forecast, tell their median."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.checks import check_whole
from tidegate.errors import DataError, Place
from tidegate.features.calendar import calendar
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, last_origins
from tidegate.forecasters import storage, threads
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.network.course import Course, course, curtailed, member
from tidegate.forecasters.network.defaults import members_for
from tidegate.forecasters.network.opened import Opened
from tidegate.forecasters.network.problem import Learning, examples, parts, told
from tidegate.forecasters.network.scale import Scale, joined
from tidegate.forecasters.network.told import middle, narrowing, places_of, shrinkage, shrunk, together, values_at
from tidegate.forecasters.network.warm import Start, eased, hindrance, stretches
from tidegate.forecasters.network.windows import Frame, Layout, Windows
from tidegate.nn.initialisation import built
from tidegate.panel import Intervals
from tidegate.scoring.conformal import half_widths, shortage
from tidegate.training.loop import Losses
from tidegate.training.settings import Training, checked
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.forecasters.network.course import Member
    from tidegate.forecasters.network.warm import Weights
    from tidegate.nn.decoders.reading import Network
    from tidegate.panel import Panel

    _Member = Member[Network, NDArray[np.float64]]
    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_TURNS = 20
_MEMBER_SEEDS = 1_000
_OF_TRAINING = ("n_members", "training", "seed", "warm_start")
_FEWEST_STEPS, _USUAL_STEPS = 3, 6


class Sizes(NamedTuple):
    """What a network has to fit.

    Attributes
    ----------
    n_inputs, n_context, n_known
        Features per past step, per origin and per future step: I, C, D.
    window_steps, horizon
        Past steps T and future steps F.
    n_series
        Series of training, N.
    """

    n_inputs: int
    n_context: int
    n_known: int
    window_steps: int
    horizon: int
    n_series: int


class NetworkForecaster(Forecaster):
    """One network over all series that reads the window before an origin and tells how the future lies from there.

    Values are in units of their window (`windows.py`), after logs where they suit a series better (`scale.py`). The
    network says how the future departs from the seasonal naive forecast; what it adds is shrunk by what it was worth
    on held-out origins, and those origins also say how far apart the bounds of an interval must lie.

    Parameters
    ----------
    n_members
        Networks with different starts whose median is the forecast; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.
    warm_start
        Whether a further ``fit`` goes on from the networks of the one before, with a quarter of the updates, where they
        are made and read alike and have seen nothing later; else, and by default, each fit starts afresh.

    Attributes
    ----------
    losses_ : dict of str to Losses
        The course of each training run.
    notes_ : tuple of str
        What was decided from the data, in sentences.
    """

    losses_: dict[str, Losses]
    notes_: tuple[str, ...]

    _start: Start | None = None

    def __init__(
        self, *, n_members: int | None, training: Training | None, seed: int, warm_start: bool = False
    ) -> None:
        self.n_members, self.training, self.seed, self.warm_start = n_members, training, seed, warm_start

    @abstractmethod
    def _network(self, sizes: Sizes, generator: torch.Generator) -> Network:
        """Return the network."""

    @abstractmethod
    def _layout(self, panel: Panel, horizon: int) -> Layout:
        """Return what of the past the network would read, given enough of it."""

    def _counts(self) -> bool:
        """Return whether values are counts: then they stay as they are, and no forecast is below 0."""
        return False

    def _divisors(self, panel: Panel) -> Floats:
        return np.ones(len(panel)) if self._counts() else super()._divisors(panel)

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (the face of every family)
        return _FEWEST_STEPS

    def _minimum_alone(self, horizon: int, season: int) -> int:  # noqa: ARG002
        return horizon + _FEWEST_STEPS

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        checked(self.training or Training())
        check_whole("seed", self.seed, least=0)
        if self.n_members is not None:
            check_whole("n_members", self.n_members, least=1)

    def _fit(self, panel: Panel, horizon: int) -> None:
        training = checked(self.training or Training())
        longest = int(panel.lengths.max())
        self._shape = self._layout(panel, horizon)
        self._scale = Scale.learn(panel, allowed=not self._counts())
        cycles = calendar(
            panel.frequency, timezone=panel.timezone, seasons=panel.seasons, n_steps=2 * longest // _TURNS
        )
        self._encoding = replace(Encoding.learn(panel), calendar=cycles)
        plan = self._plan(panel, horizon, training)
        with one_thread(of_kernels=threads.before()):
            windows = self._windows(panel, self._scale)
            self._sizes = _sizes(windows, panel, horizon)
            now = self._left(panel, plan)
            start, said = self._warm(now)
            members = self._members(windows, plan, training, start)
            self._networks = [each.network for each in members]
            self._judge(members, windows, plan)
        self._start = now._replace(weights=tuple(each.weights for each in members))
        self.losses_ = {label: losses for each in members for label, losses in each.losses.items()}
        made = eased(plan) if start else plan
        self.notes_ = (*self._notes(made, training), *curtailed(members, made, training), *said)

    def _plan(self, panel: Panel, horizon: int, training: Training) -> Course:
        """Return what to learn from: origins from two seasons on, earlier in shorter series."""
        wanted = max(2 * panel.season, _USUAL_STEPS)
        past = np.maximum(np.minimum(panel.lengths - horizon, wanted), _FEWEST_STEPS)
        window_steps = self._shape.window_steps
        plan = course(panel.lengths, past_steps=past, horizon=horizon, training=training, window_steps=window_steps)
        if not len(plan.everything):
            n = int(np.argmax(panel.lengths))
            raise DataError(
                f"{panel.lengths[n]} observations; {self.name} needs at least {horizon + _FEWEST_STEPS} for "
                f"{horizon} steps ahead",
                place=Place(series=str(panel.ids[n])),
                repair="Give a longer series, a shorter horizon, or choose a simpler model.",
            )
        return plan

    def _left(self, panel: Panel, plan: Course) -> Start:
        """Return what this fit leaves for the next one, its networks not yet drawn."""
        with torch.device("meta"):
            drawn = self._network(self._sizes, torch.Generator()).state_dict()
        own = {name: value for name, value in self.get_params(deep=False).items() if name not in _OF_TRAINING}
        parts = (self._encoding.known, self._encoding.past, self._encoding.static)
        read = (self._shape, [part.columns for part in parts], self._encoding.calendar.cycles)
        clock = (panel.frequency, panel.timezone)
        told_apart = tuple(map(str, panel.ids)) if getattr(self, "series_width", 0) else ()
        meaning = repr((type(self).__name__, own, self._sizes._replace(n_series=0), read, clock, told_apart))
        return Start((drawn,), meaning, int(panel.times.max()), stretches(panel, plan, self.horizon_))

    def _warm(self, now: Start) -> tuple[Start | None, tuple[str, ...]]:
        """Return what this fit goes on from, if from anything, and what to say of it."""
        if not self.warm_start or self._start is None:
            return None, ()
        why = hindrance(self._start, now)
        if why:
            return None, (f"The networks start afresh: {why}.",)
        return self._start, ("The networks start from those of the fit before.",)

    def _members(self, windows: Windows, plan: Course, training: Training, start: Start | None) -> list[_Member]:
        count = self.n_members or members_for(len(plan.everything))
        digest = self._digest(start)
        begun = start.weights if start else ()
        return [
            self._member(
                windows,
                eased(plan) if m < len(begun) else plan,
                training.share(1 / count),
                name=f"{digest}-{m + 1}",
                generator=torch.Generator().manual_seed(_MEMBER_SEEDS * self.seed + m),
                start=begun[m] if m < len(begun) else None,
            )
            for m in range(count)
        ]

    def _member(
        self,
        windows: Windows,
        plan: Course,
        training: Training,
        *,
        name: str,
        generator: torch.Generator,
        start: Weights | None,
    ) -> _Member:
        """Train one network from `start`; None draws it."""
        network = built(lambda: self._network(self._sizes, generator), generator)
        if start is not None:
            network.load_state_dict(start)
        return member(
            network,
            plan,
            training,
            learning=lambda learned, held_out: Learning(network, windows, learned, held_out=held_out),
            told=lambda each: told(each, windows, plan.checked),
            name=name,
            generator=generator,
        )

    def _judge(self, members: list[_Member], windows: Windows, plan: Course) -> None:
        """Learn from held-out origins how far to trust the networks, and where actual values lie in their tables.

        A network that has learned from these origins since is surer of them, and of all others, than it was; where
        values lie in its tables is farther out by that.
        """
        self._trust, self._places = 1.0, None
        if not plan.n_checked:
            return
        found = [examples(windows, part) for part in parts(plan.checked)]
        base = np.concatenate([reading.base.double().numpy() for reading, _ in found])
        actual = np.concatenate([target.double().numpy() for _, target in found])
        tables = together([each.held_out for each in members if each.held_out is not None])
        if not self._counts():
            self._trust = shrinkage(middle(tables) - base, actual - base)
        since = together([told(each.network, windows, plan.checked) for each in members])
        places = places_of(shrunk(tables, base, self._trust), actual)
        if np.isfinite(places).any():
            self._places = (narrowing(tables, since) * places)[None]

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        return self._predict_at(panel, last_origins(panel.lengths), levels)

    def _predict_at(self, panel: Panel, origins: Origins, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        """Return the forecast (B, F) at any origins of `panel`, and its intervals where they could be calibrated."""
        scale = self._scale_of(panel, origins)
        means, bounds = [], []
        places = None
        if self._places is not None and levels:
            places, self.shortage_ = half_widths(self._places, levels), shortage(self._places, levels)
        with one_thread(of_kernels=threads.before()):
            windows = self._windows(panel, scale)
            for part in parts(origins):
                frame, tables = self._tables(windows, part)
                back = scale.take(part.series).back
                means.append(back(frame.outside(middle(tables))))
                if places is not None:
                    both = values_at(tables, np.concatenate([-places, places], axis=1))
                    bounds.append(back(both * frame.unit[..., None] + frame.level[..., None]))
        mean = np.concatenate(means)
        if places is None:
            return mean, None
        lower, upper = np.split(np.concatenate(bounds), 2, axis=-1)
        return mean, Intervals(levels, np.maximum(lower, 0.0) if self._counts() else lower, upper)

    def _tables(self, windows: Windows, origins: Origins) -> tuple[Frame, Floats]:
        batch = windows.batch(origins)
        base = batch.reading.base.double().numpy()
        tables = together([network.told(batch.reading).double().numpy() for network in self._networks])
        return batch.frame, shrunk(tables, base, self._trust)

    def _windows(self, panel: Panel, scale: Scale) -> Windows:
        numbers = {series: 1 + n for n, series in enumerate(self.ids_)}
        return Windows(
            Inputs(scale.working(panel), self._encoding, self.horizon_),
            self._shape,
            logs=scale.logs,
            units=scale.units,
            numbers=np.array([numbers.get(series, 0) for series in panel.ids], dtype=np.int64),
        )

    def opened(self, data: Any = None) -> Opened:
        """Return the networks and the windows that they read of the training series, or of `data`.

        Raises
        ------
        NotFittedError, DataError
            As in `forecast`; what is known of the future may be missing.
        """
        panel, factors = self.readable(data)
        scale = self._scale_of(panel, last_origins(panel.lengths))
        windows = self._windows(panel, scale)
        return Opened(
            tuple(self._networks), panel.scaled(factors), windows, factors, scale.logs, self._trust, self.losses_
        )

    def _scale_of(self, panel: Panel, origins: Origins) -> Scale:
        """Return the scale of training for the series seen there; for others that of their rows before any origin."""
        if panel is self.history_:
            return self._scale
        where = {series: n for n, series in enumerate(self.ids_)}
        unseen = np.array([n for n, series in enumerate(panel.ids) if series not in where], dtype=np.int64)
        places = {series: len(where) + n for n, series in enumerate(panel.ids[unseen])} | where
        scale = self._scale
        if len(unseen):
            ends = panel.lengths.copy()
            np.minimum.at(ends, origins.series, origins.ends)
            read = panel.take(unseen).before(ends[unseen], self.horizon_)
            scale = joined(scale, Scale.learn(read, allowed=not self._counts()))
        return scale.take(np.array([places[series] for series in panel.ids], dtype=np.int64))

    def _digest(self, start: Start | None) -> str:
        """Return 16 hexadecimal digits that stand for data, settings, seed and start: checkpoints go by them."""
        settings = (type(self).__name__, self.horizon_, self.history_.seasons, self.get_params(deep=False))
        begun = f" from {start.digest}" if start else ""
        text = f"{storage.fingerprint(self.history_)} {settings!r} torch {torch.__version__}{begun}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _notes(self, plan: Course, training: Training) -> tuple[str, ...]:
        n_logs = int(self._scale.logs.sum())
        drawn, count = plan.n_updates * training.batch_size, len(self._networks)
        base = "seasonal naive forecast" if self._shape.base == "seasonal-naive" else "level of the window"
        notes = [
            f"{count} network{'s' if count > 1 else ''} trained with up to {plan.n_updates} updates of "
            f"{training.batch_size} windows, drawn from {len(plan.everything):,}.",
            f"Logs are taken for {n_logs:,} of {len(self.ids_):,} series.",
            f"Corrections to the {base} count {100 * self._trust:.0f} %, by held-out origins.",
        ]
        if drawn < len(plan.everything):
            notes.append(f"Training is capped: at most {drawn:,} of the windows are seen.")
        if not plan.n_checked:
            notes[2] = "The series are too short to hold origins out: training does not stop early."
        return tuple(notes)

    def _count_parameters(self) -> int:
        return sum(parameter.numel() for network in self._networks for parameter in network.parameters())

    def _state(self) -> Tree:
        networks = [{name: value.numpy() for name, value in network.state_dict().items()} for network in self._networks]
        return {
            "networks": networks,
            "sizes": self._sizes._asdict(),
            "layout": self._shape._asdict(),
            "scale": self._scale.state(),
            "encoding": self._encoding.state(),
            "trust": self._trust,
            "places": self._places,
            "losses": {label: losses._asdict() for label, losses in self.losses_.items()},
            "notes": self.notes_,
            "start": self._start.state() if self.warm_start and self._start else None,
        }

    def _restore(self, state: Tree) -> None:
        self._sizes = Sizes(**state["sizes"])
        self._shape = Layout(**state["layout"])
        self._scale, self._encoding = Scale(**state["scale"]), Encoding.from_state(state["encoding"])
        self._trust, self._places = state["trust"], state["places"]
        self.losses_ = {label: Losses.from_state(losses) for label, losses in state["losses"].items()}
        self.notes_ = state["notes"]
        self._start = Start.from_state(state["start"]) if state["start"] else None
        self._networks = [self._loaded(parameters) for parameters in state["networks"]]

    def _loaded(self, parameters: dict[str, NDArray[Any]]) -> Network:
        generator = torch.Generator()
        network = built(lambda: self._network(self._sizes, generator), generator)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
        return network.eval()


def _sizes(windows: Windows, panel: Panel, horizon: int) -> Sizes:
    sample = windows.batch(Origins(np.zeros(1, dtype=np.int64), panel.lengths[:1])).reading
    n_inputs, n_context, n_known = (part.shape[-1] for part in (sample.window, sample.context, sample.known))
    return Sizes(n_inputs, n_context, n_known, len(sample.window), horizon, len(panel))
