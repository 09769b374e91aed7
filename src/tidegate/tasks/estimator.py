"""What sequence estimators share: settings checked, a part held out, a run, its history, what is saved and loaded.

An estimator of a task says how its network is drawn and what else it learned of the data; the rest is here.
"""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator

from tidegate.checks import check_choice, check_fraction, check_switch, check_whole
from tidegate.errors import NotFittedError, SettingError
from tidegate.features.vectors import read_vectors
from tidegate.features.vocabulary import Vocabulary
from tidegate.nn.cells import catalogue
from tidegate.tasks import fitting, storage
from tidegate.tasks.fitting import Schedule, Usual
from tidegate.tasks.members import together
from tidegate.training.loop import Losses as Course
from tidegate.training.settings import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.tasks.learning import Examples, Losses
    from tidegate.tasks.reading import Reader
    from tidegate.training.settings import Training


class Saved(Protocol):
    """What was learned of the data beside the network."""

    @property
    def reader(self) -> Reader:
        """What makes numbers of the sequences."""

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""


class Parted(Protocol):
    """Sequences with what is wanted of them."""

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Their places in what the user gave, shape (N,)."""

    def parted(self, fraction: float, seed: int) -> tuple[Self, Self | None]:
        """Return what to learn from, and what is held out, if anything."""


Data = TypeVar("Data", bound=Saved)
Given = TypeVar("Given", bound=Parted)


_SEEDS = 2**63


def _as_it_is(data: Data, networks: Sequence[torch.nn.Module]) -> Data:  # noqa: ARG001 (nothing is chosen by them)
    return data


class SequenceEstimator(BaseEstimator, Generic[Data]):  # type: ignore[misc]  # scikit-learn has no type stubs
    """The part of a sequence estimator that is the same for every task.

    A task has `_drawn`, `_remembered`, and a `fit` that ends in `_learn`. Its settings are checked by the four tables.

    Attributes
    ----------
    history_ : dict of str to list
        By epoch: epoch, loss and val_loss, the held-out loss; the first is before training. Of the first network, where
        there are several.
    losses_ : training.loop.Losses
        The course of its training.
    n_parameters_ : int
        Numbers learned.
    n_learned_, n_held_out_ : int
        Sequences, or windows of recordings, that the first network learned from, and that its training was stopped by.
    """

    _CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    _LEAST: ClassVar[Mapping[str, int]] = {}
    _FRACTIONS: ClassVar[tuple[str, ...]] = ("dropout",)
    _SWITCHES: ClassVar[tuple[str, ...]] = ("bidirectional",)
    _USUAL: ClassVar[Usual] = Usual()
    _VALIDATION: ClassVar[str] = "a fraction below 1, a pair (X, y) as a tuple, 'auto' or None"

    cell: str
    seed: int
    vectors: str | Path | None
    vocabulary: Vocabulary | None
    n_members: int = 1
    training: Training | None
    history_: dict[str, list[float]]
    losses_: Course
    n_parameters_: int
    n_learned_: int
    n_held_out_: int
    _data: Data
    _network: torch.nn.Module
    _settings: dict[str, Any]

    def save(self, folder: str | Path) -> None:
        """Write the fitted estimator to a folder that must not exist yet; `tidegate.load` reads it.

        Its settings are those of the fit, whatever was set since.

        Raises
        ------
        NotFittedError, StorageError
            If there is nothing to save, or it cannot be written.
        """
        self._check_fitted()
        storage.save(self, folder)

    def _drawn(self, data: Data, generator: torch.Generator) -> torch.nn.Module:
        """Return the network for what was learned of the data, with fresh parameters."""
        raise NotImplementedError

    def _remembered(self, state: Tree) -> Data:
        """Return what was learned of the data, whose `state` this is."""
        raise NotImplementedError

    def _took(self, data: Data) -> None:
        """Set what users read of `data`."""
        raise NotImplementedError

    def _check_fitted(self) -> None:
        if not hasattr(self, "_network"):
            raise NotFittedError(f"This {type(self).__name__} has learned nothing yet: call fit first.")

    def _check(self, schedule: Schedule) -> None:
        """Refuse settings and a schedule outside their limits, before any work."""
        fitting.check(schedule)
        self._check_settings()

    def _schedule(self, epochs: int | None, batch_size: int | None, n_examples: int = 0) -> Schedule:
        """Return how long a run is, by `_USUAL` where nothing is said; before any examples are known 1 epoch."""
        size = self._USUAL.batch_size if batch_size is None else batch_size
        if epochs is None:
            epochs = self._USUAL.epochs(-(-n_examples // size)) if n_examples else 1
        return Schedule(epochs, size, self.seed)

    def _check_settings(self) -> None:
        """Refuse settings outside their limits, as `fit` does, without anything to fit."""
        catalogue.kind(str(self.cell))
        for name, choices in self._CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        for name, least in self._LEAST.items():
            check_whole(name, getattr(self, name), least=least)
        if self.seed >= _SEEDS:
            raise SettingError(f"seed is {self.seed!r}; it must be below 2 to the power of 63.")
        for name in self._FRACTIONS:
            check_fraction(name, getattr(self, name))
        for name in self._SWITCHES:
            check_switch(name, getattr(self, name))
        if not isinstance(self.vocabulary, Vocabulary | None):
            raise SettingError(
                f"vocabulary is {self.vocabulary!r}; it must be a Vocabulary, such as Vocabulary(file='words.txt'), or "
                "None for every token of training."
            )
        if not isinstance(self.vectors, str | Path | None):
            raise SettingError(f"vectors is {self.vectors!r}; it must be the path of a file, or None.")
        if self.training is not None:
            fitting.check_training(self.training)

    def _parted(
        self, given: Given, validation: object, read: Callable[[Any, Any], Given], *, seed: int | None = None
    ) -> tuple[Given, Given | None]:
        """Return what to learn from and what to judge by, if anything; `read` takes a pair (X, y) that was named.

        "auto" holds out what `fitting.held_out` says; `seed`, or else the estimator's own, draws it.
        """
        if isinstance(validation, str) and validation == "auto":
            validation = fitting.held_out(len(given.numbers))
        if not isinstance(validation, int | float | np.number | tuple | None):
            shown = repr(validation) if isinstance(validation, str) else f"a {type(validation).__name__}"
            raise SettingError(f"validation is {shown}; it must be {self._VALIDATION}.")
        if isinstance(validation, tuple):
            if len(validation) != 2:
                raise SettingError(f"validation is a tuple of {len(validation)}; it must be a pair (X, y).")
            return given, read(*validation)
        if not validation:
            return given, None
        if isinstance(validation, bool) or not 0 < validation < 1:
            raise SettingError(f"validation is {validation!r}; it must be {self._VALIDATION}.")
        return given.parted(float(validation), self.seed if seed is None else seed)

    def _learn(
        self,
        data: Data,
        losses: Losses,
        known: tuple[Examples, Examples | None],
        schedule: Schedule,
        *,
        others: Sequence[tuple[Examples, Examples | None]] = (),
        settled: Callable[[Data, Sequence[torch.nn.Module]], Data] = _as_it_is,
    ) -> Self:
        """Draw the networks, train each by the `losses`, and become what was learned.

        All learn from `known` and are judged by it, unless `others` says from what those after the first do. What the
        trained networks say of it goes into the data by `settled`, before anything of the estimator changes.
        """
        generators = self._generators()
        members = self._members(data, generators)
        training = self._usual(data) if self.training is None else checked(self.training).share(1 / self.n_members)
        if self.vectors is not None:
            _start_from(self.vectors, members, data.reader)
        courses = []
        each = (known, *others) if others else (known,) * len(members)
        for made, generator, part in zip(members, generators, each, strict=True):
            own = schedule._replace(seed=generator.initial_seed())
            course = fitting.fitted(
                made,
                losses,
                part,
                own,
                training=training,
                run=(fitting.digest(self.get_params(deep=False), own, part, made), generator),
                threads=torch.get_num_threads(),
            )
            courses.append(course)
        self._take(settled(data, members), self._together(members), courses[0], counts_of(known))
        return self

    def _members(self, data: Data, generators: Sequence[torch.Generator]) -> list[torch.nn.Module]:
        """Return the networks, each drawn from its own source of chance."""
        plain = self._plain()
        return [plain._drawn(data, generator) for generator in generators]  # noqa: SLF001 (it is one of these)

    def _plain(self) -> Self:
        """Return a copy whose settings are Python's own numbers where those of this one are numpy's."""
        plain = copy(self)
        for name, value in self.get_params(deep=False).items():
            setattr(plain, name, value.item() if isinstance(value, np.generic) else value)
        return plain

    def _together(self, networks: Sequence[Any]) -> torch.nn.Module:
        """Return the network alone, or several as one."""
        return together(networks)

    def _usual(self, data: Data) -> Training:  # noqa: ARG002 (a task may go by it)
        """Return how networks are trained unless told otherwise."""
        return fitting.TRAINING

    def _unfitted_vocabulary(self) -> Vocabulary:
        """Return a vocabulary to fit, with the limits or the file that were asked for; the setting stays as it is."""
        return Vocabulary() if self.vocabulary is None else copy(self.vocabulary)

    def _seeds(self) -> list[int]:
        """Return the seed of each network: the seed itself, then seeds that follow from it."""
        others = [int(np.random.SeedSequence((self.seed, k)).generate_state(1)[0]) for k in range(1, self.n_members)]
        return [int(self.seed), *others]

    def _generators(self) -> list[torch.Generator]:
        """Return the source of chance of each network."""
        return [torch.Generator().manual_seed(seed) for seed in self._seeds()]

    def _take(self, data: Data, made: torch.nn.Module, course: Course, counts: tuple[int, int]) -> None:
        """Become what was learned, from how many, all at once: a fit that failed leaves what was before."""
        self.n_learned_, self.n_held_out_ = counts
        self._settings = self.get_params(deep=False)
        self._data, self._network, self.losses_ = data, made, course
        self.history_ = fitting.history(course)
        self.n_parameters_ = sum(one.numel() for one in made.parameters())
        self._took(data)

    def _state(self) -> Tree:
        """Return everything learned as a tree of arrays, numbers and text."""
        return {
            "data": self._data.state(),
            "network": {name: value.numpy() for name, value in self._network.state_dict().items()},
            "losses": self.losses_._asdict(),
            "counts": (self.n_learned_, self.n_held_out_),
        }

    def _restore(self, state: Tree) -> None:
        """Take back what `_state` returned."""
        data = self._remembered(state["data"])
        made = self._together(self._members(data, self._generators()))
        made.load_state_dict({name: torch.from_numpy(value) for name, value in state["network"].items()})
        self._take(data, made.eval(), Course.from_state(state["losses"]), state["counts"])


def counts_of(known: tuple[Examples, Examples | None]) -> tuple[int, int]:
    """Return how many examples a network learns from, and how many stop its training."""
    learned, held = known
    return len(learned), 0 if held is None else len(held)


def _start_from(file: str | Path, networks: Sequence[torch.nn.Module], reader: Reader) -> None:
    """Give tokens that are known the vectors that a file has of them; the others are scaled to the spread of these."""
    if reader.vocabulary is None:
        raise SettingError("vectors are of tokens; leave them out for sequences of numbers.")
    own = [network.get_parameter("steps.vectors.weight") for network in networks]
    numbers, values = read_vectors(file, reader.vocabulary.tokens_, own[0].shape[1])
    if not len(numbers):
        raise SettingError(f"vectors: {file} has none of the {reader.n_tokens:,} tokens of training.")
    with torch.no_grad():
        for vectors in own:
            vectors.mul_(float(values.std()) / vectors.std())
            vectors[torch.from_numpy(numbers)] = torch.from_numpy(values)
