import numpy as np
import pytest

from tidegate.data.ts_file import read_ts
from tidegate.errors import DataError

TEXT = "# made up\n@equalLength true\n@classLabel true a b\n@data\n1,2:3,?:a\n\n5,6:7,8:b\n"


def test_recordings_come_with_their_labels_and_lines(tmp_path):
    (tmp_path / "a.ts").write_text(TEXT)
    sequences, labels, numbers = read_ts(tmp_path / "a.ts", labels=True)
    np.testing.assert_array_equal(sequences, [[[1, 3], [2, np.nan]], [[5, 7], [6, 8]]])
    assert (labels, numbers) == (["a", "b"], [5, 7])
    assert read_ts(tmp_path / "a.ts", labels=False)[1] is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("5,6:7,8:b", "5,6:7:b", "line 7 of a.ts has channels of unequal length"),
        ("5,6:7,8:b", "5:7:b", "line 7 of a.ts has 1 steps, the first 2, but @equalLength is true"),
        ("5,6:7,8:b", "5,six:7,8:b", "line 7 of a.ts holds what is no number"),
        ("5,6:7,8:b", "5,inf:7,8:b", "line 7 of a.ts holds what is no number"),
        ("5,6:7,8:b", "5,6:7,8:?", "line 7 of a.ts has no label"),
        ("@equalLength", "@timestamps", "line 2 of a.ts says that steps have stamps"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_line(tmp_path, old, new, said):
    (tmp_path / "a.ts").write_text(TEXT.replace(old, new))
    with pytest.raises(DataError, match=said):
        read_ts(tmp_path / "a.ts", labels=True)
