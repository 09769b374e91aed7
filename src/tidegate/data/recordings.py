"""Recordings with what was said in each: WAV files, a table of them, or arrays, all brought to one rate.

Axis letters: N recordings, S samples.
"""

from __future__ import annotations

import math
import struct
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from tidegate.checks import check_whole
from tidegate.data.arrays import arrays
from tidegate.data.lines import lines, wrong
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SAID = ("transcripts", "labels", "digit")
_NUMBERS = {"samples": np.float64, "lengths": np.int64, "rate": np.int64}
_UNREADABLE = (OSError, ValueError, EOFError, LookupError, NameError, TypeError, ArithmeticError, struct.error)
"""What the reader of WAV files raises on what is none: among them names that it never set, and divisions by 0."""

_HEADER = ("file", "transcript")
_TABLE = "a line a recording: its file, a tab, what it says"


class Recordings(NamedTuple):
    """Recordings of sound at one rate, or of a pen, and what each says.

    Attributes
    ----------
    sequences
        N arrays: of sound, of files in [-1, 1], shape (S,); of a pen, (S, I).
    transcripts
        What each says; None where nothing tells.
    rate
        Samples per second of sound; None of a pen.
    notes
        What one should know: what was resampled or mixed, and what is silent.
    """

    sequences: list[Floats]
    transcripts: list[str] | None
    rate: int | None
    notes: list[str]

    def at(self, rate: int) -> Recordings:
        """Return sound at another rate, which the notes then say.

        Parameters
        ----------
        rate
            Samples per second, at least 1.

        Raises
        ------
        SettingError
            If the rate is no whole number of at least 1.
        """
        check_whole("rate", rate, least=1)
        if self.rate is None or self.rate == rate:
            return self
        sequences = [_resampled(_Sound(one, self.rate, 1), rate) for one in self.sequences]
        note = _changed(len(sequences), len(sequences), self.rate, rate)
        return self._replace(sequences=sequences, rate=rate, notes=[*self.notes, note])


class _Sound(NamedTuple):
    """A file as it is."""

    samples: Floats
    rate: int
    n_channels: int


def read_recordings(path: str | Path, *, rate: int | None = None) -> Recordings:
    """Read recordings, and what they say if it is told.

    A ``.wav`` file is one recording. A ``.tsv`` file holds, line by line, a WAV file's path from there, a tab, and its
    transcript. A folder holds WAV files and, if they have transcripts, one such table. A ``.npz`` file holds samples
    (all recordings one after another), lengths, rate and, if they are known, transcripts, labels or digit.

    WAV files of 8, 16, 24 and 32 bits and of floating point are read. Several channels become their mean, and another
    rate is changed by a polyphase filter; the notes say so.

    Parameters
    ----------
    path
        File or folder.
    rate
        Samples per second that all are brought to; None for that of the first.

    Raises
    ------
    DataError
        If something cannot be read or holds what it should not, with its place and the repair.
    SettingError
        If the rate is no whole number of at least 1.
    """
    if rate is not None:
        check_whole("rate", rate, least=1)
    source = Path(path)
    if not source.exists():
        raise DataError(f"there is no file or folder {str(source)!r}", repair="Check the path.")
    kind, table = source.suffix.lower(), table_of(source)
    if table is not None:
        return _table(table, rate)
    if source.is_dir():
        return _folder(source, rate)
    if kind == ".npz":
        return _arrays(source, rate)
    if kind == ".wav":
        return _of_one_rate([_sound(source)], [source.name], None, rate)
    raise DataError(
        f"{source} ends in {kind or 'nothing'}", repair="Give a .wav, .tsv or .npz file, or a folder of WAV files."
    )


def table_of(path: str | Path) -> Path | None:
    """Return the table that says which recordings a file or folder holds; None where there is none.

    Raises
    ------
    DataError
        If a folder holds several.
    """
    source = Path(path)
    tables = sorted(source.glob("*.tsv")) if source.is_dir() else [source] * (source.suffix.lower() == ".tsv")
    if len(tables) > 1:
        raise DataError(
            f"{source} holds {len(tables)} tables: {', '.join(one.name for one in tables[:3])}",
            repair="Give the path of one of them.",
        )
    return tables[0] if tables else None


def table_lines(table: Path) -> list[int]:
    """Return the line of each recording of a table, counted from 1."""
    return [number for number, _ in _rows(table)]


def _folder(source: Path, rate: int | None) -> Recordings:
    files = sorted(one for one in source.iterdir() if one.suffix.lower() == ".wav")
    if not files:
        raise DataError(
            f"{source} holds no WAV file and no table", repair=f"Put WAV files there, or a .tsv of {_TABLE}."
        )
    return _of_one_rate([_sound(one) for one in files], [one.name for one in files], None, rate)


def _table(source: Path, rate: int | None) -> Recordings:
    sounds, names, said = [], [], []
    for number, cells in _rows(source):
        try:
            sounds.append(_sound(source.parent / cells[0]))
        except DataError as error:
            raise wrong(source, number, f"names a file that cannot be used: {error.problem}", error.repair) from error
        names.append(cells[0])
        said.append(cells[1].strip())
    if not sounds:
        raise DataError(f"{source} names no recordings", repair=f"Write {_TABLE}.")
    return _of_one_rate(sounds, names, said, rate)


