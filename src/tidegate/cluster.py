"""Run tasks on local processes: one small interface, the same results for any number of them."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tidegate.errors import SettingError, TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from multiprocessing.context import SpawnContext, SpawnProcess

Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def run(
    tasks: Iterable[Callable[[], Result]], *, processes: int = 1, until: Callable[[], float | None] | None = None
) -> Generator[tuple[int, Result], None, None]:
    """Run `tasks` and yield each result as it is ready, with the number of its task.

    Parameters
    ----------
    tasks
        Callables without arguments. They are drawn one by one as processes become free, so a generator may decide
        late what to run next. With more than one process they and their results travel by pickle.
    processes
        At least 1; 1 runs every task here, in order. Workers are started afresh (no fork), with one thread each,
        and reused for all tasks.
    until
        Returns the time, as `time.monotonic` tells it, at which all workers are stopped and what they have not
        finished is given up; None while there is no such time. With it even one process is a worker.

    Yields
    ------
    tuple of int and Result
        In order of completion.

    Raises
    ------
    SettingError
        If `processes` is below 1.
    TidegateError
        If a worker dies, killed for want of memory for instance.
    Exception
        What a task raises, as it was raised. However the loop ends (error, Ctrl-C, or the caller stops drawing), all
        workers are stopped at once; workers whose parent disappears end by themselves.
    """
    if processes < 1:
        raise SettingError(f"processes is {processes}; it must be at least 1.")
    return _here(tasks) if processes == 1 and until is None else _spawned(tasks, processes, until or _never)


def _here(tasks: Iterable[Callable[[], Result]]) -> Generator[tuple[int, Result], None, None]:
    for number, task in enumerate(tasks):
        yield number, task()


def _never() -> None:
    return None


def _spawned(
    tasks: Iterable[Callable[[], Result]], processes: int, until: Callable[[], float | None]
) -> Generator[tuple[int, Result], None, None]:
    context = multiprocessing.get_context("spawn")
    numbered = enumerate(tasks)
    busy: dict[connection.Connection[Any, Any], _Worker] = {}
    workers: list[_Worker] = []
    try:
        for job in numbered:
            workers.append(_Worker.start(context))
            busy[workers[-1].pipe] = workers[-1]
            workers[-1].give(job)
            if len(workers) == processes:
                break
        while busy:
            end = until()
            ready = connection.wait(list(busy), None if end is None else max(end - time.monotonic(), 0.0))
            if not ready:
                return
            for pipe in ready:
                worker = busy.pop(pipe)  # type: ignore[call-overload]  # they are what was waited for
                finished = worker.take()
                following = next(numbered, None)
                if following is not None:
                    busy[worker.pipe] = worker
                    worker.give(following)
                yield finished
    finally:
        for worker in workers:
            worker.stop()


class Team(Protocol):
    """Helpers that keep what they were made with between messages."""

    def give(self, messages: list[Any]) -> None:
        """Hand each of the first helpers a message, and return at once."""

    def take(self) -> Sequence[Any]:
        """Wait for the answers to the messages given last and return them in their order."""


@contextlib.contextmanager
def team(members: Sequence[Callable[[Any], Any]]) -> Iterator[Team]:
    """Start a process for each of `members`, which stays there and is called with every message.

    Parameters
    ----------
    members
        Callables of one argument; they, messages and answers travel by pickle. A member that keeps something between
        messages keeps it in its process.

    Yields
    ------
    Team
        All processes are stopped at the end of the body, however it ends.

    Raises
    ------
    TidegateError
        From `take`, if a worker dies.
    Exception
        From `take`, what a member raised.
    """
    context = multiprocessing.get_context("spawn")
    workers: list[_Worker] = []
    try:
        for member in members:
            workers.append(_Worker.start(context))
            workers[-1].give((0, functools.partial(_settle, pickle.dumps(member))))
        for worker in workers:
            worker.take()
        yield _Workers(workers)
    finally:
        for worker in workers:
            worker.stop()


class _Workers:
    def __init__(self, workers: list[_Worker]) -> None:
        self._workers = workers
        self._asked: list[_Worker] = []

    def give(self, messages: list[Any]) -> None:
        self._asked = self._workers[: len(messages)]
        for worker, message in zip(self._asked, messages, strict=True):
            worker.give((0, functools.partial(_answer, message)))

    def take(self) -> list[Any]:
        return [worker.take()[1] for worker in self._asked]


_SETTLED: list[Callable[[Any], Any]] = []
"""What stays in this process as a member of a team."""


def _settle(member: bytes) -> None:
    """Keep a member, pickled as plain bytes: a pipe's own pickler would share the memory of its tensors."""
    _SETTLED[:] = [pickle.loads(member)]


def _answer(message: Any) -> Any:
    return _SETTLED[0](message)


@dataclass(frozen=True)
class _Worker:
    process: SpawnProcess
    pipe: connection.Connection[Any, Any]

    @classmethod
    def start(cls, context: SpawnContext) -> _Worker:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _environment(dict.fromkeys(_THREADS, "1")), _interrupts_held():
            process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, job: tuple[int, Callable[[], Any]]) -> None:
        try:
            self.pipe.send(job)
        except ConnectionError as lost:
            raise self._lost() from lost

    def take(self) -> tuple[int, Any]:
        try:
            number, result, error = self.pipe.recv()
        except (EOFError, ConnectionError) as lost:
            raise self._lost() from lost
        if error is not None:
            raise error
        return number, result

    def _lost(self) -> TidegateError:
        self.process.join()
        return TidegateError(
            f"A worker process ended by itself (exit code {self.process.exitcode}). If it was killed for want of "
            "memory, run fewer at once: processes=1. A script must begin its work inside "
            'if __name__ == "__main__", because each process imports it.'
        )

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: connection.Connection[Any, Any]) -> None:
    """Work until the parent closes the pipe."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            number, task = pipe.recv()
        except (EOFError, ConnectionError):
            return
        answer: tuple[int, Any, Exception | None]
        try:
            answer = (number, task(), None)
        except Exception as error:  # noqa: BLE001 (carried to the parent, which raises it)
            error.add_note("In a worker process:\n" + traceback.format_exc())
            answer = (number, None, error)
        pipe.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a child about to start: its libraries read them when they load."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let a child start deaf to Ctrl-C, which reaches a whole terminal: the parent stops it instead."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its first start, by the first child, would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
