import numpy as np
import pytest

from tidegate.data.arrays import arrays
from tidegate.errors import DataError


def test_arrays_come_back_by_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.ones((2, 2)))
    found = arrays(tmp_path / "a.npz")
    assert {name: one.tolist() for name, one in found.items()} == {"x": [0, 1, 2], "y": [[1, 1], [1, 1]]}


@pytest.mark.parametrize("content", [b"", b"junk", np.random.default_rng(0).bytes(4_000), b"PK\x03\x04 and no more"])
def test_what_is_no_archive_is_called_so(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz is no NPZ file\. Save it with numpy\.savez, without objects\.$"):
        arrays(tmp_path / "a.npz")


def test_objects_are_refused_in_one_sentence(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([None]))
    with pytest.raises(DataError, match=r"a\.npz cannot be read: Object arrays [^.]*=False\. Save it"):
        arrays(tmp_path / "a.npz")


def test_what_cannot_be_opened_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent.npz"):
        with pytest.raises(DataError, match="cannot be read: "):
            arrays(path)
