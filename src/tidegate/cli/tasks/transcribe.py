"""The task transcribe: what was said in each recording."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.tasks.task import Answer, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.data.recordings import Recordings
    from tidegate.report.trained import Told
    from tidegate.tasks.places import Origin
    from tidegate.tasks.transcription.heard import Heard
    from tidegate.tasks.transcription.transcriber import SequenceTranscriber
    from tidegate.tasks.transcription.trial import Trial

ESTIMATOR = "SequenceTranscriber"
DEFAULT_EXAMPLE = "dialled"
EMPTY = None

_AT_ONCE = 16
"""Recordings that are listened to at once, so that the first answers come soon."""


def example(name: str) -> Recordings:
    """Return recordings of ours with their transcripts."""
    from tidegate.data.dialled import transcribed_example

    return transcribed_example(name)


def read(path: Path) -> Recordings:
    """Return recordings of a file or folder with their transcripts."""
    from tidegate.data.recordings import read_recordings
    from tidegate.errors import DataError

    made = read_recordings(path)
    if made.transcripts is None:
        raise DataError(
            f"{path} holds no transcripts",
            repair="Give a .tsv, alone or beside the WAV files: a line a recording, its file, a tab, what it says.",
        )
    return made


def origin(path: Path) -> Origin:
    """Return what messages call the recordings of a file or folder: by the lines of the table where it has one."""
    from tidegate.data.recordings import table_lines, table_of
    from tidegate.tasks.places import Origin

    table = table_of(path)
    return Origin(path.name) if table is None else Origin(table.name, partial(table_lines, table))


def tried(
    model: SequenceTranscriber,
    given: Recordings,
    test: Recordings | None,
    *,
    epochs: int | None,
    batch_size: int | None,
) -> Trial:
    """Return the transcriber fitted and judged, at the rate of its setting or else of the data."""
    from tidegate.tasks.transcription import trial

    if model.rate is None:
        model.set_params(rate=given.rate)
    judged = test if test is None or model.rate is None else test.at(model.rate)
    learned = given if model.rate is None else given.at(model.rate)
    return trial.tried(model, learned, judged, epochs=epochs, batch_size=batch_size)


def told(trial: Trial) -> Told:
    """Return what the report says."""
    from tidegate.report.tasks import transcribe

    return transcribe.told(trial)


def listing(scores: Mapping[str, Any]) -> Listing:
    """Return the tokens that are wrong, of the transcriber and of the simple model."""
    from tidegate.report.wording import percent

    rows = [
        [
            name,
            percent(scores[f"{which}error_rate"]),
            *(f"{scores[f'{which}edits'][edit]:,}" for edit in ("substitutions", "deletions", "insertions")),
        ]
        for name, which in ((scores["model"], ""), ("the simple model", "simple_"))
    ]
    return Listing("Tokens that are wrong", ("", "wrong", "heard as others", "left out", "put in"), rows, "models")


def sequence(line: str) -> Recordings:
    """Return the recording that a line names."""
    from tidegate.data.recordings import read_recordings
    from tidegate.errors import DataError

    path = Path(line.strip())
    if path.suffix.lower() != ".wav" or path.is_dir():
        raise DataError(
            f"{line.strip()!r:.60} names no WAV file", repair="Write the path of one WAV file in each line."
        )
    return read_recordings(path)


def sequences(path: Path) -> Sequence[Recordings]:
    """Return the recordings of a file or folder one by one, their transcripts not looked at."""
    from tidegate.data.recordings import read_recordings

    made = read_recordings(path)
    return [made._replace(sequences=[one], transcripts=None) for one in made.sequences]


def answers(model: SequenceTranscriber, sequences: Sequence[Recordings]) -> Iterator[Answer]:
    """Yield the transcript; in the document its probability, when each token was said, and the next probable ones."""
    from tidegate.errors import SettingError

    rate = model.rate
    if rate is None:
        raise SettingError(
            "The model reads sequences that are no recordings, of which there are no files: use it in Python, by "
            "tidegate.load."
        )
    for start in range(0, len(sequences), _AT_ONCE):
        part = [one.at(rate).sequences[0] for one in sequences[start : start + _AT_ONCE]]
        for found in model.decode(part):
            best = _document(found[0])
            others = [{name: _document(one)[name] for name in ("transcript", "probability")} for one in found[1:]]
            yield Answer(best["transcript"], {**best, "alternatives": others})


def _document(one: Heard) -> dict[str, Any]:
    """Return a transcript as plain numbers and text; tokens that are no characters stand apart by blanks."""
    import math

    said = one.said if isinstance(one.said, str) else " ".join(one.said)
    times = [
        {"token": token, "start": round(start, 3), "end": round(end, 3)}
        for token, (start, end) in zip(one.said, one.spans.tolist(), strict=True)
    ]
    return {"transcript": said, "probability": math.exp(one.log_probability), "tokens": times}
