"""Data-parallel training: each batch is split over processes, and their gradients are averaged in a fixed order."""

from __future__ import annotations

import hashlib
import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch

from tidegate import cluster
from tidegate.kernels.threads import allowed, n_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tidegate.training.loop import Problem

    Backward = Callable[[torch.Tensor, int, float], float]


@runtime_checkable
class Ageing(Protocol):
    """A network that is trained otherwise late in a run than early."""

    def reached(self, share: float) -> None:
        """Take note that `share` of the run is done, in [0, 1]."""


class Part(NamedTuple):
    """What a worker is to do.

    Attributes
    ----------
    parameters
        Of the network, one after another, shape (P,).
    chosen
        Numbers of the windows, shape (B,).
    share
        How much of the run is done.
    seed
        Of whatever is drawn.
    """

    parameters: NDArray[np.float32]
    chosen: NDArray[np.int64]
    share: float
    seed: int


class Replica:
    """Network, problem and Generator as a worker has them: called with a `Part`, it gives mean loss and gradient.

    Parameters
    ----------
    network, problem
        What learns, and what.
    generator
        The one that both draw from.
    """

    def __init__(self, network: torch.nn.Module, problem: Problem, generator: torch.Generator) -> None:
        self.network, self.problem, self.generator = network, problem, generator

    def __call__(self, part: Part) -> tuple[float, NDArray[np.float32]]:
        """Return the mean loss over the chosen windows and its gradient, shape (P,)."""
        parameters = list(self.network.parameters())
        with torch.no_grad():
            for one, values in zip(parameters, parted(part.parameters, parameters), strict=True):
                one.copy_(values)
        self.generator.manual_seed(part.seed)
        self.network.train()
        loss = self.backward(torch.from_numpy(part.chosen), part.share)
        return loss, flattened([one.grad for one in parameters], parameters)

    def backward(self, chosen: torch.Tensor, share: float) -> float:
        """Put the gradient of the mean loss over the chosen windows into the parameters and return the loss."""
        if isinstance(self.network, Ageing):
            self.network.reached(share)
        self.network.zero_grad()
        loss = self.problem.loss(chosen)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return loss.item()


@contextmanager
def shared(replica: Replica, processes: int, run: str) -> Iterator[Backward]:
    """Yield a function that takes the chosen windows, the number of the update and the share of the run that is done.

    It leaves the gradient in the parameters of the network and returns the mean loss. Part k > 0 of a batch draws from
    a Generator seeded by run, update and k, wherever it is computed, so that a resumed run goes on to the same bits;
    a process that may have no children computes all parts itself, to the same bits as well. Each process has its part
    of the threads that the kernels may use here.

    Parameters
    ----------
    replica
        Of this process.
    processes
        Parts of a batch, and processes that work on them: this one and ``processes - 1`` more. At least 1.
    run
        Name of the run.
    """
    if processes == 1:
        yield lambda chosen, _, share: replica.backward(chosen, share)
    elif multiprocessing.current_process().daemon:
        yield _Batches(replica, processes, run, _in_turn(replica))
    else:
        with cluster.team([replica] * (processes - 1)) as team, allowed(max(1, n_threads() // processes)):
            yield _Batches(replica, processes, run, team)


class _Batches:
    """Splits batches into parts, the first for this process, and averages what comes back."""

    def __init__(self, replica: Replica, processes: int, run: str, team: cluster.Team) -> None:
        self._replica, self._processes, self._run, self._team = replica, processes, run, team

    def __call__(self, chosen: torch.Tensor, update: int, share: float) -> float:
        network = self._replica.network
        parameters = list(network.parameters())
        first, *others = (part for part in chosen.tensor_split(self._processes) if len(part))
        now = flattened(parameters, parameters)
        self._team.give([Part(now, part.numpy(), share, self._seed(update, k)) for k, part in enumerate(others, 1)])
        losses = [self._replica.backward(first, share)]
        gradients = [flattened([one.grad for one in parameters], parameters)]
        for loss, gradient in self._team.take():
            losses.append(loss)
            gradients.append(gradient)
        weights = [len(part) / len(chosen) for part in (first, *others)]
        total = sum(weight * gradient for weight, gradient in zip(weights, gradients, strict=True))
        for one, values in zip(parameters, parted(np.asarray(total, dtype=np.float32), parameters), strict=True):
            one.grad = values
        return float(sum(weight * loss for weight, loss in zip(weights, losses, strict=True)))

    def _seed(self, update: int, k: int) -> int:
        digest = hashlib.sha256(f"{self._run} {update} {k}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1


class _InTurn:
    """A team of one: this process does all parts after its own, and leaves everything as it was."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._parts: list[Part] = []

    def give(self, messages: list[Part]) -> None:
        self._parts = messages

    def take(self) -> list[tuple[float, NDArray[np.float32]]]:
        state, network = self._replica.generator.get_state(), self._replica.network
        before = {name: value.clone() for name, value in network.named_buffers()}
        found = [self._replica(part) for part in self._parts]
        self._replica.generator.set_state(state)
        for name, value in network.named_buffers():
            value.copy_(before[name])
        return found


def _in_turn(replica: Replica) -> cluster.Team:
    return _InTurn(replica)


def flattened(
    values: list[torch.Tensor | None] | list[torch.nn.Parameter], parameters: list[torch.nn.Parameter]
) -> NDArray[np.float32]:
    """Return `values`, one for each parameter or None for zeros, as one array of shape (P,)."""
    pairs = zip(values, parameters, strict=True)
    parts = [torch.zeros_like(one) if value is None else value.detach() for value, one in pairs]
    return torch.cat([part.reshape(-1) for part in parts]).numpy()


def parted(flat: NDArray[np.float32], parameters: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    """Undo `flattened`: return a tensor of the shape of each parameter from an array of shape (P,)."""
    parts = torch.split(torch.from_numpy(flat), [one.numel() for one in parameters])
    return [part.view_as(one) for part, one in zip(parts, parameters, strict=True)]
