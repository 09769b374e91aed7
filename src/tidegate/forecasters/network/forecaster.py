"""The face of the network families: fit networks that correct a reference forecast, forecast with their mean."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError, Place, SettingError
from tidegate.features.calendar import calendar
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, gather, last_origins
from tidegate.forecasters import storage
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.network.course import Course, Member, course, member, members_for, shrinkage
from tidegate.forecasters.network.problem import corrections
from tidegate.forecasters.network.reference import Reference, profile_season
from tidegate.forecasters.network.scale import Scale, joined
from tidegate.forecasters.network.windows import Windows
from tidegate.nn.initialisation import built
from tidegate.training.loop import Losses
from tidegate.training.settings import Training, checked
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Intervals, Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_FEWEST_WINDOWS = 3
_TURNS = 20
_MEMBER_SEEDS = 1_000


class Sizes(NamedTuple):
    """What a network has to fit.

    Attributes
    ----------
    n_inputs, n_context, n_known
        Features per past step, per origin and per future step: I, C, D.
    window_steps, horizon
        Past steps T and future steps F.
    """

    n_inputs: int
    n_context: int
    n_known: int
    window_steps: int
    horizon: int


class NetworkForecaster(Forecaster):
    """One network over all series that says how the future departs from a reference forecast.

    The reference is the newest level plus the season's profile (`reference.py`), after logs where they fit a series
    better (`scale.py`); its error is the unit. The network reads the window up to the origin and what is known of each
    future step, all steps are decoded from the encoding of the whole window (a direct forecast), and its corrections
    are shrunk by what they were worth on held-out origins. Those origins' errors calibrate the intervals.

    Parameters
    ----------
    n_members
        Networks with different starts whose forecasts are averaged; None for 2, or 1 on more than 2,000 windows.
    training
        How to train; None for the defaults of `Training`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    losses_ : dict of str to Losses
        The course of each training run.
    notes_ : tuple of str
        What was decided from the data, in sentences.
    """

    losses_: dict[str, Losses]
    notes_: tuple[str, ...]

    def __init__(self, *, n_members: int | None, training: Training | None, seed: int) -> None:
        self.n_members, self.training, self.seed = n_members, training, seed

    @abstractmethod
    def _network(self, sizes: Sizes, generator: torch.Generator) -> torch.nn.Module:
        """Return the network: (T, B, I), (B, C), (B, F, D) -> (B, F)."""

    @abstractmethod
    def _reach(self, seasons: tuple[int, ...]) -> int:
        """Return how many past steps the network would read, given enough of them."""

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (the face of every family)
        return horizon + _FEWEST_WINDOWS

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        checked(self.training or Training())
        check_whole("seed", self.seed, least=0)
        if self.n_members is not None:
            check_whole("n_members", self.n_members, least=1)

    def _fit(self, panel: Panel, horizon: int) -> None:
        training = checked(self.training or Training())
        self._season = profile_season(panel.seasons, float(np.median(panel.lengths)), horizon)
        needed = Reference(panel, self._season, panel.values).rows_needed
        shortest, longest = int(panel.lengths.min()), int(panel.lengths.max())
        self._past_steps = max(_FEWEST_WINDOWS, min(needed, shortest - horizon))
        self._window_steps = min(self._reach(panel.seasons), longest - horizon)
        self._scale = Scale.learn(panel, self._season, horizon)
        cycles = calendar(
            panel.frequency, timezone=panel.timezone, seasons=panel.seasons, n_steps=2 * longest // _TURNS
        )
        self._encoding = replace(Encoding.learn(panel), calendar=cycles)
        plan = course(panel.lengths, past_steps=self._past_steps, horizon=horizon, training=training)
        with one_thread():
            windows = self._windows(panel, self._scale)
            self._sizes = _sizes(windows, panel, self._window_steps, horizon)
            members = self._members(windows, plan, training)
        self._networks = [member.network for member in members]
        self._judge(members, windows, plan)
        self.losses_ = {label: losses for member in members for label, losses in member.losses.items()}
        self.notes_ = self._notes(plan, training)

    def _members(self, windows: Windows, plan: Course, training: Training) -> list[Member]:
        count = self.n_members or members_for(len(plan.everything))
        digest = self._digest()
        return [
            member(
                lambda generator: self._network(self._sizes, generator),
                windows,
                plan,
                training,
                name=f"{digest}-{m + 1}",
                seed=_MEMBER_SEEDS * self.seed + m,
            )
            for m in range(count)
        ]

    def _judge(self, members: list[Member], windows: Windows, plan: Course) -> None:
        """Learn from the held-out origins how far to trust the networks, and how wrong they are: errors (C, N, F)."""
        self._trust, self._held_out_errors = 1.0, None
        if not plan.n_checked:
            return
        made = np.mean([member.held_out for member in members], axis=0)
        origins, panel = plan.checked, self.history_
        self._trust = shrinkage(made, windows.target(origins).double().numpy())
        forecast = self._scale.take(origins.series).back(windows.forecast(origins, self._trust * made))
        actual = gather(self._observed(), panel.offsets, origins, np.arange(1, self.horizon_ + 1))
        errors = np.full((plan.n_checked, len(panel), self.horizon_), np.nan)
        errors[:, np.unique(origins.series)] = (actual - forecast).reshape(plan.n_checked, -1, self.horizon_)
        self._held_out_errors = errors

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:  # noqa: ARG002
        short = np.flatnonzero(panel.lengths < self._past_steps)
        if len(short):
            raise DataError(
                f"{panel.lengths[short[0]]} observations; this {self.name} was fitted to read at least "
                f"{self._past_steps} before an origin",
                place=Place(series=str(panel.ids[short[0]])),
                repair="Give the series from its start, not only its newest values.",
            )
        origins = last_origins(panel.lengths)
        scale = self._scale_of(panel)
        with one_thread():
            windows = self._windows(panel, scale)
            made = np.mean([corrections(network, windows, origins) for network in self._networks], axis=0)
        return scale.back(windows.forecast(origins, self._trust * made)), None

    def _held_out(self) -> Floats | None:
        return self._held_out_errors

    def _windows(self, panel: Panel, scale: Scale) -> Windows:
        return Windows(
            Reference.of(scale.working(panel), self._season),
            Inputs(panel, self._encoding, self.horizon_),
            scale.units,
            seasons=self.history_.seasons,
            window_steps=self._window_steps,
        )

    def _scale_of(self, panel: Panel) -> Scale:
        """Return the scale of training for the series seen there, and that of their own rows for others."""
        if panel is self.history_:
            return self._scale
        where = {series: n for n, series in enumerate(self.ids_)}
        unseen = np.array([n for n, series in enumerate(panel.ids) if series not in where], dtype=np.int64)
        places = {series: len(where) + n for n, series in enumerate(panel.ids[unseen])} | where
        scale = self._scale
        if len(unseen):
            scale = joined(scale, Scale.learn(panel.take(unseen), self._season, self.horizon_))
        return scale.take(np.array([places[series] for series in panel.ids], dtype=np.int64))

    def _digest(self) -> str:
        """Return 16 hexadecimal digits that stand for data, settings and seed: checkpoints go by them."""
        settings = (type(self).__name__, self.horizon_, self.history_.seasons, self.get_params(deep=False))
        text = f"{storage.fingerprint(self.history_)} {settings!r} torch {torch.__version__}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _notes(self, plan: Course, training: Training) -> tuple[str, ...]:
        n_logs = int(self._scale.logs.sum())
        drawn, count = plan.n_updates * training.batch_size, len(self._networks)
        notes = [
            f"{count} network{'s' if count > 1 else ''} trained with up to {plan.n_updates} updates of "
            f"{training.batch_size} windows, drawn from {len(plan.everything):,}.",
            f"Logs are taken for {n_logs:,} of {len(self.ids_):,} series.",
            f"Corrections to the reference forecast count {100 * self._trust:.0f} %, by held-out origins.",
        ]
        if drawn < len(plan.everything):
            notes.append(f"Training is capped: at most {drawn:,} of the windows are seen.")
        if not plan.n_checked:
            notes[2] = "The series are too short to hold origins out: training does not stop early."
        return tuple(notes)

    def _count_parameters(self) -> int:
        return sum(parameter.numel() for network in self._networks for parameter in network.parameters())

    def _state(self) -> storage.Tree:
        networks = [{name: value.numpy() for name, value in network.state_dict().items()} for network in self._networks]
        return {
            "networks": networks,
            "sizes": tuple(self._sizes),
            "steps": (self._season, self._past_steps, self._window_steps),
            "scale": self._scale.state(),
            "encoding": self._encoding.state(),
            "trust": self._trust,
            "held_out_errors": self._held_out_errors,
            "losses": {label: tuple(losses) for label, losses in self.losses_.items()},
            "notes": self.notes_,
        }

    def _restore(self, state: storage.Tree) -> None:
        self._sizes = Sizes(*state["sizes"])
        self._season, self._past_steps, self._window_steps = state["steps"]
        self._scale, self._encoding = Scale(**state["scale"]), Encoding.from_state(state["encoding"])
        self._trust, self._held_out_errors = state["trust"], state["held_out_errors"]
        self.losses_ = {label: Losses(*losses) for label, losses in state["losses"].items()}
        self.notes_ = state["notes"]
        self._networks = [self._loaded(parameters) for parameters in state["networks"]]

    def _loaded(self, parameters: dict[str, NDArray[Any]]) -> torch.nn.Module:
        generator = torch.Generator()
        network = built(lambda: self._network(self._sizes, generator), generator)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
        return network.eval()


def check_whole(name: str, value: Any, *, least: int) -> None:
    """Refuse a setting that is not a whole number of at least `least`.

    Raises
    ------
    SettingError
        With the name, the value and the limit.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SettingError(f"{name} is {value!r}; it must be a whole number, at least {least}.")


def check_fraction(name: str, value: Any) -> None:
    """Refuse a setting that is not a number from 0 to below 1.

    Raises
    ------
    SettingError
        With the name, the value and the limit.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise SettingError(f"{name} is {value!r}; it must be a number from 0 to below 1.")


def _sizes(windows: Windows, panel: Panel, window_steps: int, horizon: int) -> Sizes:
    sample = windows.batch(Origins(np.zeros(1, dtype=np.int64), panel.lengths[:1]))
    n_inputs, n_context, n_known = (part.shape[-1] for part in sample)
    return Sizes(n_inputs, n_context, n_known, window_steps, horizon)
