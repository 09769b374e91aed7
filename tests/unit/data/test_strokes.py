import numpy as np

from tidegate.data.strokes import _GLYPHS, strokes


def test_lines_move_to_the_right_and_lift_the_pen_between_strokes():
    made = strokes(30, seed=1)
    assert made.rate is None
    assert set("".join(made.transcripts)) == set(_GLYPHS)
    for line, said in zip(made.sequences, made.transcripts, strict=True):
        assert line.shape[1] == 3
        assert set(line[:, 2]) <= {0.0, 1.0}
        begun = (np.diff(line[:, 2], prepend=0) == 1).sum()
        assert begun == sum(len(_GLYPHS[digit]) for digit in said)
        if len(said) > 2:
            assert line[:, 0].sum() > 5 * (len(said) - 1)


def test_no_two_digits_are_drawn_alike():
    made = strokes(200, seed=2)
    pairs = list(zip(made.transcripts, made.sequences, strict=True))
    alone = [[line for said, line in pairs if said == digit] for digit in _GLYPHS]
    assert sum(len(lines) > 1 for lines in alone) > 3
    for lines in alone:
        shapes = [tuple(np.round(line, 6).ravel()) for line in lines]
        assert len(set(shapes)) == len(shapes)


def test_the_seed_decides():
    first, again = strokes(3, seed=1), strokes(3, seed=1)
    assert first.transcripts == again.transcripts
    assert all((one == two).all() for one, two in zip(first.sequences, again.sequences, strict=True))
