"""What is odd in recordings: a network foresees or rebuilds each step, and its errors are judged.

Axis letters: T steps, I channels, N windows.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch

from tidegate.checks import check_choice, check_whole
from tidegate.data.recorded import arranged, called, recorded
from tidegate.errors import DataError, SettingError
from tidegate.nn.initialisation import built
from tidegate.scoring.tails import FEWEST
from tidegate.tasks import fitting
from tidegate.tasks.anomalies.episodes import Episodes, episodes
from tidegate.tasks.anomalies.expectation import Expectation
from tidegate.tasks.anomalies.network import SETTLING, Foreseer, Misses, Rebuilder
from tidegate.tasks.anomalies.normality import Normality, Parts, check_enough, reader_of, threshold_of
from tidegate.tasks.anomalies.notes import Found, notes
from tidegate.tasks.anomalies.relearning import Relearning
from tidegate.tasks.anomalies.signals import SIGNALS, Gauge, Scale
from tidegate.tasks.anomalies.walking import Online, Settled, Told
from tidegate.tasks.anomalies.windows import Cut
from tidegate.tasks.estimator import SequenceEstimator, counts_of
from tidegate.tasks.network import Layers
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.data.recorded import Recording
    from tidegate.scoring.tails import Threshold
    from tidegate.tasks.anomalies.network import Judging
    from tidegate.tasks.anomalies.signals import Joined
    from tidegate.tasks.learning import Examples
    from tidegate.tasks.reading import Reader

    Floats = NDArray[np.float64]

_LEAST = 8
"""Fewest steps of a window."""


class AnomalyDetector(SequenceEstimator[Normality]):
    """Finds steps of recordings that are not as usual: a recurrent network expects each step, its errors are judged.

    It learns from recordings that are normal, or nearly so, and never from labels. The network learns from the older
    part of each; the newer part says how large its errors are on what it did not learn, and so where alarms begin, at a
    stated rate of false ones. A score of 3 says that its oddest signal is as large on one normal step in a thousand.

    Parameters
    ----------
    method
        "forecast": the next step of all channels, from a state that is carried through the whole recording;
        "reconstruct": an autoencoder rebuilds the window that ends with the step.
    cell
        "lstm", "gru", "elman" or any other of `tidegate cells`.
    hidden_size, layers
        Of the recurrent layers.
    window
        Steps of the windows that are learned from, and that an autoencoder reads; at least 8.
    dropout
        Fraction of the states between layers that is dropped in training, in [0, 1).
    signals
        What may speak for a step being odd, some of "error", how large its errors are, "lasting", whether the newest
        `lasting` errors lean to one side, and "level", how far off its values are themselves.
    lasting
        Steps that "lasting" sums errors over, at least 2; several lengths make a signal each, so that slow changes tell
        too. A long one keeps alarms on for as many steps after an event, and wants many normal steps.
    judged
        Names of the channels that are judged, as in `channels_`; None for all. The others are only read.
    joined
        How signals make one score: "oddest", the largest of theirs; "mean", so that several must speak at once.
    false_alarms
        Of all normal steps, the fraction that may raise an alarm, or how many may in a day; above 0.
    per
        "step" or "day", for recordings with dates.
    memory
        0: a step is judged beside the normal ones of training alone. Else beside the newest so many steps, those of
        training and those that were scored, so that a new level or spread becomes usual after a while; at least 100.
    relearn
        0: the network stays as it was trained. Else, in each recording that is scored, it goes on learning after every
        so many steps, from the newest `memory` steps of that recording, each of which was scored before: 60 updates or
        more (as many as one pass takes), odd steps and all, as of `tasks.fitting.TRAINING`. The fitted detector itself
        stays as it is, and so does its threshold, whose rate of false alarms is that of a network that does not go on.
        For long recordings of which little was normal; for "forecast" alone.
    quiet
        Steps without an alarm that end an episode in `alarms`, at least 1.
    training
        How to train; None for `tasks.fitting.TRAINING`. Its updates, batches, checks and held-out part come from `fit`.
    seed
        Of every random choice, at least 0.

    Attributes
    ----------
    threshold_ : scoring.tails.Threshold
        Where alarms begin, how it was found, and the interval of the rate of false alarms.
    channels_ : tuple of str
        Names of the channels.
    notes_ : list of str
        What one should know of the data: channels that never moved or are not judged, training that nothing stopped, a
        threshold that was fitted.
    history_, n_parameters_
        As of every estimator of sequences.

    Source: Malhotra, Vig, Shroff & Agarwal (2015), Long short term memory networks for anomaly detection in time
    series, ESANN, for "forecast"; Malhotra et al. (2016), see `Rebuilder`, for "reconstruct".
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "method": ("forecast", "reconstruct"), "joined": ("oddest", "mean"), "per": ("step", "day")
    }  # fmt: skip
    _LEAST: ClassVar[Mapping[str, int]] = {
        "hidden_size": 1, "layers": 1, "window": _LEAST, "memory": 0, "relearn": 0, "quiet": 1, "seed": 0,
    }  # fmt: skip
    _SWITCHES: ClassVar[tuple[str, ...]] = ()

    _network: Judging
    vectors = None
    vocabulary = None
    threshold_: Threshold
    channels_: tuple[str, ...]
    notes_: list[str]

    def __init__(
        self,
        *,
        method: Literal["forecast", "reconstruct"] = "forecast",
        cell: str = "gru",
        hidden_size: int = 32,
        layers: int = 1,
        window: int = 64,
        dropout: float = 0.0,
        signals: Sequence[str] = SIGNALS,
        lasting: int | Sequence[int] = 10,
        judged: Sequence[str] | None = None,
        false_alarms: float = 0.001,
        per: Literal["step", "day"] = "step",
        joined: Joined = "oddest",
        memory: int = 0,
        relearn: int = 0,
        quiet: int = 10,
        training: Training | None = None,
        seed: int = 0,
    ) -> None:
        self.method, self.cell, self.hidden_size, self.layers = method, cell, hidden_size, layers
        self.window, self.dropout, self.signals, self.lasting = window, dropout, signals, lasting
        self.judged, self.joined = judged, joined
        self.false_alarms, self.per, self.memory, self.quiet = false_alarms, per, memory, quiet
        self.relearn = relearn
        self.training, self.seed = training, seed

    def fit(
        self, X: Any, y: None = None, *, epochs: int | None = None, batch_size: int | None = None, validation: Any = 0.3
    ) -> Self:
        """Learn what is normal.

        Parameters
        ----------
        X
            An array of shape (T,) or (T, I), a frame, a file, or a list of such; see `tidegate.read_recorded`.
        y
            None: labels are for judging alone.
        epochs
            Times that every window is seen, at most; None for what makes 1,500 updates, but 8 to 500.
        batch_size
            Windows per update, at least 1; None for 32.
        validation
            What the network learns nothing from: the newest fraction of each recording, above 0 and below 1, or other
            normal recordings. The older third of it stops training; the rest says where alarms begin.

        Raises
        ------
        DataError
            If recordings cannot be used, with the place and the repair.
        SettingError
            If a setting is outside its limits.
        TrainingError
            If the loss or a gradient stops being finite.
        """
        self._check(self._schedule(epochs, batch_size))
        if y is not None:
            raise SettingError("y is given, but a detector learns from recordings alone: keep labels for judging it.")
        recordings = recorded(X)
        parts = self._set_aside(recordings, validation)
        rate = self._rate(recordings)
        reader, still = reader_of(
            [one.part(0, k) for one, k in zip(parts.whole, parts.stopped, strict=True) if k]
        )  # fmt: skip
        known = self._windows(parts, reader)
        schedule = self._schedule(epochs, batch_size, len(known[0]))
        generator = self._generators()[0]
        network = self._network_for(len(recordings[0].channels), generator)
        name = fitting.digest(self.get_params(deep=False), schedule, known, network)
        course = fitting.fitted(
            network, Misses(int(self.method == "forecast")), known, schedule,
            training=self.training, run=(name, generator), threads=torch.get_num_threads(),
        )  # fmt: skip
        learned = self._calibrated(parts, reader, network, rate)
        heard = zip(learned.channels, self._judged(recordings[0].channels), learned.gauge.judged, strict=True)
        unheard = [name for name, wanted, judged in heard if wanted and not judged]
        told = notes(Found(still, unheard, known[1] is not None, learned.threshold))
        self._take(replace(learned, notes=told), network, course, counts_of(known))
        return self

    def score_samples(self, X: Any) -> Any:
        """Return how odd each step is, shape (T,), or a list of such for several recordings: minus log10 of its chance.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the recordings have not the channels of training.
        """
        return _alike(X, [told.scores for _, told in self._told(X)])

    def predict(self, X: Any) -> Any:
        """Return 1 for each step with an alarm, else 0, shape (T,), or a list of such for several recordings."""
        return _alike(X, [(told.scores > self.threshold_.value).astype(np.int64) for _, told in self._told(X)])

    def blame(self, X: Any) -> Any:
        """Return the share of each channel in each score, shape (T, I), or a list of such for several recordings."""
        return _alike(X, [told.shares for _, told in self._told(X)])

    def alarms(self, X: Any) -> Episodes:
        """Return the alarms as episodes: when they start, end and peak, how odd they are, which channels are to blame.

        Alarms with fewer than `quiet` steps between them are one episode.
        """
        return episodes(self._told(X), self.threshold_.value, self.quiet)

    def online(self) -> Online:
        """Return a watch at the beginning of a new recording, which is given one step after another."""
        self._check_fitted()
        return Online(self._settled())

    def _check_settings(self) -> None:
        super()._check_settings()
        given = [self.signals] if isinstance(self.signals, str) else list(self.signals)
        if not given or len(set(given)) < len(given):
            raise SettingError(f"signals is {self.signals!r}; it must name some of {', '.join(SIGNALS)}, each once.")
        for one in given:
            check_choice("signals", one, SIGNALS)
        lengths = self._lengths()
        if not lengths or len(set(lengths)) < len(lengths):
            raise SettingError(f"lasting is {self.lasting!r}; it must be numbers of steps, each once.")
        for length in lengths:
            check_whole("lasting", length, least=2)
        rate = self.false_alarms
        if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not rate > 0:
            raise SettingError(f"false_alarms is {rate!r}; it must be a number above 0.")
        if self.per == "step" and rate >= 0.5:
            raise SettingError(f"false_alarms is {rate!r} per step; it must be below 0.5, or counted per day.")
        if self.memory:
            check_whole("memory", self.memory, least=100)
        if self.relearn and self.method == "reconstruct":
            raise SettingError(
                f"relearn is {self.relearn}, but method is 'reconstruct': what is rebuilt better than before would "
                "count as odd. Set method='forecast'."
            )
        if self.relearn and self.memory < self.window:
            raise SettingError(
                f"relearn is {self.relearn}, but memory is {self.memory}: so many steps are learned from, the newest, "
                f"and one window has {self.window}. Set memory too, such as 5000."
            )

    def _lengths(self) -> tuple[Any, ...]:
        """Return over how many steps errors are summed."""
        return tuple(self.lasting) if isinstance(self.lasting, list | tuple) else (self.lasting,)

    def _set_aside(self, recordings: list[Recording], validation: Any) -> Parts:
        """Return what is learned from and what is set aside, checked for their lengths."""
        if isinstance(validation, bool) or validation is None or isinstance(validation, str):
            raise SettingError(
                f"validation is {validation!r}; it must be a fraction above 0 and below 1, or normal recordings: "
                "without any there is nothing to fit a threshold to."
            )
        if isinstance(validation, int | float | np.number):
            if not 0 < validation < 1:
                raise SettingError(f"validation is {validation!r}; it must be above 0 and below 1, or recordings.")
            parts = Parts.of(recordings, float(validation))
        else:
            others = arranged(recorded(validation), recordings[0].channels)
            parts = Parts.of(recordings, 0).apart(others)
        for one, learned in zip(parts.whole, parts.learned, strict=True):
            least = self.window if self.method == "reconstruct" else _LEAST
            if learned < least and (learned or not any(parts.learned)):
                n_aside = len(one.values) - learned
                beside = f", beside the {n_aside} set aside for the threshold" if n_aside else ""
                raise DataError(
                    f"{called(one)} has {learned} step{'s' * (learned != 1)} to learn from; it needs {least}{beside}",
                    repair="Give longer recordings, or a smaller window or validation.",
                )
        check_enough(parts.n_fresh(SETTLING if self.method == "forecast" else self.window - 1))
        return parts

    def _rate(self, recordings: list[Recording]) -> float:
        """Return how many normal steps of all may raise an alarm."""
        if self.per == "step":
            return float(self.false_alarms)
        daily = [one.steps_per_day for one in recordings]
        known = [one for one in daily if one is not None]
        if len(known) < len(daily):
            raise SettingError(
                "per is 'day', but the recordings have no dates: give a column of stamps, or count per step."
            )
        rate = float(self.false_alarms / np.median(known))
        if rate >= 0.5:
            raise SettingError(f"false_alarms is {self.false_alarms!r} per day, which is every other step or more.")
        return rate

    def _windows(self, parts: Parts, reader: Reader) -> tuple[Examples, Examples | None]:
        """Return windows to learn from, and those that training is stopped by."""
        length = min(self.window, max(parts.learned))
        cut = Cut(reader, self._judged(parts.whole[0].channels), length, int(self.method == "forecast"))
        return cut.learned(parts), cut.held(parts)

    def _network_for(self, n_channels: int, generator: torch.Generator) -> Judging:
        kind = Foreseer if self.method == "forecast" else Rebuilder
        own = self._plain()
        layers = Layers(own.cell, own.hidden_size, own.layers, bidirectional=False, dropout=own.dropout)
        return built(lambda: kind(layers, n_channels, generator), generator)

    def _calibrated(self, parts: Parts, reader: Reader, network: Judging, rate: float) -> Normality:
        """Return what is normal, by the steps that nothing was learned from."""
        judge = deepcopy(network).double().eval()
        standardised = [(one.values - reader.mean) / reader.spread for one in parts.whole]
        made = [Expectation(judge, self.window).errors(values) for values in standardised]
        fresh = np.concatenate([one[k:] for one, k in zip(made, parts.stopped, strict=True)])
        unheard = np.isfinite(fresh).sum(axis=0) < FEWEST
        judged = self._judged(parts.whole[0].channels) & ~unheard
        known = np.isfinite(fresh[:, judged]).any(axis=1)
        check_enough(int(known.sum()))
        scale = Scale.of(np.where(unheard, 0.0, fresh))
        names = (self.signals,) if isinstance(self.signals, str) else tuple(self.signals)
        gauge = Gauge(scale, Scale.of(np.concatenate(standardised)), names, self._lengths(), judged)
        sizes = [
            gauge.signals(gauge.units(one), values, gauge.before).sizes[k:]
            for one, values, k in zip(made, standardised, parts.stopped, strict=True)
        ]
        normal = np.concatenate(sizes)[known]
        threshold = threshold_of(normal, rate, self.joined)
        return Normality(reader, parts.whole[0].channels, gauge, normal, threshold)

    def _judged(self, channels: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return which channels are judged, shape (I,)."""
        wanted = (
            channels if self.judged is None else (*([self.judged] if isinstance(self.judged, str) else self.judged),)
        )
        for name in wanted:
            if name not in channels:
                raise SettingError(f"judged names {name!r}; the channels are {', '.join(map(repr, channels[:20]))}.")
        return np.array([name in wanted for name in channels])

    def _settled(self) -> Settled:
        relearning = None
        if self.relearn:
            cut = Cut(self._data.reader, self._judged(self.channels_), self.window, int(self.method == "forecast"))
            relearning = Relearning(self.relearn, self.memory, cut, int(self.seed))
        network = deepcopy(self._network).double().eval()
        return Settled(network, self._data, self.window, self.memory, self.joined, relearning)

    def _told(self, X: Any) -> list[tuple[Recording, Told]]:
        """Return recordings and what is said of each of their steps."""
        self._check_fitted()
        recordings = arranged(recorded(X), self.channels_)
        settled = self._settled()
        return [(one, settled.walk(one.values)) for one in recordings]

    def _drawn(self, data: Normality, generator: torch.Generator) -> torch.nn.Module:
        return self._network_for(len(data.channels), generator)

    def _remembered(self, state: Tree) -> Normality:
        return Normality.from_state(state)

    def _took(self, data: Normality) -> None:
        self.threshold_, self.channels_, self.notes_ = data.threshold, data.channels, list(data.notes)


def _alike(X: Any, made: list[Any]) -> Any:
    """Return what was made of one recording by itself, of several as a list."""
    return made if (isinstance(X, list) and not np.isscalar(X[0])) or len(made) != 1 else made[0]
