"""What a task says of itself to `train` and `run`. A module with these names is one; nothing heavy at its top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tidegate.report.trained import Told
    from tidegate.tasks.places import Origin
    from tidegate.tasks.trial import Trial


class Answer(NamedTuple):
    """What is said of one sequence.

    Attributes
    ----------
    line
        In one line.
    document
        As plain numbers and text, for --json.
    """

    line: str
    document: dict[str, Any]


class Listing(NamedTuple):
    """A table of scores on the screen.

    Attributes
    ----------
    title
        What it holds.
    columns
        Their names; the first is text, the others are numbers.
    rows
        Cells, as many as there are columns.
    unit
        What a row is one of, in the plural: "classes".
    """

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    unit: str


class Task(Protocol):
    """One task.

    Attributes
    ----------
    ESTIMATOR
        Public name of its class in `tidegate`.
    DEFAULT_EXAMPLE
        What ``--example`` stands for without a name.
    EMPTY
        The sequence that an empty line is; None where it is none, and answered by an empty line.

    Further keywords of `read`, which `origin` takes too, of `sequences` and of `answers` are options of `train` and
    `run` that the task takes and others refuse.
    """

    ESTIMATOR: str
    DEFAULT_EXAMPLE: str
    EMPTY: Any

    def example(self, name: str) -> Any:
        """Return bundled data to learn from.

        Raises
        ------
        SettingError
            If there is no such example.
        """

    def read(self, path: Path) -> Any:
        """Return what a file holds to learn from, or to judge by.

        Raises
        ------
        DataError
            If it cannot be used, or does not say what is wanted.
        """

    def origin(self, path: Path) -> Origin:
        """Return what messages call the sequences that `read` finds in a file."""

    def tried(self, model: Any, given: Any, test: Any, *, epochs: int | None, batch_size: int | None) -> Trial:
        """Return what came out of learning from `given`, judged by `test` or a part set aside."""

    def told(self, trial: Any) -> Told:
        """Return what its report says."""

    def listing(self, scores: Mapping[str, Any]) -> Listing:
        """Return what the screen shows of scores.json."""

    def sequence(self, line: str) -> Any:
        """Return the sequence that a line of text is, which is not empty."""

    def sequences(self, path: Path) -> Sequence[Any]:
        """Return the sequences of a file that is no plain text; what is wanted of them is not looked at.

        None stands for an empty line, which is answered by an empty line.
        """

    def answers(self, model: Any, sequences: Sequence[Any]) -> Iterator[Answer]:
        """Yield what the model says of each sequence, of which there is one at least."""
