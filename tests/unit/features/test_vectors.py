import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.features.vectors import read_vectors


@pytest.fixture
def written(tmp_path):
    def made(content):
        (tmp_path / "v.txt").write_text(content)
        return tmp_path / "v.txt"

    return made


@pytest.mark.parametrize("head", ["", "3 2\n"])
def test_tokens_that_are_there_have_their_vectors(written, head):
    path = written(f"{head}the 1 2\nTide 3 -4e-1 \nt i d e 5 6\nthe 9 9\n")
    found = read_vectors(path, ["<pad>", "gate", "The", "Tide", "t i d e"], 2)
    assert found.numbers.tolist() == [2, 3, 4]
    np.testing.assert_array_equal(found.values, np.float32([[1, 2], [3, -0.4], [5, 6]]))


def test_none_may_be_there(written):
    found = read_vectors(written("the 1 2\n"), ["gate"], 2)
    assert (found.numbers.shape, found.values.shape) == ((0,), (0, 2))


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("the 1 2 3\n", SettingError, "embedding is 2; the vectors of v.txt have 3. Give embedding=3."),
        ("the 1 2\ngate 1\n", DataError, "row 2: line 2 of v.txt has 1 numbers, not 2"),
        ("the 1 2\ngate 1 x\n", DataError, "line 2 of v.txt holds what is no number"),
        ("the 1 2\ngate 1 nan\n", DataError, "line 2 of v.txt holds a number that is not finite"),
        ("", DataError, "holds no vectors"),
        ("5 2\n", DataError, "holds no vectors"),
    ],
)
def test_files_that_cannot_be_used_say_where(written, content, error, said):
    with pytest.raises(error, match=said):
        read_vectors(written(content), ["the", "gate"], 2)
