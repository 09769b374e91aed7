import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.notation import noted, played, sounding

STEPS = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]])


def test_keys_are_a_line_and_the_line_is_keys():
    assert sounding(STEPS) == [[0, 2], [], [3]]
    assert noted(STEPS) == "0+2 - 3"
    np.testing.assert_array_equal(played(" 0+2  - 3\n", 4), STEPS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 hello", "step 2 is 'hello'. Name the keys that sound, such as 0"),
        ("-1", "step 1 is '-1'"),
        ("0+", r"step 1 is '0\+'"),
        ("1 2+4", "step 2 names key 4. Name keys from 0 to 3"),
    ],
)
def test_what_is_no_step_is_refused_with_its_place(line, said):
    with pytest.raises(DataError, match=said):
        played(line, 4)
