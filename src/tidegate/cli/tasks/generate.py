"""The task generate: texts and melodies like those that were read, and how a beginning may go on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.options import SEED
from tidegate.cli.tasks.task import Answer, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tidegate.report.trained import Told
    from tidegate.tasks.generation.corpus import By, Corpus
    from tidegate.tasks.generation.generator import SequenceGenerator
    from tidegate.tasks.generation.trial import GeneratorTrial
    from tidegate.tasks.generation.writing import Written
    from tidegate.tasks.places import Origin

ESTIMATOR = "SequenceGenerator"
DEFAULT_EXAMPLE = "origins"
EMPTY = ""

_BREAK, _END = "\n", "---"


@dataclass(frozen=True)
class Writing:
    """How a generator goes on; other tasks refuse these."""

    count: Annotated[
        int | None, typer.Option("--count", metavar="N", help="To generate: how often each line is continued; 1.")
    ] = None
    length: Annotated[
        int | None,
        typer.Option("--length", metavar="N", help="To generate: characters, words or steps to write, at most."),
    ] = None
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            metavar="T",
            help="To generate: below 1 keeps to the probable, 0 to the most probable alone; 1.",
        ),
    ] = None
    top_k: Annotated[
        int | None, typer.Option("--top-k", metavar="K", help="To generate: draw from the K most probable alone.")
    ] = None
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", metavar="P", help="To generate: draw from the most probable that reach P together."),
    ] = None
    condition: Annotated[
        str | None,
        typer.Option("--condition", metavar="LABEL", help="To generate: the label of training to write for."),
    ] = None
    seed: Annotated[int, SEED] = 0


def example(name: str) -> Corpus:
    """Return sequences of ours to write like."""
    from tidegate.tasks.generation.examples import corpus_example

    return corpus_example(name)


def read(path: Path, *, by: By | None = None) -> Corpus:
    """Return what a file holds to write like: of plain text one long text or a text a line; labels are conditions."""
    from tidegate.data.lines import is_plain
    from tidegate.errors import SettingError
    from tidegate.tasks.generation.corpus import read_corpus

    plain = is_plain(path)
    if by is not None and not plain:
        raise SettingError(f"--by says what a sequence of a .txt is; {path} has one in each row.")
    return read_corpus(path, by=by or "text", conditions=not plain)


def origin(path: Path, *, by: By | None = None) -> Origin:
    """Return what messages call the sequences of a file: by their lines where each has one."""
    from tidegate.data.labelled import has_lines, labelled_lines
    from tidegate.data.lines import is_plain
    from tidegate.tasks.places import Origin

    one_a_line = by == "line" if is_plain(path) else has_lines(path)
    return Origin(path.name, partial(labelled_lines, path) if one_a_line else None)


def tried(
    model: SequenceGenerator, given: Corpus, test: Corpus | None, *, epochs: int | None, batch_size: int | None
) -> GeneratorTrial:
    """Return the generator fitted and judged."""
    from tidegate.tasks.generation import trial

    return trial.tried(model, given, test, epochs=epochs, batch_size=batch_size)


def told(trial: GeneratorTrial) -> Told:
    """Return what the report says."""
    from tidegate.report.tasks import generate

    return generate.told(trial)


def listing(scores: Mapping[str, Any]) -> Listing:
    """Return how unsure both models are."""
    measure = f"{scores['measure']} per {scores['step']}"
    rows = [[scores["model"], f"{scores['score']:.3f}"], [scores["simple"], f"{scores['simple_score']:.3f}"]]
    if "perplexity" not in scores:
        return Listing("How surprised by what it never saw", ("model", measure), rows, "models")
    for row, name in zip(rows, ("perplexity", "simple_perplexity"), strict=True):
        row.append(f"{scores[name]:,.1f}")
    return Listing("How surprised by what it never saw", ("model", measure, "perplexity"), rows, "models")


def sequence(line: str) -> str:
    """Return the line: what is to be continued."""
    return line


def sequences(path: Path) -> Sequence[Any]:
    """Return the sequences of a file, which are to be continued; its labels are not looked at."""
    from tidegate.data.labelled import read_labelled

    return read_labelled(path, labels=False).sequences


def answers(model: SequenceGenerator, sequences: Sequence[Any], *, writing: Writing = Writing()) -> Iterator[Answer]:
    """Yield each sequence with what follows it, as often as is asked; in the document the bits per step of that too.

    Where texts may hold line breaks, each ends with a line of three dashes.
    """
    from tidegate.checks import check_whole
    from tidegate.tasks.generation.sampling import Sampling

    count = 1 if writing.count is None else writing.count
    check_whole("count", count, least=1)
    temperature = 1.0 if writing.temperature is None else writing.temperature
    sampling = Sampling(temperature, writing.top_k, writing.top_p)
    label = _label(model, writing.condition)
    for one in sequences:
        begun = _begun(model, one)
        made = model.write(
            count, prefix=begun, condition=label, length=writing.length, sampling=sampling, seed=writing.seed
        )
        prefix = one if isinstance(one, str) else one.tolist()
        document = {"prefix": prefix, "written": [_document(model, each) for each in made]}
        yield Answer(_BREAK.join(_line(model, each.sequence) for each in made), document)


def _label(model: SequenceGenerator, condition: str | None) -> Any:
    """Return the label of training that is meant, None where there are none."""
    from tidegate.errors import SettingError

    if model.conditions_ is None:
        if condition is not None:
            raise SettingError("--condition names a label to write for; this model learned without labels.")
        return None
    named = {str(label): label for label in model.conditions_.tolist()}
    if condition not in named:
        said = "--condition is missing" if condition is None else f"--condition is {condition!r}"
        raise SettingError(f"{said}; it must be one of {', '.join(map(repr, named))}.")
    return named[condition]


def _begun(model: SequenceGenerator, one: Any) -> str | NDArray[np.float64] | None:
    """Return what the model is to continue; None for nothing."""
    from tidegate.tasks.generation.notation import played

    if not isinstance(one, str):
        given: NDArray[np.float64] = one
        return given
    if not one:
        return None
    return one if model.n_keys_ is None else played(one, model.n_keys_)


def _line(model: SequenceGenerator, made: Any) -> str:
    from tidegate.tasks.generation.notation import noted

    if isinstance(made, str):
        return f"{made}{_BREAK}{_END}" if _BREAK in (model.tokens_ or ()) else made
    if model.n_keys_ is not None:
        return noted(made)
    return " ".join(made if isinstance(made, list) else (",".join(f"{value:.4g}" for value in one) for one in made))


def _document(model: SequenceGenerator, made: Written) -> dict[str, Any]:
    from tidegate.tasks.generation.notation import sounding

    bits = made.bits
    if isinstance(made.sequence, str):
        return {"text": made.sequence, "bits": bits}
    if model.n_keys_ is not None:
        return {"keys": sounding(made.sequence), "bits": bits}
    return {"steps": made.sequence if isinstance(made.sequence, list) else made.sequence.tolist(), "bits": bits}
