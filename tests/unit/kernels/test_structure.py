"""The ctypes structures are those of the C++ header, field by field."""

import ctypes
import re
from pathlib import Path

import pytest

import tidegate.kernels
from tidegate.kernels.structure import (
    ABI,
    MOST_SEASONS,
    POINTERS,
    WEIGHTS,
    Direction,
    Layer,
    Smoothing,
    SmoothingSeason,
)

SOURCES = Path(tidegate.kernels.__file__).parent / "csrc"
HEADER = SOURCES / "layer.h"
STRUCTURE = re.compile(r"template <class T> struct (\w+) \{(.*?)\n\};", re.DOTALL)
DECLARATION = re.compile(r"(?:const )?(T|void|double|std::int64_t|Direction<T>|SmoothingSeason<T>) (.*)", re.DOTALL)
KINDS = {"double": ctypes.c_double, "std::int64_t": ctypes.c_int64, "Direction<T>": Direction * 2}
KINDS |= {"SmoothingSeason<T>": SmoothingSeason * MOST_SEASONS}


def declared(name, text):
    """Return name and ctypes type of each field of the structure `name` of a header, in their order."""
    body = dict(STRUCTURE.findall(text))[name]
    fields = []
    for statement in re.sub(r"//[^\n]*", "", body).split(";")[:-1]:
        kind, names = DECLARATION.fullmatch(" ".join(statement.split())).groups()
        for field in names.split(","):
            is_pointer = field.strip().startswith("*")
            assert is_pointer or kind in KINDS, field
            fields.append((re.match(r"\w+", field.strip(" *"))[0], ctypes.c_void_p if is_pointer else KINDS[kind]))
    return fields


@pytest.mark.parametrize(
    "structure", [Direction, Layer, SmoothingSeason, Smoothing], ids=lambda structure: structure.__name__
)
def test_fields_are_those_of_the_header_in_their_order(structure):
    header = "smoothing.h" if "Smoothing" in structure.__name__ else "layer.h"
    fields = declared(structure.__name__, (SOURCES / header).read_text())
    assert len(fields) > 7
    assert list(structure._fields_) == fields


def test_the_interface_has_one_number():
    assert f"abi = {ABI};" in HEADER.read_text()


def test_another_order_is_noticed():
    text = HEADER.read_text().replace("std::int64_t time, batch", "std::int64_t batch, time")
    assert list(Layer._fields_) != declared("Layer", text)


def test_every_entry_is_eight_bytes_so_that_no_compiler_pads():
    assert ctypes.sizeof(Direction) == 8 * len(Direction._fields_)
    assert ctypes.sizeof(Layer) == 8 * (len(Layer._fields_) - 1) + 2 * ctypes.sizeof(Direction)


def test_names():
    assert len(set(POINTERS)) == len(POINTERS)
    assert set(WEIGHTS) | {f"d{weight}" for weight in WEIGHTS} <= set(POINTERS)
