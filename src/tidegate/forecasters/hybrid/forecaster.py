"""The hybrid: exponential smoothing of every series and one recurrent network over all, trained together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tidegate.checks import check_choice, check_whole
from tidegate.errors import DataError, Place, SettingError
from tidegate.features.windows import Origins, last_origins
from tidegate.forecasters import storage, threads
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.hybrid.learning import Learning, Tables, combined, told
from tidegate.forecasters.hybrid.network import HybridNetwork, Plan
from tidegate.forecasters.hybrid.opened import Walked
from tidegate.forecasters.hybrid.reader import Reader
from tidegate.forecasters.hybrid.rules import Shape, shape, updates
from tidegate.forecasters.hybrid.scale import joined
from tidegate.forecasters.network.course import Course, course, curtailed, member
from tidegate.forecasters.network.defaults import members_for
from tidegate.forecasters.network.told import middle, narrowing, places_of, shrinkage, shrunk, values_at
from tidegate.nn.initialisation import built
from tidegate.panel import Intervals
from tidegate.scoring.conformal import half_widths, shortage
from tidegate.training.loop import Losses
from tidegate.training.settings import Training, checked
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.forecasters.hybrid.columns import Source
    from tidegate.forecasters.hybrid.scale import LogScale
    from tidegate.forecasters.network.course import Member
    from tidegate.nn.heads import HeadName
    from tidegate.panel import Panel

    _Member = Member[HybridNetwork, Tables]
    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_HEADS = ("quantiles", "point", "normal", "student-t")
_FEWEST_STEPS, _USUAL_STEPS = 3, 6
_MEMBER_SEEDS = 1_000


class Hybrid(Forecaster):
    """Smoothing of every series and a dilated network over all of them, trained together.

    Every series has a level and up to two seasons, smoothed at rates of its own (Holt and Winters without a trend).
    The network reads what is left of the newest values and tells how the future departs from level and season, which
    is where a trend comes in. Rates, first seasons and network are trained by one gradient; what the network adds to
    the smoothing is shrunk by what it was worth on held-out origins, which also say how far apart the bounds of an
    interval must lie. Newer data of a series are smoothed on with what was learned of it. A series that was not seen
    in training, or that begins at another time, has the season of its own first two cycles.

    Positive series are smoothed as they are, by products; others as exponentials of values in small units, which
    comes to sums (see `LogScale`).

    Parameters
    ----------
    hidden_size
        Hidden units of every layer, H, at least 1.
    head
        What is told of each step: "quantiles", "point", "normal" or "student-t".
    penalty
        Weight of uneven levels in the loss, at least 0: 0 lets the level follow every value.
    n_members
        Networks with different starts whose median is the forecast; None for 2, or 1 on more than 2,000 origins.
    training
        How to train; None for the defaults of `Training`, but 16 to a batch and a weight decay of 0.3: an update
        walks through that many whole series and learns from some origins of each.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    losses_ : dict of str to Losses
        The course of each training run.
    notes_ : tuple of str
        What was decided from the data, in sentences.

    Source: Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time series
    forecasting, International Journal of Forecasting 36(1).
    """

    name = "hybrid"
    usual_training = Training(batch_size=16, weight_decay=0.3)

    losses_: dict[str, Losses]
    notes_: tuple[str, ...]

    def __init__(
        self,
        *,
        hidden_size: int = 40,
        head: HeadName = "quantiles",
        penalty: float = 0.1,
        n_members: int | None = None,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.hidden_size, self.head, self.penalty = hidden_size, head, penalty
        self.n_members, self.training, self.seed = n_members, training, seed

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (the face of every family)
        return _FEWEST_STEPS

    def _minimum_alone(self, horizon: int, season: int) -> int:  # noqa: ARG002
        return horizon + _FEWEST_STEPS

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        checked(self.training or self.usual_training)
        check_whole("hidden_size", self.hidden_size, least=1)
        check_choice("head", self.head, _HEADS)
        check_whole("seed", self.seed, least=0)
        if self.n_members is not None:
            check_whole("n_members", self.n_members, least=1)
        if isinstance(self.penalty, bool) or not isinstance(self.penalty, int | float) or not self.penalty >= 0:
            raise SettingError(f"penalty is {self.penalty!r}; it must be a number of at least 0.")

    def _fit(self, panel: Panel, horizon: int) -> None:
        training = checked(self.training or self.usual_training)
        self._shape = shape(panel, horizon)
        plan = self._plan(np.minimum(panel.lengths, self._shape.most_rows), training)
        self._reader = Reader.learn(panel, self._shape)
        with one_thread(of_kernels=threads.before()):
            source, _ = self._source(panel)
            digest, count = self._digest(), self.n_members or members_for(len(plan.everything))
            members = [
                self._member(
                    source,
                    plan,
                    training.share(1 / count),
                    name=f"{digest}-{m + 1}",
                    seed=_MEMBER_SEEDS * self.seed + m,
                )
                for m in range(count)
            ]
            self._networks = [made.network for made in members]
            self._judge(members, source, plan)
        self.losses_ = {label: losses for made in members for label, losses in made.losses.items()}
        self.notes_ = (*self._notes(plan, training), *curtailed(members, plan, training))

    def _member(self, source: Source, plan: Course, training: Training, *, name: str, seed: int) -> _Member:
        generator = torch.Generator().manual_seed(seed)
        network = built(self._network, generator)
        penalty = float(self.penalty)
        return member(
            network,
            plan,
            training,
            learning=lambda learned, held_out: Learning(
                network, source, learned, held_out=held_out, penalty=penalty, generator=generator
            ),
            told=lambda each: told(each, source, plan.checked),
            name=name,
            generator=generator,
        )

    def _plan(self, lengths: Integers, training: Training) -> Course:
        """Return what to learn from: origins from two seasons on, earlier in shorter series."""
        horizon, wanted = self.horizon_, max(2 * max(self._shape.seasons, default=1), _USUAL_STEPS)
        past = np.maximum(np.minimum(lengths - horizon, wanted), _FEWEST_STEPS)
        plan = course(lengths, past_steps=past, horizon=horizon, training=training)
        if not len(plan.everything):
            n = int(np.argmax(lengths))
            raise DataError(
                f"{lengths[n]} observations; {self.name} needs at least {horizon + _FEWEST_STEPS} for "
                f"{horizon} steps ahead",
                place=Place(series=str(self.ids_[n])),
                repair="Give a longer series, a shorter horizon, or choose a simpler model.",
            )
        return plan._replace(n_updates=updates(training, plan, len(lengths)))

    def _network(self) -> HybridNetwork:
        reads = self._shape
        plan = Plan(
            n_series=len(self.ids_),
            seasons=reads.seasons,
            input_steps=reads.input_steps,
            horizon=self.horizon_,
            n_features=self._reader.static.width,
            blocks=reads.blocks,
            hidden_size=self.hidden_size,
            head=self.head,
        )
        return HybridNetwork(plan)

    def _judge(self, members: list[_Member], source: Source, plan: Course) -> None:
        """Learn from held-out origins how far to trust the networks, and where actual values lie in their tables.

        A network that has learned from these origins since is surer of them, and of all others, than it was; where
        values lie in its tables is farther out by that.
        """
        self._trust, self._places = 1.0, None
        known = [made.held_out for made in members if made.held_out is not None]
        if not known:
            return
        tables = combined(known)
        actual = source.rows(plan.checked.series, plan.checked.ends[:, None] + np.arange(self.horizon_))
        corrections = (middle(tables.quantiles) - tables.base, actual - tables.base)
        self._trust = shrinkage(*(part / tables.unit for part in corrections))
        since = combined([told(network, source, plan.checked) for network in self._networks])
        places = places_of(self._trusted(tables), actual)
        if np.isfinite(places).any():
            self._places = (narrowing(tables.quantiles, since.quantiles) * places)[None]

    def opened(self, data: Any = None) -> Walked:
        """Return the networks and what they smooth and read of the training series, or of `data`.

        Raises
        ------
        NotFittedError, DataError
            As in `forecast`.
        """
        panel, factors = self.readable(data)
        return Walked(tuple(self._networks), panel.scaled(factors), self._source(panel)[0], self.losses_)

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        return self._predict_at(panel, last_origins(panel.lengths), levels)

    def _predict_at(self, panel: Panel, origins: Origins, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        """Return the forecast (B, F) at any origins of `panel`, and its intervals where they could be calibrated."""
        with one_thread(of_kernels=threads.before()):
            tables, scale = self._tables_at(panel, origins)
        mean = scale.outside(middle(tables))
        if self._places is None or not levels:
            return mean, None
        self.shortage_ = shortage(self._places, levels)
        widths = half_widths(self._places, levels)
        bounds = scale.outside(values_at(tables, np.concatenate([-widths, widths], axis=1)))
        lower, upper = np.split(bounds, 2, axis=-1)
        return mean, Intervals(levels, lower, upper)

    def _tables_at(self, panel: Panel, origins: Origins) -> tuple[Floats, LogScale]:
        """Return the tables (B, F, Q) and the scale (B,) they are on.

        A series that begins where that of training did is walked once for all its origins. Any other is cut at each
        of its origins, so that its scale and its first season see nothing after it.
        """
        source, scale = self._source(panel)
        ends = origins.ends - (panel.lengths - source.lengths)[origins.series]
        along = source.aligned[origins.series] & (ends > 0)
        if along.all():
            return self._tables(source, Origins(origins.series, ends)), scale.take(origins.series)
        rest = panel.take(origins.series[~along]).before(origins.ends[~along], self.horizon_)
        own, own_scale = self._source(rest)
        made = self._tables(own, last_origins(own.lengths))
        tables = np.empty((len(ends), *made.shape[1:]))
        tables[~along] = made
        if along.any():
            tables[along] = self._tables(source, Origins(origins.series[along], ends[along]))
        places = np.empty(len(ends), dtype=np.int64)
        places[along], places[~along] = origins.series[along], len(panel) + np.arange(len(rest))
        return tables, joined(scale, own_scale).take(places)

    def _tables(self, source: Source, origins: Origins) -> Floats:
        """Return the trusted tables (B, F, Q); where a series never changed, nothing but its value."""
        tables = self._trusted(combined([told(network, source, origins) for network in self._networks]))
        still, value = source.still(origins)
        return np.where(still[:, None, None], value[:, None, None], tables)

    def _trusted(self, tables: Tables) -> Floats:
        return shrunk(tables.quantiles, tables.base, self._trust)

    def _source(self, panel: Panel) -> tuple[Source, LogScale]:
        numbers = {series: 1 + n for n, series in enumerate(self.ids_)}
        return self._reader.source(panel, np.array([numbers.get(series, 0) for series in panel.ids], dtype=np.int64))

    def _digest(self) -> str:
        """Return 16 hexadecimal digits that stand for data, settings and seed: checkpoints go by them."""
        settings = (type(self).__name__, self.horizon_, self.history_.seasons, self.get_params(deep=False))
        text = f"{storage.fingerprint(self.history_)} {settings!r} torch {torch.__version__}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _notes(self, plan: Course, training: Training) -> tuple[str, ...]:
        seasons, count = self._shape.seasons, len(self._networks)
        n_logs, n_cut = int(self._reader.scale.logs.sum()), int((self.history_.lengths > self._shape.most_rows).sum())
        smoothed = f"a level and seasons of {' and '.join(map(str, seasons))} steps" if seasons else "a level alone"
        counted = f"{count} network{'s' if count > 1 else ''}"
        notes = [
            f"{counted} trained with up to {plan.n_updates} updates. Smoothed: {smoothed}.",
            f"{n_logs:,} of {len(self.ids_):,} series are smoothed as they are, by products; the others, not clearly "
            "above 0 or nearly constant, by sums.",
            f"Corrections to the smoothed level and season count {100 * self._trust:.0f} %, by held-out origins.",
        ]
        drawn = plan.n_updates * training.batch_size
        if drawn < len(self.ids_):
            notes.append(f"Training is capped: at most {drawn:,} of the series are seen; all are smoothed.")
        if n_cut:
            notes.append(f"Of {n_cut:,} long series the newest {self._shape.most_rows:,} values are read.")
        if not plan.n_checked:
            notes[2] = "The series are too short to hold origins out: training does not stop early."
        return tuple(notes)

    def _count_parameters(self) -> int:
        return sum(parameter.numel() for network in self._networks for parameter in network.parameters())

    def _state(self) -> Tree:
        return {
            "networks": [
                {name: value.numpy() for name, value in network.state_dict().items()} for network in self._networks
            ],
            "shape": self._shape._asdict(),
            "reader": self._reader.state(),
            "trust": self._trust,
            "places": self._places,
            "losses": {label: losses._asdict() for label, losses in self.losses_.items()},
            "notes": self.notes_,
        }

    def _restore(self, state: Tree) -> None:
        self._shape = Shape(**state["shape"])
        self._reader = Reader.from_state(state["reader"])
        self._trust, self._places = state["trust"], state["places"]
        self.losses_ = {label: Losses.from_state(losses) for label, losses in state["losses"].items()}
        self.notes_ = state["notes"]
        self._networks = [self._loaded(parameters) for parameters in state["networks"]]

    def _loaded(self, parameters: dict[str, NDArray[Any]]) -> HybridNetwork:
        network = built(self._network, torch.Generator())
        network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
        return network.eval()
