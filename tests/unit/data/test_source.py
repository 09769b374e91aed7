from types import SimpleNamespace

from tidegate.data.source import accepted, refusal

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
