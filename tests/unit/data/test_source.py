from types import SimpleNamespace

import pandas as pd
import pytest

from tidegate.data.frames import frame_source
from tidegate.data.source import accepted, check_columns, refusal
from tidegate.errors import DataError

FILE = SimpleNamespace(row=lambda index: index + 2, python=False)
FRAME = SimpleNamespace(row=lambda index: index, python=True)


def test_a_refusal_names_the_cell():
    assert str(refusal(FILE, "it is odd", 4, "y", repair="Do better.", series=7)) == (
        "row 6, column 'y', series '7': it is odd. Do better."
    )


def test_the_repair_names_every_option():
    assert accepted(FILE, {"duplicates": "mean", "fill": "interpolate"}) == (
        "Accept it with: --duplicates mean --fill interpolate"
    )
    assert accepted(FRAME, {"fill": "zero"}) == "Accept it with: --fill zero (in Python: Options(fill='zero'))"


def test_a_column_that_is_not_there_is_named_with_its_option_and_those_there_are():
    source = frame_source(pd.DataFrame({"a": [1], "b": [2]}))
    check_columns(source, {"id": "a", "time": None})
    with pytest.raises(DataError, match=r"has no column 'c'; it has 'a', 'b'. Name the column with --time"):
        check_columns(source, {"id": "a", "time": "c"})