def _rows(source: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield file and transcript of each row of a table, with the number of its line."""
    for number, line in lines(source):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and tuple(cell.strip().lower() for cell in cells) == _HEADER):
            continue
        if len(cells) != 2:
            raise wrong(source, number, f"has {len(cells)} cells, not 2", f"Write {_TABLE}.")
        yield number, cells


def _arrays(source: Path, rate: int | None) -> Recordings:
    held = arrays(source)
    try:
        held |= {name: held[name].astype(kind) for name, kind in _NUMBERS.items() if name in held}
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{source} cannot be read: {error}", repair="Save samples, lengths and rate as numbers."
        ) from error
    lacking = next((name for name in ("samples", "lengths", "rate") if name not in held), None)
    if lacking is not None:
        raise DataError(
            f"{source} holds no {lacking!r}, but {', '.join(held) or 'nothing'}",
            repair="Save samples, lengths and rate.",
        )
    samples, lengths = held["samples"], held["lengths"]
    if samples.ndim != 1 or samples.size != lengths.sum() or not len(lengths):
        raise DataError(
            f"{source} holds samples of shape {samples.shape} for lengths that sum to {lengths.sum():,}",
            repair="Put all recordings one after another, and let lengths say how long each is.",
        )
    if lengths.min() < 1:
        k = int(lengths.argmin())
        raise DataError(f"recording {k} of {source} is empty", place=Place(row=k), repair="Leave it out.")
    if held["rate"].size != 1 or not np.isfinite(samples).all():
        wrong = f"{held['rate'].size} rates" if held["rate"].size != 1 else "samples that are not finite"
        raise DataError(f"{source} holds {wrong}", repair="Save one rate for all recordings, and finite samples.")
    own_rate = _checked_rate(int(held["rate"].item()), source)
    sounds = [_Sound(one, own_rate, 1) for one in np.split(samples, np.cumsum(lengths)[:-1])]
    said = next((held[name].astype(str).tolist() for name in _SAID if name in held), None)
    if said is not None and len(said) != len(sounds):
        raise DataError(
            f"{source} holds {len(said):,} transcripts for {len(sounds):,} recordings",
            repair="Give each recording one.",
        )
    return _of_one_rate(sounds, [f"recording {k}" for k in range(len(sounds))], said, rate)


def _of_one_rate(sounds: list[_Sound], names: list[str], said: list[str] | None, rate: int | None) -> Recordings:
    """Return recordings at one rate, and what was done to them."""
    wanted = sounds[0].rate if rate is None else rate
    notes = [
        _changed(n, len(sounds), own, wanted)
        for own, n in sorted(Counter(one.rate for one in sounds if one.rate != wanted).items())
    ]
    n_mixed = sum(one.n_channels > 1 for one in sounds)
    if n_mixed:
        notes.append(f"{n_mixed:,} of {len(sounds):,} recordings have several channels; their mean is read.")
    silent = [name for name, one in zip(names, sounds, strict=True) if not np.ptp(one.samples)]
    if silent:
        notes.append(f"{len(silent):,} of {len(sounds):,} recordings are silent, {silent[0]} first.")
    return Recordings([_resampled(one, wanted) for one in sounds], said, wanted, notes)


def _changed(n: int, n_recordings: int, own: int, wanted: int) -> str:
    return f"{n:,} of {n_recordings:,} recordings were resampled from {own:,} to {wanted:,} samples per second."


def _resampled(sound: _Sound, rate: int) -> Floats:
    if sound.rate == rate:
        return sound.samples
    shared = math.gcd(sound.rate, rate)
    made: Floats = resample_poly(sound.samples, rate // shared, sound.rate // shared)
    return made


def _sound(file: Path) -> _Sound:
    """Return a WAV file, its channels as their mean.

    Raises
    ------
    DataError
        If it is not one, is cut off, or holds nothing.
    """
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            rate, samples = wavfile.read(file)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {str(file)!r}", repair="Check the path.") from error
    except _UNREADABLE as error:
        why = str(error).rstrip(".") if isinstance(error, OSError | ValueError) else "its header is damaged"
        why = why if file.is_dir() or file.stat().st_size else "it is empty"
        raise DataError(f"{file} is no WAV file that can be read: {why}", repair=_REPAIR) from error
    cut = next((one for one in said if "EOF" in str(one.message)), None)
    if cut is not None:
        raise DataError(f"{file} is cut off: {cut.message}", repair="Copy it again, or leave it out.")
    if not samples.size:
        raise DataError(f"{file} holds no samples", repair="Leave it out.")
    values = _scaled(samples, file)
    n_channels = 1 if values.ndim == 1 else values.shape[1]
    return _Sound(values if values.ndim == 1 else values.mean(axis=1), _checked_rate(rate, file), n_channels)


_REPAIR = "Save it as WAV with 8, 16, 24 or 32 bits."


def _scaled(samples: NDArray[Any], file: Path) -> Floats:
    """Return samples in [-1, 1]; those of 24 bits were read as the upper ones of 32."""
    if samples.dtype == np.uint8:
        return (samples.astype(np.float64) - 128) / 128
    if samples.dtype.kind == "i":
        return samples / -float(np.iinfo(samples.dtype).min)
    broken = np.argwhere(~np.isfinite(samples))
    if len(broken):
        raise DataError(f"{file} holds {samples[tuple(broken[0])]} at sample {broken[0][0]:,}", repair="Save it again.")
    return samples.astype(np.float64)


def _checked_rate(rate: int, file: Path) -> int:
    if rate < 1:
        raise DataError(f"{file} tells {rate} samples per second", repair="Save it with its rate.")
    return rate
